"""What a confirmation trains: which curves, on which images, for how long."""

from collections.abc import Sequence
from dataclasses import dataclass

from vsearch.curves import BASELINE, Curve, paper
from vsearch.curves.controls import controls
from vsearch.errors import InputError
from vsearch.spec.datasets import dataset_info
from vsearch.spec.images import parts_of
from vsearch.spec.name import check_study_name
from vsearch.spec.number import check_whole
from vsearch.spec.planned import PlannedCurve
from vsearch.spec.recipe import RECIPES, Recipe
from vsearch.spec.study import MAX_EPOCHS, StudySpec

FULL_EPOCHS = 164
"""64,000 iterations of 128 out of 50,000 images (He et al. 2015, section 4.2); no data set is trained for longer."""
CONFIRMATION_SUFFIX = "confirmation"
LONGEST_NAME = 100
SAME_SCALES = 1e-4


@dataclass(frozen=True)
class FullTraining:
    """How a planned study trains, where that is not as in the study it comes from."""

    epochs: int | None = None
    """None: the full schedule of the recipe, `FULL_EPOCHS` at most."""
    recipe: Recipe = RECIPES["he2015"]
    train_images: int | None = None
    """Of the whole official train split; None: as many as the search trained on, which is all of it for one on all."""
    test_images: int | None = None
    """None: the whole test split."""
    max_device_hours: float | None = None
    """That workers may train; what is not trained by then is missing."""


def confirmation_spec(
    parent: StudySpec,
    chosen: Sequence[tuple[str, Curve]],
    *,
    seeds: int,
    training: FullTraining | None = None,
    name: str = "",
    with_controls: bool = True,
) -> StudySpec:
    """The plan of a confirmation: baseline, chosen curves, the paper's curve for the setting, controls of the first.

    Args:
        chosen: label and curve of each, the most promising first.
        name: by default the search's with `-confirmation`.

    Raises:
        InputError: no curve, one that equals the baseline, or numbers out of their range.
    """
    if not chosen:
        raise InputError("there is no curve to confirm; train more trials first")
    blocks = parent.num_blocks
    planned = [PlannedCurve("baseline", "baseline", BASELINE)]
    planned += [PlannedCurve("candidate", label, curve) for label, curve in chosen]
    published = paper.CURVES.get(f"{parent.dataset}-{parent.network}{parent.depth}")
    if published is not None and not any(is_same(published, item.curve, blocks) for item in planned):
        planned.append(PlannedCurve("paper", "paper", published))
    if with_controls:
        planned += control_curves(chosen[0][1], blocks, planned)
    return planned_spec(
        parent,
        tuple(planned),
        purpose="confirmation",
        name=name or suffixed(parent.name, CONFIRMATION_SUFFIX),
        parent=parent.name,
        seeds=seeds,
        training=training,
    )


def control_curves(curve: Curve, blocks: int, beside: Sequence[PlannedCurve]) -> list[PlannedCurve]:
    """The controls of a curve that are not planned already."""
    found = [PlannedCurve("control", control.name, control.curve) for control in controls(curve, blocks)]
    return [item for item in found if not any(is_same(item.curve, other.curve, blocks) for other in beside)]


def planned_spec(
    base: StudySpec,
    planned: tuple[PlannedCurve, ...],
    *,
    purpose: str,
    name: str,
    parent: str,
    seeds: int,
    training: FullTraining | None = None,
) -> StudySpec:
    """A plan that is judged by the test split, on the data set and with the network of another spec.

    Raises:
        InputError: numbers out of their range.
    """
    check_study_name(name)
    check_seeds(seeds)
    training = training or FullTraining()
    return base.with_changes(
        name=name,
        purpose=purpose,
        parent=parent,
        evaluated_on="test",
        planned=planned,
        trials=seeds * len(planned),
        recipe=training.recipe,
        epochs=_epochs(base, training),
        first_rung=0,
        pruner="none",
        replicates=1,
        train_images=training.train_images or base.train_images,
        validation_images=training.test_images,
        max_epochs=None,
        max_device_hours=training.max_device_hours,
    )


def _epochs(base: StudySpec, training: FullTraining) -> int:
    """Those that were asked for, or the recipe's on so many images."""
    if training.epochs is not None:
        check_whole("epochs", training.epochs, 1, MAX_EPOCHS)  # 0 would leave them to the recipe
        return training.epochs
    info = dataset_info(base.dataset)
    images = training.train_images or base.train_images or (parts_of(info, "test").train if info else None)
    return full_epochs(training.recipe, images)


def full_epochs(recipe: Recipe, images: int | None) -> int:
    """Epochs of a recipe's full schedule on so many images, `FULL_EPOCHS` at most; so many where none were counted."""
    return FULL_EPOCHS if images is None else min(FULL_EPOCHS, max(1, recipe.default_epochs(images)))


def check_seeds(seeds: int) -> int:
    """`seeds`, if so many make sense.

    Raises:
        InputError: below 1 or above 1000.
    """
    if not 1 <= seeds <= 1000:
        raise InputError(f"seeds is {seeds}; give 1 to 1000, and at least 2 for an interval")
    return seeds


def suffixed(name: str, suffix: str) -> str:
    """A study name with a suffix, cut so that it stays allowed."""
    return f"{name[: LONGEST_NAME - len(suffix) - 1]}-{suffix}"


def is_same(one: Curve, other: Curve, blocks: int) -> bool:
    """Whether two curves scale every block of the network alike."""
    pairs = zip(one.scales(blocks), other.scales(blocks), strict=True)
    return all(abs(a - b) <= SAME_SCALES for a, b in pairs)
