"""The trials of planned studies: queued in pairs, and again where one was lost."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import NamedTuple

import optuna

from vsearch.errors import InputError
from vsearch.search import attributes
from vsearch.spec.planned import PlannedCurve
from vsearch.spec.seeds import derive_seed
from vsearch.spec.study import StudySpec


class PlannedTrial(NamedTuple):
    """One training of a plan."""

    curve: PlannedCurve
    pair: int
    """The number of its seed, from 0."""


def planned_trials(spec: StudySpec) -> list[PlannedTrial]:
    """What the plan asks for, seed by seed: whatever has ended when it is broken off can be compared."""
    pairs = range(spec.seeds_per_curve)
    return [PlannedTrial(curve, pair) for pair in pairs for curve in spec.planned if pair < spec.seeds_of(curve)]


def missing_trials(spec: StudySpec, there: Iterable[tuple[str, int]]) -> list[PlannedTrial]:
    """What the plan asks for beside the (label, pair) that are there."""
    taken = set(there)
    return [trial for trial in planned_trials(spec) if (trial.curve.label, trial.pair) not in taken]


def enqueue_planned(study: optuna.Study, trials: Iterable[PlannedTrial]) -> None:
    """Queue trials of a plan; the sampler has no part in them."""
    for curve, pair in trials:
        attrs = {attributes.ROLE: curve.role, attributes.LABEL: curve.label, attributes.CURVE: curve.curve.to_dict()}
        study.enqueue_trial({}, user_attrs=attrs | {attributes.PAIR: pair})


def seed_of(spec: StudySpec, pair: int) -> int:
    """The seed of a pair: the same for every curve, and none that a search trains with."""
    return derive_seed(spec.purpose, spec.seed, pair)


def with_seeds(spec: StudySpec, seeds: int, settled: Collection[str] | None = None) -> StudySpec:
    """The same plan with so many seeds for each curve.

    Args:
        settled: labels of curves that keep the seeds they have; None: of those that are settled already.

    Raises:
        InputError: no seed, fewer than a settled curve has, or more trainings than a study takes.
    """
    if seeds < 1:
        raise InputError(f"seeds is {seeds}; give at least 1, and 2 or more for an interval")
    if settled is None:
        settled = [item.label for item in spec.planned if item.seeds is not None]
    planned = [replace(item, seeds=spec.seeds_of(item) if item.label in settled else None) for item in spec.planned]
    return spec.with_changes(planned=tuple(planned), trials=sum(item.seeds or seeds for item in planned))


def settled_as(spec: StudySpec, stored: StudySpec) -> StudySpec:
    """A plan with the curves settled that a stored one has settled, if both have the same curves and as many seeds."""
    has_same_curves = spec.without_budget().planned == stored.without_budget().planned
    if not has_same_curves or spec.seeds_per_curve != stored.seeds_per_curve:
        return spec
    return spec.with_changes(planned=stored.planned, trials=stored.trials)
