"""Making a calibration, or making more of one that is stored: nothing is trained here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from vsearch.confirmation.plan import check_seeds
from vsearch.confirmation.schedules import Schedules, calibration_specs, short_spec
from vsearch.confirmation.spread import FROM_SEARCH, spread
from vsearch.confirmation.stored_calibrations import StoredCalibration, calibration_around
from vsearch.errors import InputError
from vsearch.search import control
from vsearch.search.stored import StoredStudy, create_or_open, open_study
from vsearch.search.trials import trial_results
from vsearch.spec.recipe import Recipe

SEEDS = 2


@dataclass(frozen=True)
class CalibrationPlan:
    """What a calibration is to train; None leaves it as usual, or as it is stored."""

    short: tuple[int, ...] = ()
    """Epochs by the recipe of the search; more may be added to a calibration that is stored."""
    long: int | None = None
    recipe: Recipe | None = None
    """Of the long trainings."""
    seeds: int | None = None
    """Of each curve and schedule."""
    from_search: int | None = None
    """Finished trials of the search among the curves."""
    name: str = field(default="")


def make_calibration(study: StoredStudy, plan: CalibrationPlan) -> tuple[StoredCalibration, tuple[StoredStudy, ...]]:
    """The calibration of a search, or the one that a study belongs to, as the plan wants it; and its new studies.

    Raises:
        InputError: numbers out of their range, a study with no calibration that is no search, or a plan that another
            calibration is stored with.
    """
    stored = calibration_around(study, plan.name)
    if stored is not None:
        return _extended(stored, plan)
    if study.spec.planned:
        raise InputError(f"{study.name} is a {study.spec.purpose} and no search; name the search to calibrate")
    usual = Schedules()
    schedules = Schedules(plan.short, plan.long, plan.recipe or usual.recipe)
    number = FROM_SEARCH if plan.from_search is None else plan.from_search
    curves = spread(study.spec, trial_results(study), from_search=number)
    seeds = SEEDS if plan.seeds is None else plan.seeds
    specs = calibration_specs(study.spec, curves, seeds=seeds, schedules=schedules, name=plan.name)
    # The long one first: by it the others are found, should this be broken off.
    made = [create_or_open(study.storage, spec) for spec in (specs.long, *specs.short)]
    found = StoredCalibration(specs.name, made[0][0], tuple(each for each, _ in made[1:]))
    return found, tuple(each for each, is_new in made if is_new)


def _extended(stored: StoredCalibration, plan: CalibrationPlan) -> tuple[StoredCalibration, tuple[StoredStudy, ...]]:
    """With more short trainings, and with more seeds; what failed for another reason than its curve is queued again."""
    _check_kept(stored, plan)
    long = stored.long.spec
    there = [study.spec.epochs for study in stored.short]
    added = Schedules(tuple(epochs for epochs in plan.short if epochs not in there)).short
    search = open_study(stored.long.storage, stored.parent).spec if added else long
    made = []
    for epochs in added:
        spec = short_spec(search, long, epochs, stored.name)
        made.append(create_or_open(stored.long.storage, spec)[0])
    short = sorted((*stored.short, *made), key=lambda study: study.spec.epochs)
    found = StoredCalibration(stored.name, stored.long, tuple(short))
    if plan.seeds is None or check_seeds(plan.seeds) == long.seeds_per_curve:
        return found, tuple(made)
    if plan.seeds < long.seeds_per_curve:
        raise InputError(f"{stored.name} has {long.seeds_per_curve} seeds for each curve; give more, or leave that out")
    return _with_seeds(found, plan.seeds), tuple(made)


def _with_seeds(stored: StoredCalibration, seeds: int) -> StoredCalibration:
    short = tuple(control.more_seeds(study, seeds) for study in stored.short)
    return StoredCalibration(stored.name, control.more_seeds(stored.long, seeds), short)


def _check_kept(stored: StoredCalibration, plan: CalibrationPlan) -> None:
    spec = stored.long.spec
    kept: Sequence[tuple[str, object, object]] = (
        ("--long", plan.long, spec.epochs),
        ("--recipe", plan.recipe and plan.recipe.name, spec.recipe.name),
        ("--from-search", plan.from_search, None),
    )
    for flag, given, is_stored in kept:
        if given is not None and given != is_stored:
            raise InputError(
                f"the calibration {stored.name} keeps its curves and its long trainings ({spec.epochs} epochs of "
                f"{spec.recipe.name}), and {flag} {given} was given; leave that out, or give another --name"
            )
