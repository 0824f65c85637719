"""Paired differences to the baseline as the figures of planned studies show them."""

from __future__ import annotations

import math
from typing import NamedTuple

from vsearch.reports.chart import COLOURS
from vsearch.reports.wording import counted, points

Interval = tuple[float, float]


class Difference(NamedTuple):
    """What a curve gains over the baseline, from trainings of both with the same seeds; all numbers in points."""

    mean: float
    n: int
    """Pairs of trainings, one for each seed that both have finished."""
    interval: Interval | None = None
    """95 % interval of this curve alone; None with a single pair."""
    decisive: Interval | None = None
    """What the verdict is read from: corrected for all compared curves, and for looking where seeds are added; None
    where that is `interval`."""
    verdict: str = ""
    """`confirmed`, `not shown`, `worse`; empty where none is given."""


class Look(NamedTuple):
    """How points of one role are told apart, also without colours."""

    colour: str
    symbol: str
    name: str
    """In the legend."""


ROLES = {
    "baseline": Look("#222222", "square", "baseline"),
    "candidate": Look(COLOURS[0], "circle", "curves of the search"),
    "paper": Look(COLOURS[1], "diamond", "the paper's curve"),
    "control": Look(COLOURS[2], "triangle-up", "controls"),
}
"""In the order of their groups, from the top."""


def finite(interval: Interval | None) -> Interval | None:
    """The interval, or None where one of its ends is no number that could be drawn."""
    return interval if interval is not None and all(map(math.isfinite, interval)) else None


def span(interval: Interval) -> str:
    """`-0.10 to +0.52`."""
    return f"{points(interval[0])} to {points(interval[1])}"


def in_words(difference: Difference) -> str:
    """The difference with its intervals, number of pairs and verdict, as a part of a sentence."""
    interval, decisive = finite(difference.interval), finite(difference.decisive)
    parts = [
        f"{points(difference.mean)} points",
        f"95 % interval {span(interval)}" if interval else "no interval",
        f"corrected {span(decisive)}" if decisive else "",
        f"{counted(difference.n, 'pair')} of seeds",
        difference.verdict,
    ]
    return ", ".join(part for part in parts if part)
