"""Where the panels of a chart stand in Plotly's figure: beside each other in rows, or in a column on a narrow page."""

from __future__ import annotations

from vsearch.reports.chart import Bars, Chart, ColourBar, Panel, panel_rows
from vsearch.reports.drawing.plotly_axes import key, short
from vsearch.reports.drawing.plotly_marks import Content

INNER_WIDTH = 520
"""Pixels between the margins of a figure 600 wide, for which gaps are reckoned."""
BAR_ROOM, AXIS_ROOM, CHARACTER = 72, 68, 6.8
"""Pixels that a colour bar, an axis with its title, and a character of a tick's text take."""
GAP, FOOT = 110, 90
"""Pixels between two rows of panels, and below the last one with the legend."""
MARGIN = 14
"""Pixels to the right of a figure without a colour bar there."""


def colour_bar(panel: Panel) -> ColourBar | None:
    """A panel's colour bar; None where there is nothing to see."""
    return None if panel.empty else panel.colour_bar


def right_margin(chart: Chart) -> int:
    """Pixels: room for the colour bars of the panels at the right end."""
    ends = [row[-1] for row in panel_rows(len(chart.panels)) if row]
    return BAR_ROOM if any(colour_bar(chart.panels[index]) for index in ends) else MARGIN


def wide(chart: Chart, height: float, top: float) -> Content:
    """Paths in the layout and their values where panels stand side by side.

    Each is as high as it would be alone in a figure `height` pixels high, with a title of `top` pixels.
    """
    rows = panel_rows(len(chart.panels))
    downs, total = _downs(len(rows), height, top)
    content: Content = {"height": total} if len(rows) > 1 else {}
    for row, down in zip(rows, downs, strict=True):
        for index, across in zip(row, _acrosses(chart, rows), strict=False):
            content |= _spot(chart, index + 1, across, down)
    return content


def narrow(chart: Chart, height: float, top: float) -> Content:
    """The same where they stand in a column; empty for a single panel."""
    count = len(chart.panels)
    if count < 2:
        return {}
    downs, total = _downs(count, height, top)
    content: Content = {"height": total, "margin.r": BAR_ROOM if any(map(colour_bar, chart.panels)) else MARGIN}
    for number, down in enumerate(downs, start=1):
        content |= _spot(chart, number, (0.0, 1.0), down)
    return content


def _downs(count: int, height: float, top: float) -> tuple[list[tuple[float, float]], float]:
    """From where to where each of `count` rows reaches, the first on top, and the height of the whole figure."""
    if count == 1:
        return [(0.0, 1.0)], height
    inside = height - top - FOOT
    column = count * inside + (count - 1) * GAP
    uppers = [1 - row * (inside + GAP) / column for row in range(count)]
    return [(max(upper - inside / column, 0.0), upper) for upper in uppers], top + FOOT + column


def _acrosses(chart: Chart, rows: list[range]) -> list[tuple[float, float]]:
    """From where to where each column of panels reaches: all are equally wide, with room for the widest axis."""
    columns = [[row[place] for row in rows if place < len(row)] for place in range(len(rows[0]))]
    rooms = [
        (
            max(_room_left(chart.panels[index]) for index in column) if place else 0.0,
            max(_room_right(chart, index) for index in column) if place + 1 < len(columns) else 0.0,
        )
        for place, column in enumerate(columns)
    ]
    width = (1 - min(sum(map(sum, rooms)) / INNER_WIDTH, 0.6)) / max(len(rooms), 1)
    scale = (1 - width * len(rooms)) / max(sum(map(sum, rooms)), 1)
    found, left = [], 0.0
    for before, after in rooms:
        left += before * scale
        found.append((left, left + width))
        left += width + after * scale
    return found


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
    """Pixels for a panel's colour bar where another panel follows; at the right end it stands in the margin."""
    return BAR_ROOM + 10 if colour_bar(chart.panels[index]) else 0.0
