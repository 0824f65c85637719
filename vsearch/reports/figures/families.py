"""Families of curves compared on one data set and depth: best score, spread and cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median, quantiles
from typing import NamedTuple

from vsearch.reports.chart import COLOURS, GREY, INK, Axis, Chart, Label, Line, Mark, Panel, Points, Rule, panel_rows
from vsearch.reports.figures.setting import Setting, differing_words, setting_of
from vsearch.reports.score_noise import score_noise
from vsearch.reports.study_data import StudyData
from vsearch.reports.wording import counted, percent, points
from vsearch.search.trials import TrialResult

MOST_PANELS = 6
ROOM = 84
"""Characters above the panels of a row together; what does not fit there stands only in the pointer's text."""
LONG_LABEL, SHORT_LABEL = 18, 7
"""Characters with the room beside them: `12 trials, 40 min` and `40 min`."""


class FamilyResult(NamedTuple):
    """What one family has reached in one setting, over all studies that searched it there."""

    family: str
    studies: tuple[str, ...]
    best: float | None
    """Highest accuracy of a finished trial, searched or published, in [0, 1]."""
    study: str
    """Of the best trial; empty without one."""
    number: int | None
    """Of the best trial in that study."""
    difference: float | None
    """Of the best to its own study's baseline, in points; None while that baseline has not finished."""
    noise: float | None
    """Standard deviation of one score of that study in points, as far as it is known."""
    median: float | None
    """Of the finished search trials."""
    low: float | None
    """The tenth that is worse ends here; equal to the median where there is one trial."""
    high: float | None
    """The tenth that is better begins here."""
    finished: int
    """Search trials that `median`, `low` and `high` are taken from."""
    trials: int
    """Finished and pruned, searched and published: the more, the luckier the best."""
    device_hours: float
    """For which workers held trials of this family, failed ones too."""


class SettingResult(NamedTuple):
    """The families of one data set and depth, best first."""

    setting: Setting
    words: str
    """What tells this setting from the others beside data set and depth; often nothing."""
    families: tuple[FamilyResult, ...]
    baselines: tuple[float, ...]
    """Accuracies of the studies' baselines, highest first."""

    @property
    def title(self) -> str:
        """`CIFAR-10, ResNet-32, 8 epochs`."""
        return f"{self.setting.title}{', ' * bool(self.words)}{self.words}"


class FamiliesInfo(NamedTuple):
    """All settings, by data set and depth."""

    settings: tuple[SettingResult, ...]


class _Entry(NamedTuple):
    data: StudyData
    trial: TrialResult


def families_info(studies: Sequence[StudyData]) -> FamiliesInfo:
    """What each family has reached on each data set and depth.

    Studies are put together only where their trials were trained and scored alike. A trial counts for the family of its
    curve; the baseline counts for none.
    """
    groups: dict[Setting, list[StudyData]] = {}
    for data in studies:
        groups.setdefault(setting_of(data.spec), []).append(data)
    words = differing_words(list(groups))
    results = [_setting_result(setting, words[setting], group) for setting, group in groups.items()]
    return FamiliesInfo(tuple(sorted(results, key=lambda row: (row.setting.dataset, row.setting.depth, row.words))))


def _setting_result(setting: Setting, words: str, group: list[StudyData]) -> SettingResult:
    entries: dict[str, list[_Entry]] = {name: [] for data in group for name in data.spec.families}
    for data in group:
        for trial in data.trials:
            if trial.curve is not None and trial.role != "baseline":
                entries.setdefault(trial.curve.family, []).append(_Entry(data, trial))
    found = [_family_result(name, rows, group) for name, rows in entries.items()]
    found.sort(key=lambda row: (-(row.best if row.best is not None else -1.0), row.family))
    baselines = (data.baseline.accuracy for data in group if data.baseline is not None)
    ranked = sorted((score for score in baselines if score is not None), reverse=True)
    return SettingResult(setting, words, tuple(found), tuple(ranked))


def _family_result(family: str, entries: list[_Entry], group: list[StudyData]) -> FamilyResult:
    finished = [entry for entry in entries if entry.trial.is_finished and _score(entry.trial) is not None]
    best = max(finished, key=lambda entry: (entry.trial.accuracy or 0.0, -entry.trial.number), default=None)
    searched = [entry.trial.accuracy or 0.0 for entry in finished if entry.trial.role == "search"]
    seconds = sum(entry.data.device_seconds.get(entry.trial.number, entry.trial.seconds) for entry in entries)
    return FamilyResult(
        family=family,
        studies=tuple(dict.fromkeys(data.name for data in group if family in data.spec.families)),
        best=None if best is None else best.trial.accuracy,
        study="" if best is None else best.data.name,
        number=None if best is None else best.trial.number,
        difference=None if best is None else best.data.difference(best.trial),
        noise=None if best is None else score_noise(best.data).points,
        median=median(searched) if searched else None,
        low=_tenths(searched)[0] if searched else None,
        high=_tenths(searched)[-1] if searched else None,
        finished=len(searched),
        trials=sum(entry.trial.state in ("finished", "pruned") for entry in entries),
        device_hours=seconds / 3600,
    )


