"""The picture of given curves, without any study: the shortcut scale of every block of one network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from vsearch.curves import Curve, shape
from vsearch.curves.axis import check_num_blocks
from vsearch.errors import shorten
from vsearch.reports.chart import COLOURS, DASHES, Axis, Chart, Line, Mark, Panel, Rule
from vsearch.reports.figures.stages import stage_marks

X_TITLE, Y_TITLE = "Residual block, from the input to the output", "Shortcut scale"


class ScalesLine(NamedTuple):
    """One curve: its name and one shortcut scale per block."""

    name: str
    scales: tuple[float, ...]


class ScalesInfo(NamedTuple):
    """All that the picture shows."""

    num_blocks: int
    lines: tuple[ScalesLine, ...]
    low: float
    """Lower end of the vertical axis; the baseline 1 is always in view."""
    high: float


class Style(NamedTuple):
    """How one line looks."""

    colour: str
    dash: str


def scales_info(curves: Mapping[str, Curve], num_blocks: int) -> ScalesInfo:
    """The scales of each curve at a network of `num_blocks` blocks; no curves give an empty picture with its titles.

    Raises:
        InputError: `num_blocks` is not 1 … 10000, or a list of levels does not fit it.
    """
    count = check_num_blocks(num_blocks)
    lines = tuple(ScalesLine(shorten(name), curve.scales(count)) for name, curve in curves.items())
    low, high = scale_limits([scale for line in lines for scale in line.scales])
    return ScalesInfo(count, lines, low, high)


def scales_chart(info: ScalesInfo) -> Chart:
    """Dots with thin lines, the baseline dashed, the borders of the stages marked."""
    blocks = tuple(float(block) for block in range(1, info.num_blocks + 1))
    marks: list[Mark] = [Rule(1.0, "baseline"), *stage_marks(info.num_blocks)]
    for number, line in enumerate(info.lines):
        style = line_style(number)
        marks.append(Line(blocks, line.scales, line.name, style.colour, style.dash, dots=dot_size(info.num_blocks)))
    x = Axis(X_TITLE, 0.5, info.num_blocks + 0.5, is_whole=True)
    title = f"{Y_TITLE} by depth: {info.num_blocks} residual block{'s' if info.num_blocks > 1 else ''}"
    return Chart("scales", title, (Panel(x, Axis(Y_TITLE, info.low, info.high), tuple(marks)),), _alternative(info))


def scale_limits(scales: list[float]) -> tuple[float, float]:
    """Ends of an axis of shortcut scales on which these and the baseline 1 are in view.

    >>> [round(end, 2) for end in scale_limits([1.0])]
    [0.86, 1.14]
    """
    values = [1.0, *scales]
    margin = max(0.08 * (max(values) - min(values)), 0.04)
    reach = 0.1  # a constant curve at 1 shall not look like noise
    return min(*values, 1 - reach) - margin, max(*values, 1 + reach) + margin


def line_style(number: int) -> Style:
    """The look of line `number` (from 0): first the colours, then the same colours with other dashes."""
    return Style(COLOURS[number % len(COLOURS)], DASHES[number // len(COLOURS) % len(DASHES)])


def dot_size(num_blocks: int) -> float:
    """The diameter of a block's dot in pixels: smaller where there are many."""
    return max(2.5, min(8.0, 220 / num_blocks))


def _alternative(info: ScalesInfo) -> str:
    if not info.lines:
        return f"No curves over {info.num_blocks} residual blocks; only the baseline, which is 1 everywhere."
    return " ".join([f"The scale of the shortcut at each of {info.num_blocks} blocks.", *map(_sentence, info.lines)])


def _sentence(line: ScalesLine) -> str:
    scales = line.scales
    if len(set(scales)) == 1:
        return f"{line.name}: {scales[0]:.4g} everywhere."
    highest, lowest = max(scales), min(scales)
    return (
        f"{line.name}: {scales[0]:.4g} at the first block, {scales[-1]:.4g} at the last; "
        f"highest {highest:.4g} at block {scales.index(highest) + 1}, "
        f"lowest {lowest:.4g} at block {scales.index(lowest) + 1}, mean {shape.mean(scales):.4g}."
    )
