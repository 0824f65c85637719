"""Learning curves of a planned study: the mean of each curve, and the single trainings of the two that matter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

from vsearch.reports.figures.learning import BASELINE, BEST, LearningCurve, LearningInfo
from vsearch.reports.study_data import StudyData
from vsearch.search.trials import TrialResult
from vsearch.spec.planned import PlannedCurve

NOTE = "Thick: means over the seeds, dashed for controls. Thin: single trainings of the baseline and the first curve."


def planned_learning_info(data: StudyData) -> LearningInfo:
    """The curves of the plan in its order, of those with a finished training; single ones of two curves alone."""
    by_label: dict[str, list[TrialResult]] = {}
    for trial in data.finished:
        by_label.setdefault(trial.label, []).append(trial)
    subject = data.spec.subject.label if data.spec.subject else ""
    curves = [
        _curve(item, by_label[item.label], is_subject=item.label == subject)
        for item in data.spec.planned
        if item.label in by_label
    ]
    title = "Learning curves: the mean of each curve's trainings"
    return LearningInfo(data.name, data.spec.epochs, tuple(curves), (), data.spec.evaluated_on, title, NOTE)


def _curve(item: PlannedCurve, trials: Sequence[TrialResult], *, is_subject: bool) -> LearningCurve:
    """`subject`: the curve that has the first colour."""
    kinds = (BASELINE,) if item.role == "baseline" else (BEST,) if is_subject else ()
    finals = tuple(trial.accuracy for trial in trials if trial.accuracy is not None)
    is_control, several = item.role == "control", len(trials) > 1
    seeds = tuple(tuple(map(_number, trial.learning_curve)) for trial in trials) if several and kinds else ()
    return LearningCurve(
        trials[0].number, kinds, fmean(finals), _mean(trials), seeds, finals if several else (), item.label, is_control
    )


def _mean(trials: Sequence[TrialResult]) -> tuple[float | None, ...]:
    """After each epoch that all of them reported."""
    epochs = min(len(trial.learning_curve) for trial in trials)
    values = [fmean(trial.learning_curve[epoch] for trial in trials) for epoch in range(epochs)]
    return tuple(map(_number, values))


def _number(accuracy: float) -> float | None:
    return accuracy if math.isfinite(accuracy) else None