def _score(trial: TrialResult) -> float | None:
    return trial.accuracy if trial.accuracy is not None and math.isfinite(trial.accuracy) else None


def _tenths(scores: list[float]) -> list[float]:
    return quantiles(scores, n=10, method="inclusive") if len(scores) > 1 else scores


def families_chart(info: FamiliesInfo) -> Chart:
    """A panel for each data set and depth, six at most: first those with the most families to compare."""
    ranked = sorted(info.settings, key=lambda row: (-_compared(row), -sum(entry.trials for entry in row.families)))
    kept = [row for row in info.settings if row in ranked[:MOST_PANELS]]
    room = ROOM // max(len(panel_rows(len(kept))[0]), 1)
    panels = tuple(_panel(row, room) for row in kept) or (
        Panel(Axis(""), Axis("Validation accuracy"), empty="No study to compare."),
    )
    left_out = [row.title for row in info.settings if row not in kept]
    alternative = " ".join(map(_sentences, info.settings)) or "No study to compare."
    return Chart("families", "Families of curves compared", panels, alternative, _note(left_out))


def _compared(row: SettingResult) -> int:
    return sum(entry.best is not None for entry in row.families)


def _panel(row: SettingResult, room: int) -> Panel:
    shown = [entry for entry in row.families if entry.best is not None]
    axis = Axis(
        "Family, best first",
        low=-0.6,
        high=len(shown) - 0.4,
        ticks=tuple((place, entry.family) for place, entry in enumerate(shown)),
    )
    if not shown:
        return Panel(
            axis, Axis("Validation accuracy"), title=row.title, empty="No curve beside the baseline has finished yet."
        )
    baselines = [Rule(score, "" if place else "baseline") for place, score in enumerate(row.baselines)]
    marks = (*baselines, *_spreads(shown), _bests(shown), *_costs(shown, room))
    return Panel(axis, Axis("Validation accuracy", is_percent=True), marks, row.title)


def _spreads(shown: list[FamilyResult]) -> list[Mark]:
    known = [(place, entry) for place, entry in enumerate(shown) if entry.median is not None]
    if not known:
        return []
    x = tuple(float(place) for place, _ in known for _ in range(3))
    y = tuple(end for _, entry in known for end in (entry.low, entry.high, None))
    hover = tuple(f"{entry.family}: median {percent(entry.median)} of {entry.finished}" for _, entry in known)
    places, medians = tuple(float(place) for place, _ in known), tuple(entry.median or 0.0 for _, entry in known)
    return [
        Line(x, y, "10 to 90 % of search trials", GREY, width=5),
        Points(places, medians, "median", INK, "square", 8, hover),
    ]


def _bests(shown: list[FamilyResult]) -> Points:
    places = tuple(map(float, range(len(shown))))
    scores = tuple(entry.best or 0.0 for entry in shown)
    return Points(places, scores, "best", COLOURS[1], "diamond", 11, tuple(map(_words, shown)))


def _costs(shown: list[FamilyResult], room: int) -> list[Mark]:
    if SHORT_LABEL * len(shown) > room:
        return []
    is_long = LONG_LABEL * len(shown) <= room
    return [
        Label(place, f"{counted(entry.trials, 'trial')}, {_hours(entry)}" if is_long else _hours(entry))
        for place, entry in enumerate(shown)
    ]


def _hours(entry: FamilyResult) -> str:
    if entry.device_hours < 1:
        return f"{60 * entry.device_hours:.0f} min"
    return f"{entry.device_hours:.2g} h" if entry.device_hours < 10 else f"{entry.device_hours:.0f} h"


def _words(entry: FamilyResult) -> str:
    if entry.best is None:
        return f"{entry.family}: no curve has finished"
    gain = "" if entry.difference is None else f", {points(entry.difference)} points against the baseline"
    spread = (
        ""
        if entry.median is None
        else f", median {percent(entry.median)}, 10 to 90 % {percent(entry.low)} to {percent(entry.high)}"
    )
    cost = f"{counted(entry.trials, 'trial')}, {_hours(entry)} of a device"
    return f"{entry.family}: best {percent(entry.best)} (trial {entry.number} of {entry.study}){gain}{spread}; {cost}"


def _sentences(row: SettingResult) -> str:
    baselines = f"baseline {' and '.join(map(percent, row.baselines))}. " if row.baselines else ""
    return f"{row.title}: {baselines}{'. '.join(map(_words, row.families))}."


def _note(left_out: list[str]) -> str:
    more = f" Not shown, for want of room: {'; '.join(left_out)}." if left_out else ""
    return (
        "The best is the luckiest of that many noisy scores: a family with more trials has more luck. Only studies "
        f"that train and score alike share a panel; the hours are those of devices, failed trials included.{more}"
    )
