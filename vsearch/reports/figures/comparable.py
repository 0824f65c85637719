"""Trials whose accuracies may be compared with each other: finished ones, or all that trained to the same rung."""

from __future__ import annotations

import math
from typing import NamedTuple

from vsearch.reports.study_data import StudyData
from vsearch.search.trials import TrialResult

LEAST_TRIALS = 10
"""Below which nothing is reckoned from them."""


class Comparable(NamedTuple):
    """Trials with accuracies after one epoch."""

    trials: tuple[TrialResult, ...]
    accuracies: tuple[float, ...]
    """Of each, in [0, 1]."""
    epoch: int | None
    """After which they are; None: after the last, of finished trials."""

    @property
    def is_enough(self) -> bool:
        """Whether something may be reckoned from them."""
        return len(self.trials) >= LEAST_TRIALS


def comparable(data: StudyData) -> Comparable:
    """The finished trials; where they are too few, all that trained to the latest rung which enough of them reached.

    Where there is no such rung, too few of either: the largest group.
    """
    finished = Comparable(data.finished, tuple(trial.accuracy or 0.0 for trial in data.finished), None)
    if finished.is_enough:
        return finished
    rungs = [_at(data, epoch) for epoch in sorted(data.spec.rungs, reverse=True)]
    found = next((group for group in rungs if group.is_enough), None)
    return found or max([finished, *rungs], key=lambda group: len(group.trials))


def _at(data: StudyData, epoch: int) -> Comparable:
    """What ended after that epoch or later."""
    ended = [trial for trial in data.trials if trial.state in ("finished", "pruned")]
    known = [(trial, trial.learning_curve[epoch - 1]) for trial in ended if len(trial.learning_curve) >= epoch]
    shown = [(trial, accuracy) for trial, accuracy in known if math.isfinite(accuracy)]
    return Comparable(tuple(trial for trial, _ in shown), tuple(accuracy for _, accuracy in shown), epoch)
