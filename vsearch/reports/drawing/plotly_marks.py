"""The marks of a panel as Plotly's traces, shapes and annotations: plain dicts, made without loading Plotly."""

from __future__ import annotations

import html
import math
from textwrap import wrap
from typing import Any, NamedTuple

from vsearch.reports.chart import BORDER, GREY, INK, Axis, Band, Bars, Cells, Label, Line, Mark, Points, Rule
from vsearch.reports.wording import plain

Content = dict[str, Any]
SYMBOLS = {
    "circle": "circle",
    "square": "square",
    "diamond": "diamond",
    "cross": "x-thin",
    "triangle-up": "triangle-up",
}
WHITE_EDGE_FROM = 6
"""Diameter in pixels; smaller dots would look like gaps in their line."""
SMALL = 12
"""Font size of what is said inside a panel."""


class Place(NamedTuple):
    """Where a panel's marks go: its axes in the figure, and how their numbers read."""

    number: int
    """From 1, as Plotly counts."""
    x: Axis
    y: Axis

    def axis(self, letter: str) -> str:
        """The axis as traces name it: `x`, `y2`."""
        return letter + (str(self.number) if self.number > 1 else "")

    @property
    def axes(self) -> Content:
        """Both axes, for a trace."""
        return {"xaxis": self.axis("x"), "yaxis": self.axis("y")}


def escaped(words: str) -> str:
    """A plain text such that Plotly shows it as it is: no tags, entities or templates; a newline breaks the line.

    >>> escaped("<b> & %{x}")
    '&lt;b&gt; &amp; %&#123;x}'
    """
    safe = html.escape(plain(words, keep="\n"), quote=False)
    return safe.replace("%{", "%&#123;").replace("\n", "<br>")


def wrapped(words: str, width: int, most: int | None = None) -> list[str]:
    """A plain text as escaped lines of at most `width` characters each; cut after `most` lines."""
    return [escaped(line) for line in wrap(words, width, max_lines=most, placeholder="…")]


def traces(mark: Mark, place: Place) -> list[Content]:
    """What Plotly draws for a mark; nothing for rules and labels."""
    if isinstance(mark, Line):
        return [_line(mark, place)]
    if isinstance(mark, Band):
        return [_band(mark, place)]
    if isinstance(mark, Points):
        return [_points(mark, place)]
    if isinstance(mark, Cells):
        return [*_squares(mark, place), _cell_texts(mark, place)]
    return [_bars(mark, place)] if isinstance(mark, Bars) else []


def rule_shape(rule: Rule, place: Place) -> Content:
    """The line across the panel."""
    along, across = ("x", "y") if rule.is_vertical else ("y", "x")
    return {
        "type": "line",
        "layer": "below"
        if rule.is_vertical
        else "above",  # below the grid, which would cover a level on one of its lines
        f"{along}ref": place.axis(along),
        f"{across}ref": f"{place.axis(across)} domain",
        f"{along}0": rule.at,
        f"{along}1": rule.at,
        f"{across}0": 0,
        f"{across}1": 1,
        "line": {"color": rule.colour, "width": 1, "dash": rule.dash},
    }


def annotation(mark: Mark, place: Place) -> Content | None:
    """The text of a rule or a label; None for other marks and where there is nothing to say."""
    if isinstance(mark, Label):
        return _text(mark.text, place, GREY) | {"x": _shown(mark.x, place.x), "xref": place.axis("x")} | _ABOVE
    if not isinstance(mark, Rule) or not mark.label:
        return None
    text = _text(mark.label, place, mark.colour) | {"bgcolor": "rgba(255,255,255,0.7)", "borderpad": 1}
    if mark.is_vertical:
        text |= {"x": _shown(mark.at, place.x), "xref": place.axis("x"), "xanchor": "left"}
        return text | {"y": 1, "yanchor": "top"}
    text |= {"y": _shown(mark.at, place.y), "yref": place.axis("y"), "yanchor": "bottom"}
    return text | {"x": 1, "xanchor": "right"}


def middle_text(words: str, place: Place, width: int) -> Content:
    """A text in the middle of a panel, in lines of `width` characters."""
    lines = {"text": "<br>".join(wrapped(words, width))}
    return _text("", place, GREY) | lines | {"x": 0.5, "xanchor": "center", "y": 0.5, "yanchor": "middle"}


def title_text(lines: list[str], place: Place, above: int) -> Content:
    """A panel's title in escaped lines, `above` pixels over its upper edge."""
    text = _text("", place, INK) | {"text": "<br>".join(f"<b>{line}</b>" for line in lines)} | _ABOVE
    return text | {"x": 0, "xanchor": "left", "align": "left", "yshift": above}


_ABOVE: Content = {"y": 1, "yanchor": "bottom"}


