"""The tables of a report: best trials, baseline and paper, and how the trials of a study ended."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import fmean, stdev
from typing import NamedTuple

from vsearch.reports.study_data import StudyData
from vsearch.reports.terminal import Limits, bars, plain_text
from vsearch.search.trials import STATES, TrialResult

TOP = 10
"""Trials in the table of the best."""
WIDEST = 27
"""Characters of a sparkline; of a deeper network than ResNet-56 each stands for several blocks."""


class TrialLine(NamedTuple):
    """One trial in a table."""

    number: int
    role: str
    state: str
    curve: str
    """Family and knobs; `not drawn yet` before a worker has taken the trial."""
    sparkline: str
    """A character per block, or for several; all of a table share its heights."""
    low: float | None
    """The smallest scale."""
    high: float | None
    mean_scale: float | None
    accuracy: float | None
    """Last validation accuracy in [0, 1], the mean over the seeds."""
    spread: float | None
    """Standard deviation over the seeds, in points; None with one seed."""
    seeds: int
    """How many."""
    difference: float | None
    """Above the finished baseline, in points."""
    epochs: int
    seconds: float
    """For which workers held it."""


class Ending(NamedTuple):
    """The trials that ended in one state for one reason, or have not ended."""

    state: str
    reason: str
    trials: int
    epochs: int
    """Trained by these trials together."""
    seconds: float
    detail: str
    """Of the last of them; empty where nobody gave one."""


def top_trials(data: StudyData, count: int = TOP) -> tuple[TrialLine, ...]:
    """The best finished trials, best first."""
    return trial_lines(data, data.finished[:count])


def references(data: StudyData) -> tuple[TrialLine, ...]:
    """The baseline and the curves of the paper, finished or not, by number."""
    return trial_lines(data, [trial for trial in data.trials if trial.role in ("baseline", "paper")])


def trial_lines(data: StudyData, trials: Sequence[TrialResult]) -> tuple[TrialLine, ...]:
    """These trials as lines of one table."""
    scales = [scale for trial in trials for scale in trial.scales if math.isfinite(scale)]
    low, high = (min(scales), max(scales)) if scales else (1.0, 1.0)
    return tuple(_line(data, trial, low, high) for trial in trials)


def endings(data: StudyData) -> tuple[Ending, ...]:
    """The trials by state and reason: in the order of the states, the most frequent reason of each first."""
    groups: dict[tuple[str, str], list[TrialResult]] = {}
    for trial in data.trials:
        groups.setdefault((trial.state, trial.reason), []).append(trial)
    order = {state: place for place, state in enumerate(("finished", "pruned", "running", "waiting", "failed"))}
    keys = sorted(groups, key=lambda key: (order.get(key[0], len(STATES)), -len(groups[key]), key[1]))
    return tuple(_ending(data, *key, groups[key]) for key in keys)


def held(data: StudyData, trials: Iterable[TrialResult]) -> float:
    """Seconds for which workers held these trials; the seconds of training where nobody wrote that down."""
    return sum(data.device_seconds.get(trial.number, trial.seconds) for trial in trials)


def _line(data: StudyData, trial: TrialResult, low: float, high: float) -> TrialLine:
    scales = trial.scales if all(map(math.isfinite, trial.scales)) else ()
    return TrialLine(
        number=trial.number,
        role=trial.role,
        state=trial.state,
        curve="not drawn yet" if trial.curve is None else str(trial.curve),
        sparkline=plain_text(bars(scales, Limits(low, high), room=WIDEST)),
        low=min(scales, default=None),
        high=max(scales, default=None),
        mean_scale=fmean(scales) if scales else None,
        accuracy=_finite(trial.accuracy),
        spread=100 * stdev(trial.accuracies) if len(trial.accuracies) > 1 else None,
        seeds=len(trial.seeds),
        difference=_finite(data.difference(trial)) if trial.is_finished else None,
        epochs=trial.epochs,
        seconds=held(data, [trial]),
    )


def _ending(data: StudyData, state: str, reason: str, trials: Sequence[TrialResult]) -> Ending:
    detail = next((trial.detail for trial in reversed(trials) if trial.detail), "")
    return Ending(state, reason, len(trials), sum(trial.epochs for trial in trials), held(data, trials), detail)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
