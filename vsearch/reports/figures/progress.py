"""How a search goes: the best so far against trials and device hours, and what pruning saved."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import NamedTuple

from vsearch.reports.chart import COLOURS, GREY, Axis, Chart, Line, Mark, Panel, Points, Rule
from vsearch.reports.study_data import StudyData
from vsearch.reports.wording import counted, percent, points
from vsearch.search.trials import TrialResult

MOST_POINTS = 400
"""Of larger studies the improvements and the last trial are shown, and an even selection of the others."""


class EndedTrial(NamedTuple):
    """A trial that finished or was pruned."""

    order: int
    """1 for the first that ended."""
    number: int
    accuracy: float | None
    """The last one of a pruned trial."""
    epochs: int
    is_finished: bool
    is_improvement: bool
    """Better than every finished one before."""
    device_seconds: float
    """Of all trials until it ended, failed ones included."""


class PrunedAt(NamedTuple):
    """How many trials were pruned after an epoch."""

    epoch: int
    trials: int
    is_rung: bool


class ProgressInfo(NamedTuple):
    """All that the figure shows."""

    trials: tuple[EndedTrial, ...]
    """In the order of their end; of more than `MOST_POINTS` a selection."""
    baseline: float | None
    finished: int
    pruned: int
    failed: int
    pruned_at: tuple[PrunedAt, ...]
    """For every rung, and every other epoch after which one was pruned."""
    diverged: int
    """Of the pruned ones: broken off because their loss exploded."""
    epochs_trained: int
    """By finished and pruned trials."""
    epochs_untouched: int
    """What they would have taken without pruning."""
    saved: float | None
    """Share of `epochs_untouched` that was not trained, in [0, 1]; None before a trial ended."""
    device_seconds: float
    """Of all trials that count, running and failed ones included."""

    @property
    def best(self) -> EndedTrial | None:
        """The best finished trial."""
        return next((trial for trial in reversed(self.trials) if trial.is_improvement), None)


def progress_info(data: StudyData) -> ProgressInfo:
    """The ended trials of a study in order, with what they cost and what pruning saved."""
    ended = sorted((trial for trial in data.trials if trial.state in ("finished", "pruned", "failed")), key=_by_end)
    counts = Counter(trial.state for trial in ended)
    pruned = [trial for trial in ended if trial.state == "pruned"]
    trained = sum(min(trial.epochs, data.spec.epochs) for trial in pruned) + counts["finished"] * data.spec.epochs
    untouched = (counts["finished"] + len(pruned)) * data.spec.epochs
    return ProgressInfo(
        trials=_selection(_ended(data, ended)),
        baseline=_rounded(data.baseline.accuracy) if data.baseline else None,
        finished=counts["finished"],
        pruned=len(pruned),
        failed=counts["failed"],
        pruned_at=_pruned_at(data, pruned),
        diverged=sum(trial.reason == "diverged" for trial in pruned),
        epochs_trained=trained,
        epochs_untouched=untouched,
        saved=1 - trained / untouched if untouched else None,
        device_seconds=round(sum(_seconds(data, trial) for trial in data.trials), 3),
    )


def _by_end(trial: TrialResult) -> tuple[bool, datetime, int]:
    """Trials without a time of their end come last, by number."""
    return trial.ended is None, trial.ended or datetime.min, trial.number


def _seconds(data: StudyData, trial: TrialResult) -> float:
    return data.device_seconds.get(trial.number, trial.seconds)


def _rounded(accuracy: float | None) -> float | None:
    """Finer than it is shown, or 67.4048 % would be 67.40 % in one place and 67.41 % in another."""
    return None if accuracy is None else round(accuracy, 6)


def _ended(data: StudyData, trials: list[TrialResult]) -> list[EndedTrial]:
    found: list[EndedTrial] = []
    seconds, best = 0.0, float("-inf")
    for trial in trials:
        seconds += _seconds(data, trial)
        if trial.state == "failed":
            continue
        is_better = trial.is_finished and trial.accuracy is not None and trial.accuracy > best
        best = trial.accuracy if is_better and trial.accuracy is not None else best
        place, accuracy = len(found) + 1, _rounded(trial.accuracy)
        found.append(
            EndedTrial(place, trial.number, accuracy, trial.epochs, trial.is_finished, is_better, round(seconds, 1))
        )
    return found


def _selection(trials: list[EndedTrial]) -> tuple[EndedTrial, ...]:
    """Every improvement, the last one, and others at equal distances."""
    if len(trials) <= MOST_POINTS:
        return tuple(trials)
    improved = [trial.order for trial in trials if trial.is_improvement]
    kept = {*_evenly(improved, MOST_POINTS - 1), trials[-1].order}
    kept |= {*_evenly([trial.order for trial in trials if trial.order not in kept], MOST_POINTS - len(kept))}
    return tuple(trial for trial in trials if trial.order in kept)


def _evenly(orders: list[int], count: int) -> list[int]:
    """At most `count` of them at equal distances, the last included."""
    if len(orders) <= count:
        return orders
    return [orders[(place + 1) * len(orders) // count - 1] for place in range(count)]


def _pruned_at(data: StudyData, pruned: list[TrialResult]) -> tuple[PrunedAt, ...]:
    counts = Counter(trial.epochs for trial in pruned)
    rungs = data.spec.rungs
    return tuple(PrunedAt(epoch, counts[epoch], epoch in rungs) for epoch in sorted({*rungs, *counts}))


def progress_chart(info: ProgressInfo) -> Chart:
    """The picture: every trial beside the best so far, and the best so far against the time of devices."""
    return Chart("progress", _title(info), (_by_trial(info), _by_hours(info)), _alternative(info), _note(info))


def _by_trial(info: ProgressInfo) -> Panel:
    marks: list[Mark] = []
    for is_finished, name, colour, symbol in (
        (False, "pruned", GREY, "cross"),
        (True, "finished", COLOURS[0], "circle"),
    ):
        shown = [t for t in info.trials if t.is_finished == is_finished and t.accuracy is not None]
        if shown:
            x, y = tuple(t.order for t in shown), tuple(t.accuracy or 0.0 for t in shown)
            marks.append(Points(x, y, name, colour, symbol, 5.0, tuple(map(_hover, shown))))
    if info.best:
        steps = _steps(info)
        marks.append(_best_line(tuple(float(t.order) for t, _ in steps), steps))
    empty = "" if marks else "No trial has finished or was pruned yet."
    x_axis = Axis("Trials in the order of their end", 0.0, is_whole=True)
    y_axis = Axis("Validation accuracy", is_percent=True)
    return Panel(x_axis, y_axis, (*_baseline(info), *marks) if marks else (), "Against trials", empty=empty)


def _by_hours(info: ProgressInfo) -> Panel:
    unit, length = _unit(info)
    y_axis = Axis("Validation accuracy", is_percent=True)
    x_axis = Axis(f"Device {unit}", 0.0)
    if not info.best:
        return Panel(x_axis, y_axis, (), "Against device time", empty="No trial has finished yet.")
    steps = _steps(info)
    x = tuple(round(t.device_seconds / length, 4) for t, _ in steps)
    better = [t for t in info.trials if t.is_improvement]
    places = tuple(round(t.device_seconds / length, 4) for t in better)
    marks = Points(places, tuple(t.accuracy or 0.0 for t in better), "", COLOURS[1], hover=tuple(map(_hover, better)))
    return Panel(x_axis, y_axis, (*_baseline(info), _best_line(x, steps), marks), "Against device time")


def _unit(info: ProgressInfo) -> tuple[str, float]:
    """In what device time is shown, and how many seconds that has."""
    return ("hours", 3600.0) if info.device_seconds >= 3600 else ("minutes", 60.0)


def _steps(info: ProgressInfo) -> list[tuple[EndedTrial, float]]:
    """Each improvement with its accuracy, and the last trial with the best one."""
    steps = [(trial, trial.accuracy or 0.0) for trial in info.trials if trial.is_improvement]
    return steps if steps[-1][0] == info.trials[-1] else [*steps, (info.trials[-1], steps[-1][1])]


def _best_line(x: tuple[float, ...], steps: list[tuple[EndedTrial, float]]) -> Line:
    return Line(x, tuple(best for _, best in steps), "best so far", COLOURS[1], width=2.5, is_step=True)


def _baseline(info: ProgressInfo) -> tuple[Rule, ...]:
    return () if info.baseline is None else (Rule(info.baseline, f"baseline {percent(info.baseline)}"),)


def _hover(trial: EndedTrial) -> str:
    end = "" if trial.is_finished else f", pruned after {counted(trial.epochs, 'epoch')}"
    return f"trial {trial.number}: {percent(trial.accuracy)}{end}"


def _title(info: ProgressInfo) -> str:
    ended = info.finished + info.pruned
    if not ended:
        return "Progress"
    best = f"best {percent(info.best.accuracy)} after " if info.best else ""
    saved = f"; pruning saved {100 * (info.saved or 0.0):.0f} % of the epochs" if info.pruned else ""
    return f"Progress: {best}{counted(ended, 'trial')}{saved}"


def _note(info: ProgressInfo) -> str:
    parts = []
    if info.pruned:
        parts.append(_pruning(info))
    if info.failed:
        parts.append(f"{counted(info.failed, 'failed trial')} not shown, but in the device time.")
    shown = len(info.trials)
    if shown < info.finished + info.pruned:
        parts.append(f"{shown} trials are drawn, improvements first.")
    if info.best:
        parts.append("The time of several devices is added up.")
    return " ".join(parts)


def _pruning(info: ProgressInfo) -> str:
    places = ", ".join(f"after epoch {at.epoch}: {at.trials}" for at in info.pruned_at if at.trials)
    diverged = f"; {info.diverged} of them diverged" if info.diverged else ""
    ended = info.finished + info.pruned
    return (
        f"{info.pruned} of {counted(ended, 'trial')} pruned ({places}{diverged}): "
        f"{info.epochs_trained} epochs instead of {info.epochs_untouched}."
    )


def _alternative(info: ProgressInfo) -> str:
    if not info.finished + info.pruned:
        failed = f" {counted(info.failed, 'trial')} failed." if info.failed else ""
        return f"No trial has finished or was pruned yet.{failed}"
    parts = [f"Trials: {info.finished} finished, {info.pruned} pruned, {info.failed} failed."]
    if info.best:
        unit, length = _unit(info)
        beside = ""
        if info.baseline is not None and info.best.accuracy is not None and info.best.accuracy > info.baseline:
            beside = f", {points(100 * (info.best.accuracy - info.baseline))} points vs. the baseline"
        parts.append(
            f"The best so far, {percent(info.best.accuracy)}{beside}, is trial {info.best.number}, "
            f"number {info.best.order} to end, after {info.best.device_seconds / length:.3g} "
            f"of {info.device_seconds / length:.3g} device {unit}."
        )
    if info.pruned:
        parts.append(f"Pruning saved {100 * (info.saved or 0.0):.0f} % of the epochs.")
    return " ".join(parts)
