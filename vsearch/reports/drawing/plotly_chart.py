"""A chart drawn by Plotly, for browsers: in the dashboard about 600 pixels wide, in pages wider or narrower.

The figure is a plain dict; `figure_json` stores and embeds it without loading Plotly, `plotly_figure` checks it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from vsearch.reports.chart import Cells, Chart, Label, Panel, Rule
from vsearch.reports.drawing.plotly_axes import key
from vsearch.reports.drawing.plotly_layout import layout
from vsearch.reports.drawing.plotly_marks import Content, Place, escaped, traces
from vsearch.reports.drawing.plotly_places import colour_bar

if TYPE_CHECKING:
    import plotly.graph_objects as go


def plotly_figure(chart: Chart) -> go.Figure:
    """The chart as Plotly's figure, with all digits."""
    import plotly.graph_objects as go

    content = _figure(chart)
    return go.Figure(content | {"layout": content["layout"] | {"template": "none"}})


def figure_json(chart: Chart) -> str:
    """The chart as compact JSON of `{"data": …, "layout": …}` that is safe inside a page's `<script>`.

    Numbers have five significant digits. `layout.meta` holds the chart's `name`, its `alternative` as plain text, and
    under `narrow` what `Plotly.relayout` is given where the figure is less than `narrow_below` pixels wide: panels in a
    column.
    """
    text = json.dumps(_rounded(_figure(chart)), separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _figure(chart: Chart) -> Content:
    data: list[Content] = []
    for number, panel in enumerate(chart.panels, start=1):
        place = Place(number, panel.x, panel.y)
        found = list(_panel_traces(panel, place))
        data += [*found, *_holder(panel, place, not found)]
    return {"data": data, "layout": layout(chart, _in_legend(data))}


def _panel_traces(panel: Panel, place: Place) -> Iterator[Content]:
    for mark in () if panel.empty else panel.marks:
        name = "" if isinstance(mark, Cells | Rule | Label) else mark.name
        for trace in traces(mark, place):
            yield trace | ({"name": escaped(name), "legendgroup": escaped(name)} if name else {"showlegend": False})


def _in_legend(data: list[Content]) -> bool:
    """Leave each name in the legend once; whether there is any."""
    seen: set[str] = set()
    for trace in data:
        if trace.get("name") in seen:
            trace["showlegend"] = False
        elif "name" in trace:
            seen.add(trace["name"])
            trace["showlegend"] = True
    return bool(seen)


def _holder(panel: Panel, place: Place, is_bare: bool) -> Iterator[Content]:
    """A trace without points: Plotly shows a panel, and a colour axis, only where a trace uses it."""
    bar = colour_bar(panel)
    if bar or is_bare:
        marker = {"marker": {"color": [bar.low], "coloraxis": key("color", place.number)}} if bar else {}
        nothing: Content = {"x": [None], "y": [None], "mode": "markers", "hoverinfo": "skip", "showlegend": False}
        yield {"type": "scatter", **nothing, **marker, **place.axes}


def _rounded(value: Any) -> Any:
    """The same with five significant digits; what is no number in JSON becomes null."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() else float(f"{value:.5g}")
