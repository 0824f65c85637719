"""What a confirmation trains: which curves, with whose numbers, under which name."""

from collections.abc import Callable

import pytest

from vsearch.confirmation.plan import FullTraining, confirmation_spec, is_same, suffixed
from vsearch.curves import BASELINE, Constant, Ramp, Triangle, paper
from vsearch.errors import InputError
from vsearch.spec import RECIPES, StudySpec

Plan = Callable[..., StudySpec]

SEARCH = StudySpec(("triangle",), name="search", dataset="cifar10", depth=32, trials=50, max_epochs=900, epochs=16)
CHOSEN = [("trial 7", Triangle(peak=1.2, floor=0.9)), ("trial 3", Ramp(peak=1.2, floor=0.9))]


def labels(spec: StudySpec) -> list[tuple[str, str]]:
    return [(item.role, item.label) for item in spec.planned]


def test_baseline_candidates_the_papers_curve_and_the_controls_of_the_first_are_trained() -> None:
    spec = confirmation_spec(SEARCH, CHOSEN, seeds=5)
    assert labels(spec) == [
        ("baseline", "baseline"),
        ("candidate", "trial 7"),
        ("candidate", "trial 3"),
        ("paper", "paper"),
        ("control", "constant-mean"),
        ("control", "constant-geometric-mean"),
        ("control", "shuffled"),  # a triangle is its own reverse
    ]
    assert spec.planned[3].curve == paper.cifar10_resnet32
    means = [sum(item.curve.scales(15)) / 15 for item in (spec.planned[1], spec.planned[4])]
    assert means[0] == pytest.approx(means[1])


def test_it_trains_the_full_schedule_on_the_whole_train_split_and_is_judged_by_the_test_split() -> None:
    spec = confirmation_spec(SEARCH, CHOSEN, seeds=5)
    assert (spec.epochs, spec.recipe, spec.evaluated_on) == (164, RECIPES["he2015"], "test")
    assert (spec.train_images, spec.validation_images, spec.max_epochs) == (None, None, None)
    assert (spec.purpose, spec.parent, spec.name) == ("confirmation", "search", "search-confirmation")
    assert (spec.seeds_per_curve, spec.trials) == (5, 35)


def test_no_data_set_is_trained_for_longer_than_cifar() -> None:
    """64,000 iterations would be 5,818 epochs of the digits."""
    assert confirmation_spec(SEARCH.with_changes(dataset="digits"), CHOSEN, seeds=2).epochs == 164


def test_a_larger_set_is_trained_for_the_iterations_of_the_recipe() -> None:
    """64,000 of 128 images: 112 epochs of SVHN's 73,257."""
    assert confirmation_spec(SEARCH.with_changes(dataset="svhn"), CHOSEN, seeds=2).epochs == 112


def test_a_search_on_a_subset_is_confirmed_on_as_many_images() -> None:
    small = SEARCH.with_changes(train_images=5000, validation_images=500)
    spec = confirmation_spec(small, CHOSEN, seeds=2)
    assert (spec.train_images, spec.validation_images) == (5000, None)
    whole = confirmation_spec(small, CHOSEN, seeds=2, training=FullTraining(8, RECIPES["short"], 50_000, 1000))
    assert (whole.train_images, whole.validation_images, whole.epochs, whole.recipe.name) == (50_000, 1000, 8, "short")


def test_the_papers_curve_is_not_trained_twice() -> None:
    spec = confirmation_spec(SEARCH, [("trial 1", paper.cifar10_resnet32)], seeds=2, with_controls=False)
    assert labels(spec) == [("baseline", "baseline"), ("candidate", "trial 1")]


def test_a_control_that_is_planned_already_is_left_out() -> None:
    curve = Ramp(peak=1.2, floor=0.8)
    mean = sum(curve.scales(15)) / 15
    spec = confirmation_spec(SEARCH, [("trial 7", curve), ("trial 9", Constant(mean))], seeds=2)
    assert "constant-mean" not in [item.label for item in spec.planned]


@pytest.mark.parametrize(
    ("seeds", "chosen", "message"),
    [
        (0, CHOSEN, "seeds is 0; give 1 to 1000"),
        (1001, CHOSEN, "seeds is 1001; give 1 to 1000"),
        (2, [], "there is no curve to confirm"),
        (2, [CHOSEN[0], CHOSEN[0]], "two planned curves are called 'trial 7'"),
    ],
)
def test_what_makes_no_plan_is_refused(seeds: int, chosen: list[tuple[str, Triangle]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        confirmation_spec(SEARCH, chosen, seeds=seeds)


def test_a_name_of_its_own_is_checked() -> None:
    with pytest.raises(InputError, match="study name"):
        confirmation_spec(SEARCH, CHOSEN, seeds=2, name="../x")


def test_a_long_name_is_cut_for_its_suffix() -> None:
    assert suffixed("x" * 100, "confirmation") == "x" * 87 + "-confirmation"


def test_curves_are_the_same_if_they_scale_every_block_alike() -> None:
    assert is_same(Ramp(peak=1.0, floor=1.0), BASELINE, 15)
    assert not is_same(Ramp(peak=1.001, floor=1.0), BASELINE, 15)
