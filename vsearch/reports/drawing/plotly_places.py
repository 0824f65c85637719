"""Where the panels of a chart stand in Plotly's figure: beside each other, or in a column on a narrow page."""

from __future__ import annotations

from vsearch.reports.chart import Bars, Chart, ColourBar, Panel
from vsearch.reports.drawing.plotly_axes import key, short
from vsearch.reports.drawing.plotly_marks import Content

INNER_WIDTH = 520
"""Pixels between the margins of a figure 600 wide, for which gaps are reckoned."""
BAR_ROOM, AXIS_ROOM, CHARACTER = 72, 68, 6.8
"""Pixels that a colour bar, an axis with its title, and a character of a tick's text take."""
MARGIN = 14
"""Pixels to the right of a figure without a colour bar there."""


def colour_bar(panel: Panel) -> ColourBar | None:
    """A panel's colour bar; None where there is nothing to see."""
    return None if panel.empty else panel.colour_bar


def right_margin(chart: Chart) -> int:
    """Pixels: room for the last panel's colour bar."""
    return BAR_ROOM if chart.panels and colour_bar(chart.panels[-1]) else MARGIN


def wide(chart: Chart) -> Content:
    """Paths in the layout and their values where the panels stand side by side."""
    rooms = [(_room_left(panel) if i else 0.0, _room_right(chart, i)) for i, panel in enumerate(chart.panels)]
    width = (1 - min(sum(map(sum, rooms)) / INNER_WIDTH, 0.6)) / max(len(rooms), 1)
    scale = (1 - width * len(rooms)) / max(sum(map(sum, rooms)), 1)
    content: Content = {}
    left = 0.0
    for number, (before, after) in enumerate(rooms, start=1):
        left += before * scale
        content |= _spot(chart, number, (left, left + width), (0.0, 1.0))
        left += width + after * scale
    return content


def narrow(chart: Chart, height: float, top: float) -> Content:
    """The same where they stand in a column, each as high as it was, in a figure `height` pixels high, title `top`.

    Empty for a single panel.
    """
    count = len(chart.panels)
    if count < 2:
        return {}
    outside = top + 90
    inside, gap = height - outside, 110
    column = count * inside + (count - 1) * gap
    content: Content = {
        "height": outside + column,
        "margin.r": BAR_ROOM if any(map(colour_bar, chart.panels)) else MARGIN,
    }
    for number in range(1, count + 1):
        upper = 1 - (number - 1) * (inside + gap) / column
        content |= _spot(chart, number, (0.0, 1.0), (max(upper - inside / column, 0.0), upper))
    return content


def _spot(chart: Chart, number: int, x: tuple[float, float], y: tuple[float, float]) -> Content:
    content: Content = {f"{key('x', number)}.domain": list(x), f"{key('y', number)}.domain": list(y)}
    if colour_bar(chart.panels[number - 1]):
        bar = f"{key('color', number)}.colorbar"
        content |= {f"{bar}.x": x[1], f"{bar}.xanchor": "left", f"{bar}.y": sum(y) / 2, f"{bar}.len": y[1] - y[0]}
    return content


def _room_left(panel: Panel) -> float:
    """Pixels between a panel and its left neighbour for its vertical axis."""
    bars = [label for mark in panel.marks if isinstance(mark, Bars) for label in mark.labels]
    texts = bars or [text for _, text in panel.y.ticks]
    return AXIS_ROOM + max((CHARACTER * len(short(text)) - 30 for text in texts), default=0.0)


def _room_right(chart: Chart, index: int) -> float:
    """Pixels for a panel's colour bar; the last one's stands in the margin."""
    return BAR_ROOM + 10 if colour_bar(chart.panels[index]) and index + 1 < len(chart.panels) else 0.0
