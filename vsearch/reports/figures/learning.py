"""Learning curves of the best curve, the baseline and the paper's curves, with each of their seeds."""

from __future__ import annotations

import math
from typing import NamedTuple

from vsearch.reports.chart import COLOURS, GREY, INK, Axis, Chart, Line, Mark, Panel, Points, Rule
from vsearch.reports.study_data import StudyData
from vsearch.reports.wording import counted, percent
from vsearch.search.trials import TrialResult

BEST, BASELINE, PAPER = "best", "baseline", "paper"
LEAST_FOR_END = 8
"""Epochs from which on the last quarter has a panel of its own."""


class LearningCurve(NamedTuple):
    """The accuracies of one trial, or of all trainings of one planned curve, epoch by epoch."""

    number: int
    kinds: tuple[str, ...]
    """Of `best`, `baseline` and `paper`: those that the trial is."""
    accuracy: float
    """Its score, in [0, 1]."""
    mean: tuple[float | None, ...]
    """Over the seeds, after each epoch; None for what is no number."""
    seeds: tuple[tuple[float | None, ...], ...]
    """Of each seed; empty where there was one, or where an older vsearch kept none."""
    finals: tuple[float, ...]
    """The last accuracy of each seed; empty where there was one."""
    label: str = ""
    """Its name in a planned study."""
    is_control: bool = False

    @property
    def name(self) -> str:
        """`best (trial 12)`; of a planned curve its label."""
        if self.label:
            return self.label
        kinds = " and ".join("the paper's" if kind == PAPER else kind for kind in self.kinds)
        return f"{kinds} (trial {self.number})"


class LearningInfo(NamedTuple):
    """The learning curves of a study, best first."""

    study: str
    epochs: int
    curves: tuple[LearningCurve, ...]
    rungs: tuple[int, ...]
    judged_by: str = "validation"
    """What the accuracies are of."""
    title: str = "Learning curves: best, baseline and the paper's"
    note: str = ""
    """In place of the usual one."""


def learning_info(data: StudyData) -> LearningInfo:
    """The learning curves of the best trial, the baseline and the paper's curves, of those that have finished."""
    kinds: dict[int, list[str]] = {}
    chosen = [
        *((trial, BEST) for trial in data.finished[:1]),
        *((trial, BASELINE) for trial in (data.baseline,) if trial is not None),
        *((trial, PAPER) for trial in data.paper),
    ]
    for trial, kind in chosen:
        kinds.setdefault(trial.number, []).append(kind)
    trials = {trial.number: trial for trial, _ in chosen}
    curves = tuple(_curve(trials[number], tuple(found)) for number, found in kinds.items())
    return LearningInfo(data.name, data.spec.epochs, curves, data.spec.rungs)


def _curve(trial: TrialResult, kinds: tuple[str, ...]) -> LearningCurve:
    seeds = trial.seed_curves if len(trial.seed_curves) > 1 else ()
    finals = tuple(score for score in trial.accuracies if math.isfinite(score)) if len(trial.accuracies) > 1 else ()
    return LearningCurve(
        trial.number, kinds, trial.accuracy or 0.0, _shown(trial.learning_curve), tuple(map(_shown, seeds)), finals
    )


def _shown(accuracies: tuple[float, ...]) -> tuple[float | None, ...]:
    return tuple(accuracy if math.isfinite(accuracy) else None for accuracy in accuracies)


def learning_chart(info: LearningInfo) -> Chart:
    """Thick lines for the means, thin ones for the seeds, rules at the rungs; then the last quarter by itself."""
    panels = [_panel(info, 1)]
    end = math.ceil(0.75 * info.epochs)
    if info.epochs >= LEAST_FOR_END and any(len(curve.mean) > end for curve in info.curves):
        panels.append(_panel(info, end)._replace(title=f"From epoch {end}"))
    return Chart("learning", info.title, tuple(panels), _alternative(info), _note(info))


def _panel(info: LearningInfo, first: int) -> Panel:
    """From epoch `first` to the last: near the end the curves lie too close together for one scale."""
    marks = [
        mark for curve, colour in zip(info.curves, _colours(info), strict=True) for mark in _marks(curve, colour, first)
    ]
    shown = [rung for rung in info.rungs if rung >= first]
    rungs = [Rule(rung, "" if place else "rungs", True, "dot", GREY) for place, rung in enumerate(shown)]
    return Panel(
        Axis("Epoch", low=0 if first == 1 else first - 0.3, high=info.epochs + 0.3, is_whole=True),
        Axis(f"{info.judged_by.capitalize()} accuracy", is_percent=True),
        (*rungs, *marks) if marks else (),
        empty="" if marks else "No trial has finished yet, so there is no learning curve to show.",
    )


def _colours(info: LearningInfo) -> list[str]:
    """The baseline is always black, the best always in the first colour."""
    others = iter(COLOURS[1:] * len(info.curves))
    found = []
    for curve in info.curves:
        if BASELINE in curve.kinds:
            found.append(INK)
        else:
            found.append(COLOURS[0] if BEST in curve.kinds else next(others))
    return found


def _marks(curve: LearningCurve, colour: str, first: int) -> list[Mark]:
    if len(curve.mean) < first:
        return []
    marks: list[Mark] = [_line(seed, first, "", colour, 0.8) for seed in curve.seeds]
    hover = f"{curve.name}: {percent(curve.accuracy)}"
    dash, width = ("dash", 1.5) if curve.is_control else ("solid", 2.5)
    marks.append(_line(curve.mean, first, curve.name, colour, width)._replace(hover=hover, dash=dash))
    if not curve.seeds and curve.finals and not curve.label:
        last = (float(len(curve.mean)),) * len(curve.finals)
        texts = tuple(f"{curve.name}, one seed: {percent(final)}" for final in curve.finals)
        marks.append(Points(last, curve.finals, colour=colour, size=6, hover=texts))
    return marks


def _line(accuracies: tuple[float | None, ...], first: int, name: str, colour: str, width: float) -> Line:
    kept = accuracies[first - 1 :]
    epochs = tuple(float(epoch) for epoch in range(first, first + len(kept)))
    return Line(epochs, kept, name, colour, width=width, dots=8.0 if len(kept) == 1 else 0.0)


def _alternative(info: LearningInfo) -> str:
    if not info.curves:
        return f"No trial of {info.study} has finished yet."
    rungs = f" Rungs at {', '.join(map(str, info.rungs))}." if info.rungs else ""
    told = " ".join(map(_sentence, info.curves))
    return f"{info.judged_by.capitalize()} accuracy over {counted(info.epochs, 'epoch')}. {told}{rungs}"


def _sentence(curve: LearningCurve) -> str:
    seeds = ""
    if curve.finals:
        seeds = f", its {len(curve.finals)} seeds from {percent(min(curve.finals))} to {percent(max(curve.finals))}"
    first = next((accuracy for accuracy in curve.mean if accuracy is not None), None)
    name = curve.name[0].upper() + curve.name[1:]
    return f"{name}: {percent(first)} after the first epoch, {percent(curve.accuracy)} at the end{seeds}."


def _note(info: LearningInfo) -> str:
    if not info.curves or info.note:
        return info.note if info.curves else ""
    if any(curve.seeds for curve in info.curves):
        return "Thick: the mean over the seeds. Thin: each seed."
    if any(curve.finals for curve in info.curves):
        return "Lines: the mean over the seeds. Points: each seed at the end, as the seeds' own curves were not kept."
    return "One seed each: how much of a distance is the luck of a seed cannot be seen here."
