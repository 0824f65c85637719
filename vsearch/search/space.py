"""The search space of a study: the one place where knobs become Optuna distributions."""

from collections.abc import Mapping

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution

from vsearch.curves import ChoiceKnob, FloatKnob, Knob
from vsearch.spec.study import StudySpec

FAMILY = "family"
"""The parameter that chooses the family where a study has several."""


def parameter_name(spec: StudySpec, family: str, knob: str) -> str:
    """The Optuna parameter of a knob: `peak`, or `triangle.peak` where a study has several families."""
    return knob if len(spec.families) == 1 else f"{family}.{knob}"


def family_space(spec: StudySpec, family: str) -> dict[str, BaseDistribution]:
    """The distributions of the knobs of one family that are not fixed, by parameter name."""
    return {
        parameter_name(spec, family, knob.name): _distribution(knob)
        for knob in spec.search_knobs[family]
        if not knob.is_fixed
    }


def choice_space(spec: StudySpec) -> dict[str, BaseDistribution]:
    """The distribution of the family, empty where a study has one family."""
    return {FAMILY: CategoricalDistribution(spec.families)} if len(spec.families) > 1 else {}


def whole_space(spec: StudySpec) -> dict[str, BaseDistribution]:
    """Every distribution of the study."""
    space = choice_space(spec)
    for family in spec.families:
        space |= family_space(spec, family)
    return space


def contains(spec: StudySpec, family: str, values: Mapping[str, float | str]) -> bool:
    """Whether knob values of a family lie inside the ranges of the study, its fixed knobs included."""
    knobs = {knob.name: knob for knob in spec.search_knobs[family]}
    return values.keys() == knobs.keys() and all(knob.covers(values[name]) for name, knob in knobs.items())


def _distribution(knob: Knob) -> BaseDistribution:
    if isinstance(knob, ChoiceKnob):
        return CategoricalDistribution(knob.choices)
    assert isinstance(knob, FloatKnob)
    return FloatDistribution(knob.low, knob.high, log=knob.log)
