"""How a calibration trains: the search's recipe over several short budgets, and once for long."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from vsearch.confirmation.plan import FULL_EPOCHS, LONGEST_NAME, check_seeds, full_epochs, suffixed
from vsearch.errors import InputError
from vsearch.spec.name import check_study_name
from vsearch.spec.number import shown
from vsearch.spec.planned import PlannedCurve
from vsearch.spec.recipe import RECIPES, Recipe
from vsearch.spec.study import MAX_EPOCHS, StudySpec

SUFFIX = "calibration"
FEWEST_EPOCHS = 2
MOST_SHORT = 20
_LONGEST_ENDING = len(f"-long-{MAX_EPOCHS}")
_LONG_NAME = re.compile(r"(.+)-long-\d+")


@dataclass(frozen=True)
class Schedules:
    """For how many epochs a calibration trains, and by which recipe for long.

    Raises:
        InputError: a number of epochs below 2 or above 10,000, one that is given twice, or more than 20.
    """

    short: tuple[int, ...] = ()
    """By the recipe of the search; none: about a quarter, a half and all of the search's epochs."""
    long: int | None = None
    """None: the full schedule of the recipe, `FULL_EPOCHS` at most."""
    recipe: Recipe = RECIPES["he2015"]
    """Of the long training."""

    def __post_init__(self) -> None:
        for epochs in (*self.short, *(() if self.long is None else (self.long,))):
            if not FEWEST_EPOCHS <= epochs <= MAX_EPOCHS:
                raise InputError(f"a calibration trains {epochs} epochs; give {FEWEST_EPOCHS} to {MAX_EPOCHS}")
        if len(set(self.short)) != len(self.short) or len(self.short) > MOST_SHORT:
            raise InputError(
                f"short trainings have {shown(list(self.short))} epochs; give up to {MOST_SHORT}, each once"
            )


class CalibrationSpecs(NamedTuple):
    """The planned studies of one calibration."""

    name: str
    long: StudySpec
    short: tuple[StudySpec, ...]
    """By epochs."""


def calibration_specs(
    search: StudySpec, curves: Sequence[PlannedCurve], *, seeds: int, schedules: Schedules, name: str = ""
) -> CalibrationSpecs:
    """The planned studies of a calibration: the same curves with the same seeds, on what the search trains on.

    The long trainings have other seeds than the short ones, as a confirmation has other seeds than its search: with
    shared initial weights the luck of a seed would count as agreement.

    Raises:
        InputError: numbers out of their range, or a short training that is not shorter than the long one.
    """
    check_seeds(seeds)
    name = check_calibration_name(name or calibration_name(search.name))
    base = _base(search, tuple(curves), seeds)
    long = _long(base, schedules, name)
    short = schedules.short or tuple(epochs for epochs in default_short(search) if epochs < long.epochs)
    if not short:
        raise InputError(
            f"the long trainings have {long.epochs} epochs, too few for shorter ones; give a longer --long"
        )
    return CalibrationSpecs(name, long, tuple(short_spec(search, long, epochs, name) for epochs in sorted(short)))


def short_spec(search: StudySpec, long: StudySpec, epochs: int, name: str) -> StudySpec:
    """Short trainings beside the long ones of a calibration: the same curves, by the recipe of the search.

    Raises:
        InputError: they are not shorter.
    """
    if epochs >= long.epochs:
        raise InputError(
            f"the long trainings have {long.epochs} epochs, and short ones are to have {epochs}; "
            "give shorter ones with --short, or a longer one with --long"
        )
    base = _base(search, long.planned, long.seeds_per_curve)
    return base.with_changes(name=f"{name}-{epochs}", epochs=epochs, first_rung=0)


def default_short(search: StudySpec) -> tuple[int, ...]:
    """About a quarter, a half and all of the search's epochs, and 2 at least."""
    return tuple(sorted({max(FEWEST_EPOCHS, round(search.epochs * share)) for share in (0.25, 0.5, 1)}))


def calibration_name(search: str) -> str:
    """What a search's calibration is called; its studies are called so with their epochs behind it."""
    return suffixed(search[: LONGEST_NAME - _LONGEST_ENDING - len(SUFFIX) - 1], SUFFIX)


def check_calibration_name(name: str) -> str:
    """`name`, if its studies can be called after it.

    Raises:
        InputError: no study name, or longer than 89 characters.
    """
    check_study_name(name)
    longest = LONGEST_NAME - _LONGEST_ENDING
    if len(name) > longest:
        raise InputError(
            f"the name of a calibration has {len(name)} characters; its studies add to it: {longest} at most"
        )
    return name


def name_of_long(study: str) -> str | None:
    """The calibration's name in that of its long study; None for other names."""
    found = _LONG_NAME.fullmatch(study)
    return found and found.group(1)


def is_name_of_short(study: str, calibration: str) -> bool:
    """Whether a study is called as a short one of that calibration is."""
    return re.fullmatch(re.escape(calibration) + r"-\d+", study) is not None


def _base(search: StudySpec, planned: tuple[PlannedCurve, ...], seeds: int) -> StudySpec:
    return search.with_changes(
        purpose="calibration",
        parent=search.name,
        planned=planned,
        trials=seeds * len(planned),
        pruner="none",
        replicates=1,
        max_epochs=None,
        max_device_hours=None,
    )


def _long(base: StudySpec, schedules: Schedules, name: str) -> StudySpec:
    recipe, epochs = schedules.recipe, schedules.long
    if epochs is None:
        epochs = full_epochs(recipe, base.training_images) if recipe.iterations else FULL_EPOCHS
    # Another seed, kept inside the range of seeds.
    seed = base.seed + 1 if base.seed < 2**63 - 1 else 0
    return base.with_changes(name=f"{name}-long-{epochs}", recipe=recipe, epochs=epochs, first_rung=0, seed=seed)