def _text(words: str, place: Place, colour: str) -> Content:
    refs = {"xref": f"{place.axis('x')} domain", "yref": f"{place.axis('y')} domain"}
    font = {"size": SMALL, "color": colour}
    return {"text": escaped(words), "showarrow": False, "font": font, "borderpad": 0, **refs}


def _shown(value: float, axis: Axis) -> float:
    """Annotations, and only they, count a logarithmic axis in powers of ten."""
    return math.log10(value) if axis.is_log and value > 0 else value


def _line(line: Line, place: Place) -> Content:
    shape = {"shape": "hv"} if line.is_step else {}
    trace: Content = {
        "type": "scatter",
        "x": list(line.x),
        "y": list(line.y),
        "mode": "lines+markers" if line.dots else "lines",
        "line": {"color": line.colour, "dash": line.dash, "width": line.width, **shape},
        "hovertemplate": _template(line.name if not line.hover else "", line.hover, place),
        **place.axes,
    }
    if line.dots:
        trace["marker"] = _marker(line.colour, "circle", line.dots)
    return trace


def _band(band: Band, place: Place) -> Content:
    red, green, blue = (int(band.colour[i : i + 2], 16) for i in (1, 3, 5))
    return {
        "type": "scatter",
        "x": [*band.x, *reversed(band.x)],
        "y": [*band.high, *reversed(band.low)],
        "mode": "lines",
        "line": {"width": 0},
        "fill": "toself",
        "fillcolor": f"rgba({red},{green},{blue},{band.opacity:g})",
        "hoverinfo": "skip",
        **place.axes,
    }


def _points(points: Points, place: Place) -> Content:
    trace: Content = {
        "type": "scatter",
        "x": list(points.x),
        "y": list(points.y),
        "mode": "markers",
        "marker": _marker(points.colour, points.symbol, points.size),
        **_hovers(points.hover, points.name, place),
        **place.axes,
    }
    if points.errors:
        lengths = [error or None for error in points.errors]
        trace["error_y"] = {"type": "data", "array": lengths, "thickness": 1, "width": 3, "color": points.colour}
    return trace


def _bars(bars: Bars, place: Place) -> Content:
    return {
        "type": "bar",
        "orientation": "h",
        "x": list(bars.values),
        "y": list(range(len(bars.values))),
        "marker": {"color": bars.colour},
        **_hovers(bars.hover, bars.name, place),
        **place.axes,
    }


def _squares(cells: Cells, place: Place) -> list[Content]:
    look: Content = {"mode": "lines", "line": {"color": BORDER, "width": 1}, "fill": "toself", "hoverinfo": "skip"}
    return [
        {
            "type": "scatter",
            "x": [x - 0.5, x + 0.5, x + 0.5, x - 0.5, x - 0.5],
            "y": [y - 0.5, y - 0.5, y + 0.5, y + 0.5, y - 0.5],
            "fillcolor": colour,
            **look,
            **place.axes,
        }
        for x, y, colour in zip(cells.x, cells.y, cells.colours, strict=True)
    ]


def _cell_texts(cells: Cells, place: Place) -> Content:
    return {
        "type": "scatter",
        "x": list(cells.x),
        "y": list(cells.y),
        "mode": "text",
        "text": [escaped(text) for text in cells.texts],
        "textfont": {"size": SMALL, "color": INK},
        **_hovers(cells.hover, "", place),
        **place.axes,
    }


def _marker(colour: str, symbol: str, size: float) -> Content:
    marker: Content = {"color": colour, "size": size}
    if symbol == "cross":  # two bare lines: they take the edge's colour
        marker["line"] = {"color": colour, "width": 1.5}
    elif size > WHITE_EDGE_FROM:
        marker["line"] = {"color": "white", "width": 0.6}
    return marker if symbol == "circle" else marker | {"symbol": SYMBOLS[symbol]}


def _hovers(hovers: tuple[str, ...], name: str, place: Place) -> Content:
    if not hovers:
        return {"hovertemplate": _template(name, "", place)}
    return {"hovertext": [escaped(hover) for hover in hovers], "hovertemplate": "%{hovertext}<extra></extra>"}


def _template(head: str, foot: str, place: Place) -> str:
    """What a pointer shows: a name, the place in words of the axes, and a text."""
    parts = [escaped(head), _coordinate("x", place.x), _coordinate("y", place.y), escaped(foot)]
    return "<br>".join(part for part in parts if part) + "<extra></extra>"


def _coordinate(letter: str, axis: Axis) -> str:
    if axis.ticks:  # its numbers only stand for the texts
        return ""
    short = axis.title.split(",")[0].split(" (")[0]
    form = ":.2%" if axis.is_percent else "" if axis.is_whole else ":.4~g"
    return escaped(f"{short}: ") + f"%{{{letter}{form}}}"
