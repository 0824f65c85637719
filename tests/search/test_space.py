"""Knobs as Optuna distributions."""

from optuna.distributions import CategoricalDistribution, FloatDistribution

from vsearch.search.space import choice_space, contains, family_space, whole_space
from vsearch.spec import StudySpec


def spec(*families: str, **knobs: str) -> StudySpec:
    return StudySpec(families, dataset="digits", knobs=tuple(knobs.items()))


def test_a_knob_becomes_a_distribution_of_its_range() -> None:
    space = whole_space(spec("ramp", peak="1.1:1.5", floor="0.8:1", direction="falling,rising"))
    assert space == {
        "peak": FloatDistribution(1.1, 1.5),
        "floor": FloatDistribution(0.8, 1.0),
        "direction": CategoricalDistribution(("falling", "rising")),
    }


def test_a_fixed_knob_is_not_searched() -> None:
    assert whole_space(spec("triangle", peak="1:1.5", floor="0.8", apex="7.5")).keys() == {"peak"}


def test_several_families_keep_their_knobs_apart() -> None:
    both = spec("triangle", "ramp", direction="falling")
    assert choice_space(both) == {"family": CategoricalDistribution(("triangle", "ramp"))}
    assert family_space(both, "ramp").keys() == {"ramp.peak", "ramp.floor"}
    assert whole_space(both).keys() == {
        "family", "ramp.peak", "ramp.floor", "triangle.peak", "triangle.floor", "triangle.apex",
    }  # fmt: skip


def test_one_family_is_no_choice() -> None:
    assert choice_space(spec("triangle")) == {}


def test_contains_asks_for_every_knob_the_fixed_ones_too() -> None:
    narrow = spec("triangle", peak="1:1.5", floor="0.8", apex="7.5")
    assert contains(narrow, "triangle", {"peak": 1.2, "floor": 0.8, "apex": 7.5})
    assert not contains(narrow, "triangle", {"peak": 1.6, "floor": 0.8, "apex": 7.5})
    assert not contains(narrow, "triangle", {"peak": 1.2, "floor": 0.81, "apex": 7.5})
    assert not contains(narrow, "triangle", {"peak": 1.2, "floor": 0.8})
