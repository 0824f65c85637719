"""The same family across depths and data sets: what its best curve gains over the baseline."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from vsearch.reports.chart import COLOURS, DASHES, Axis, Chart, Line, Mark, Panel, Points, Rule
from vsearch.reports.figures.families import FamilyResult, families_info
from vsearch.reports.figures.setting import Setting, differing_words
from vsearch.reports.study_data import StudyData
from vsearch.reports.wording import points

SYMBOLS = ("circle", "square", "diamond", "triangle-up")
"""Of lines that share a colour: a line of one depth is a single point, which has no dashes."""


class Gain(NamedTuple):
    """The best of a family at one depth."""

    depth: int
    difference: float
    """To its own study's baseline, in points."""
    noise: float | None
    """Standard deviation of that difference in points, as far as it is known: of two scores, not of the luck."""
    trials: int
    study: str
    number: int


class Transfer(NamedTuple):
    """One family on one data set, trained alike at every depth."""

    family: str
    dataset: str
    """As people write it."""
    words: str
    """What tells this setting from the others; often nothing."""
    gains: tuple[Gain, ...]
    """By depth."""

    @property
    def name(self) -> str:
        """`triangle, CIFAR-10`."""
        return ", ".join(filter(None, (self.family, self.dataset, self.words)))


class TransfersInfo(NamedTuple):
    """A line for each family and data set."""

    transfers: tuple[Transfer, ...]
    without_baseline: int
    """Bests whose study has no finished baseline: they have no difference."""


def transfers_info(studies: Sequence[StudyData]) -> TransfersInfo:
    """What the best of each family gains at each depth, for each data set and way of training."""
    settings = families_info(studies).settings
    words = differing_words([row.setting for row in settings])
    lines: dict[tuple[Setting, str], list[Gain]] = {}
    missing = 0
    for row in settings:
        for entry in row.families:
            gain = _gain(row.setting.depth, entry)
            missing += gain is None and entry.best is not None
            if gain is not None:
                lines.setdefault((row.setting._replace(depth=0), entry.family), []).append(gain)
    told = {setting._replace(depth=0): text for setting, text in words.items()}
    found = [
        Transfer(family, setting.dataset_title, told[setting], tuple(sorted(gains, key=lambda gain: gain.depth)))
        for (setting, family), gains in lines.items()
    ]
    return TransfersInfo(tuple(sorted(found, key=lambda line: (line.family, line.dataset, line.words))), missing)


def _gain(depth: int, entry: FamilyResult) -> Gain | None:
    if entry.difference is None or entry.number is None:
        return None
    noise = None if entry.noise is None else math.sqrt(2) * entry.noise
    return Gain(depth, entry.difference, noise, entry.trials, entry.study, entry.number)


def transfers_chart(info: TransfersInfo) -> Chart:
    """Differences in points against depth, a line for each family and data set."""
    depths = sorted({gain.depth for line in info.transfers for gain in line.gains})
    axis = Axis(
        "Depth of the network, in layers",
        low=depths[0] - 6 if depths else None,
        high=depths[-1] + 6 if depths else None,
        ticks=tuple((depth, str(depth)) for depth in depths),
    )
    marks = [mark for number, line in enumerate(info.transfers) for mark in _marks(number, line, len(info.transfers))]
    panel = Panel(
        axis,
        Axis("Best against the baseline, in points"),
        (Rule(0, "baseline"), *marks) if marks else (),
        empty="" if marks else _empty(info),
    )
    title = "The best curve's lead by depth and data set"
    return Chart("depths", title, (panel,), _alternative(info), _note(info))


def _marks(number: int, line: Transfer, count: int) -> list[Mark]:
    colour, turn = COLOURS[number % len(COLOURS)], number // len(COLOURS)
    dash, symbol = DASHES[turn % len(DASHES)], SYMBOLS[turn % len(SYMBOLS)]
    shift = 1.5 * (number - (count - 1) / 2) / max(1, count - 1)  # so that the bars of lines do not hide each other
    x = tuple(gain.depth + shift for gain in line.gains)
    y = tuple(gain.difference for gain in line.gains)
    errors = tuple(gain.noise or 0.0 for gain in line.gains)
    hover = tuple(_words(line, gain) for gain in line.gains)
    return [Line(x, y, "", colour, dash), Points(x, y, line.name, colour, symbol, 9, hover, errors)]


def _words(line: Transfer, gain: Gain) -> str:
    noise = "" if gain.noise is None else f" ± {gain.noise:.2f}"
    where = f"trial {gain.number} of {gain.study}, best of {gain.trials}"
    return f"{line.name}, depth {gain.depth}: {points(gain.difference)}{noise} points ({where})"


def _empty(info: TransfersInfo) -> str:
    if info.without_baseline:
        return "No study with a finished curve has a finished baseline yet."
    return "No curve beside baselines has finished yet."


def _alternative(info: TransfersInfo) -> str:
    if not info.transfers:
        return f"Nothing to compare: {_empty(info)}"
    listed = "; ".join(_words(line, gain) for line in info.transfers for gain in line.gains)
    return f"The best curve's difference to the baseline of its study, by family, data set and depth: {listed}."


def _note(info: TransfersInfo) -> str:
    number = info.without_baseline
    missing = f" Left out, as their study's baseline has not finished: {number}." if number else ""
    return (
        "Each point is the luckiest of many noisy scores, so a lead above 0 is expected even of equal curves. Bars: "
        "one standard deviation of the difference of two scores, as far as it is known. A line joins only studies that "
        f"train and score alike; its points stand a little beside their depth.{missing}"
    )
