"""How far each curve of a confirmation lies above or below the baseline, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from vsearch.reports.chart import BORDER, Axis, Chart, Line, Mark, Panel, Points, Rule
from vsearch.reports.figures.differences import ROLES, Difference, finite, in_words
from vsearch.reports.wording import counted

GROUP_GAP = 0.6
"""Rows between the curves and their controls."""
LEAST_MARGIN = 0.1
"""Points, beside curves that all equal the baseline."""
THICK, THIN = 6.0, 1.5
"""Pixels."""


class ForestRow(NamedTuple):
    """One curve beside the baseline."""

    label: str
    role: str
    """`candidate`, `paper` or `control`."""
    difference: Difference | None
    """None until a pair of trainings has finished."""
    detail: str = ""
    """More for a pointer: how the curve is written, what diverged."""


class ForestInfo(NamedTuple):
    """A confirmation's curves, in the order of the plan."""

    study: str
    rows: tuple[ForestRow, ...]
    sentence: str = ""
    """The verdict on the winner, in one sentence."""


class PlacedRow(NamedTuple):
    """A row with its place from the top."""

    at: float
    row: ForestRow
    difference: Difference


def placed_rows(rows: Sequence[ForestRow]) -> list[PlacedRow]:
    """The rows that have a difference, top down: the curves by their difference, then, set apart, their controls."""
    known = [(row, row.difference) for row in rows if row.difference is not None]
    found: list[PlacedRow] = []
    for is_control in (False, True):
        group = [pair for pair in known if (pair[0].role == "control") is is_control]
        group.sort(key=lambda pair: -pair[1].mean)
        start = found[-1].at + 1 + GROUP_GAP if found else 0.0
        found += [PlacedRow(start + place, *pair) for place, pair in enumerate(group)]
    return found


def forest_chart(info: ForestInfo) -> Chart:
    """Paired differences in points from left to right, a row for each curve, controls set apart below."""
    placed = placed_rows(info.rows)
    end = placed[-1].at if placed else 0.0
    rows = Axis("", low=end + 0.7, high=-1.1, ticks=tuple((each.at, each.row.label) for each in placed))
    marks = (Rule(0, "baseline", is_vertical=True), *_between(placed), *_intervals(placed), *_means(placed))
    panel = Panel(
        Axis("Points above the baseline", *_reach(placed)),
        rows,
        marks if placed else (),
        empty="" if placed else "No curve has a pair of finished trainings with the baseline yet.",
    )
    title = f"Is it better than the plain network? {info.study}"
    return Chart("forest", title, (panel,), _alternative(info, placed), _note(info, placed))


def _reach(placed: Sequence[PlacedRow]) -> tuple[float, float]:
    """Ends of the horizontal axis, with a margin: zero and everything that is drawn lie between them."""
    ends = [0.0]
    for each in placed:
        intervals = (finite(each.difference.interval), finite(each.difference.decisive))
        ends += [each.difference.mean, *(end for interval in intervals for end in interval or ())]
    margin = 0.05 * (max(ends) - min(ends)) or LEAST_MARGIN
    return min(ends) - margin, max(ends) + margin


def _between(placed: Sequence[PlacedRow]) -> list[Mark]:
    """A thin line between the curves and their controls."""
    first = next((each.at for each in placed if each.row.role == "control"), 0.0)
    return [Rule(first - (1 + GROUP_GAP) / 2, dash="solid", colour=BORDER)] if first else []


def _intervals(placed: Sequence[PlacedRow]) -> list[Mark]:
    marks: list[Mark] = []
    for each in placed:
        for interval, width in ((each.difference.decisive, THIN), (each.difference.interval, THICK)):
            if (ends := finite(interval)) is not None:
                colour, hover = ROLES[each.row.role].colour, _hover(each)
                marks.append(Line(ends, (each.at, each.at), colour=colour, width=width, hover=hover))
    return marks


def _means(placed: Sequence[PlacedRow]) -> list[Mark]:
    marks: list[Mark] = []
    for role, look in ROLES.items():
        rows = [each for each in placed if each.row.role == role]
        x, y = tuple(each.difference.mean for each in rows), tuple(each.at for each in rows)
        if rows:
            hover = tuple(_hover(each) for each in rows)
            marks.append(Points(x, y, look.name, look.colour, look.symbol, 11, hover))
    return marks


def _hover(each: PlacedRow) -> str:
    return "\n".join(filter(None, (each.row.label, in_words(each.difference), each.row.detail)))


def _alternative(info: ForestInfo, placed: Sequence[PlacedRow]) -> str:
    if not placed:
        return "No curve has a pair of finished trainings with the baseline yet."
    listed = "; ".join(f"{each.row.label} ({each.row.role}): {in_words(each.difference)}" for each in placed)
    return " ".join(filter(None, (f"Paired differences to the baseline: {listed}.", info.sentence)))


def _note(info: ForestInfo, placed: Sequence[PlacedRow]) -> str:
    waiting = len(info.rows) - len(placed)
    parts = (
        info.sentence,
        "Thick: 95 % interval of a curve alone (paired t). Thin: corrected, from which verdicts are read."
        if placed
        else "",
        f"Without a finished pair, and so not shown: {counted(waiting, 'curve')}." if waiting and placed else "",
    )
    return " ".join(filter(None, parts))
