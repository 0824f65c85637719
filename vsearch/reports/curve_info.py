"""What the picture of curves shows, and how its lines look, whichever library draws it."""

from collections.abc import Mapping
from typing import NamedTuple

from vsearch.curves import Curve
from vsearch.curves.axis import check_num_blocks
from vsearch.errors import shorten

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Told apart by colour-blind readers too. Source: Okabe and Ito 2008, without black and yellow."""
DASHES = ("solid", "dash", "dot", "dashdot")
"""Used in turn when the colours have all been used."""
INK, GREY, GRID, BORDER = "#222222", "#6b6b6b", "#ececec", "#c8c8c8"
X_TITLE, Y_TITLE = "Residual block, from the input to the output", "Shortcut scale"
BASELINE_LABEL = "baseline"


class CurveLine(NamedTuple):
    """One curve: its name and one shortcut scale per block."""

    name: str
    scales: tuple[float, ...]


class CurveInfo(NamedTuple):
    """All that the picture shows."""

    title: str
    num_blocks: int
    lines: tuple[CurveLine, ...]
    stage_borders: tuple[float, ...]
    """Half-way between the last block of a stage and the first of the next; empty below three blocks."""
    low: float
    """Lower end of the vertical axis; the baseline 1 is always in view."""
    high: float


class Style(NamedTuple):
    """How one line looks."""

    colour: str
    dash: str


def curve_info(curves: Mapping[str, Curve], num_blocks: int) -> CurveInfo:
    """The scales of each curve at a network of `num_blocks` blocks; no curves give an empty picture with its titles.

    Raises:
        InputError: `num_blocks` is not 1 … 10000, or a list of levels does not fit it.
    """
    count = check_num_blocks(num_blocks)
    lines = tuple(CurveLine(shorten(name), curve.scales(count)) for name, curve in curves.items())
    values = [1.0, *(scale for line in lines for scale in line.scales)]
    margin = max(0.08 * (max(values) - min(values)), 0.04)
    reach = 0.1  # a constant curve at 1 shall not look like noise
    return CurveInfo(
        title=f"Shortcut scale by depth: {count} residual block{'s' if count > 1 else ''}",
        num_blocks=count,
        lines=lines,
        stage_borders=(count // 3 + 0.5, 2 * count // 3 + 0.5) if count >= 3 else (),
        low=min(*values, 1 - reach) - margin,
        high=max(*values, 1 + reach) + margin,
    )


def line_style(number: int) -> Style:
    """The look of line `number` (from 0): first the colours, then the same colours with other dashes."""
    return Style(COLOURS[number % len(COLOURS)], DASHES[number // len(COLOURS) % len(DASHES)])


def stages(info: CurveInfo) -> list[tuple[float, str]]:
    """The middle of each stage on the horizontal axis, and its label; none below three blocks."""
    borders = (0.5, *info.stage_borders, info.num_blocks + 0.5)
    if len(borders) < 4:
        return []
    return [(sum(borders[i : i + 2]) / 2, f"stage {i + 1}") for i in range(3)]


def dot_size(info: CurveInfo) -> float:
    """The diameter of a block's dot in pixels: smaller where there are many."""
    return max(2.5, min(8.0, 220 / info.num_blocks))
