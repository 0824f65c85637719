"""A figure as pages and texts take it in: picture, data for the browser, and its numbers as a table."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from typing import NamedTuple

from markupsafe import Markup

from vsearch.reports.chart import Axis, Band, Bars, Chart, Line, Panel, Points

ROWS = 120
"""Of a table of numbers in a page; the JSON report has all."""
_DRAWING = threading.Lock()
"""matplotlib's settings are the whole process's, and a server draws in several threads."""
_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


class NumberRow(NamedTuple):
    """One point of a figure, as text."""

    panel: str
    series: str
    x: str
    y: str


class FigureView(NamedTuple):
    """A figure in a page."""

    key: str
    """Unlike that of any other figure in the page; letters, digits and hyphens."""
    title: str
    note: str
    alternative: str
    picture: str
    """A `data:` address of an SVG."""
    data: Markup
    """JSON for Plotly that cannot end its element; empty in a page without scripts."""
    rows: tuple[NumberRow, ...]
    left_out: int
    """Points that the table does not show."""


def figure_view(chart: Chart, key: str, *, is_interactive: bool) -> FigureView:
    """Everything that a page shows of a chart; the page itself says its title and its note."""
    from vsearch.reports.drawing.matplotlib_chart import draw
    from vsearch.reports.drawing.plotly_chart import figure_json

    rows, bare = list(number_rows(chart)), chart._replace(title="", note="")
    with _DRAWING:
        picture = base64.b64encode(draw(bare, "svg")).decode()
    return FigureView(
        key=key,
        title=chart.title,
        note=chart.note,
        alternative=chart.alternative,
        picture=f"data:image/svg+xml;base64,{picture}",
        data=json_block(figure_json(bare)) if is_interactive else Markup(),
        rows=tuple(rows[:ROWS]),
        left_out=max(0, len(rows) - ROWS),
    )


def json_block(text: str) -> Markup:
    """JSON for the inside of a `script` element: the same JSON, with nothing in it that HTML takes for markup.

    >>> json_block('{"a": "</script>"}')
    Markup('{"a": "\\\\u003c/script\\\\u003e"}')
    """
    for character, escape in _UNSAFE.items():
        text = text.replace(character, escape)
    return Markup(text)


def number_rows(chart: Chart) -> Iterator[NumberRow]:
    """Every point of a chart, panel by panel and mark by mark."""
    for place, panel in enumerate(chart.panels, start=1):
        title = panel.title or (f"panel {place}" if len(chart.panels) > 1 else "")
        yield from _panel_rows(panel, title)


def _panel_rows(panel: Panel, title: str) -> Iterator[NumberRow]:
    for mark in panel.marks:
        if isinstance(mark, Line | Points):
            name = mark.name or (mark.hover.split("\n")[0] if isinstance(mark, Line) else "")
            for x, y in zip(mark.x, mark.y, strict=True):
                if y is not None:
                    yield NumberRow(title, name, _shown(x, panel.x), _shown(y, panel.y))
        elif isinstance(mark, Band):
            for x, low, high in zip(mark.x, mark.low, mark.high, strict=True):
                text = f"{_shown(low, panel.y)} to {_shown(high, panel.y)}"
                yield NumberRow(title, mark.name, _shown(x, panel.x), text)
        elif isinstance(mark, Bars):
            for label, value in zip(mark.labels, mark.values, strict=True):
                yield NumberRow(title, mark.name, label, _shown(value, panel.x))


def _shown(value: float, axis: Axis) -> str:
    for place, text in axis.ticks:
        if place == value:
            return text
    return f"{100 * value:.2f} %" if axis.is_percent else f"{value:.5g}"
