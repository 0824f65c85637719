"""The axes and colour scales of panels, as Plotly's layout has them."""

from __future__ import annotations

import math

from vsearch.reports.chart import GRID, SCALE, Axis, Band, Bars, Cells, ColourBar, Label, Line, Panel, Points, Rule
from vsearch.reports.drawing.plotly_marks import SMALL, Content, escaped, wrapped

LONGEST_TICK = 20
"""Characters of a tick's text; longer ones are cut."""

POINT = 0.01
"""A share that is shown as 1 %; numbers within a hundredth of it count as one."""


def axis_content(panel: Panel, letter: str, width: int) -> Content:
    """The horizontal (`x`) or vertical (`y`) axis of a panel; its title in lines of `width` characters."""
    axis = panel.x if letter == "x" else panel.y
    bars = next((mark for mark in panel.marks if isinstance(mark, Bars) and not panel.empty), None)
    content: Content = {
        "title": {"text": "<br>".join(wrapped(axis.title, width)), "standoff": 8, "font": {"size": 13}},
        "tickfont": {"size": SMALL},
        "gridcolor": GRID,
        "showgrid": (letter == "y") is (bars is None),
        "zeroline": False,
        "showline": True,
        "linecolor": "#999999",
        "ticks": "outside",
        "tickcolor": "#999999",
        "automargin": True,
    }
    if bars is not None and letter == "y":
        return content | _bar_labels(bars)
    if panel.empty and (axis.low is None or axis.high is None):
        return content | {"range": [0, 1], "showticklabels": False, "ticks": ""}
    return content | _ticks(axis, panel, letter, width) | _limits(axis, panel, letter)


def _bar_labels(bars: Bars) -> Content:
    count = len(bars.labels)
    texts = [escaped(short(label)) for label in bars.labels]
    ticks = {"tickmode": "array", "tickvals": list(range(count)), "ticktext": texts, "ticks": ""}
    return {**ticks, "range": [count - 0.5, -0.5]}


def _ticks(axis: Axis, panel: Panel, letter: str, width: int) -> Content:
    if axis.ticks:
        values, texts = zip(*axis.ticks, strict=True)
        lines = max(width // len(texts), 8) if letter == "x" else LONGEST_TICK
        shown = ["<br>".join(wrapped(short(text), lines)) for text in texts]
        fixed = {"tickmode": "array", "tickvals": list(values), "ticktext": shown}
        return fixed | {"ticklabeloverflow": "allow"}
    content: Content = {"tickformat": ".2~%"} if axis.is_percent else {}
    if axis.is_whole and not axis.is_log:
        low, high = _reach(axis, panel, letter)
        content |= {"tickformat": ",d"} if high - low > 10 else {"tickformat": "d", "dtick": 1}
    if axis.is_log and letter == "x":
        content |= {"dtick": 1}  # the 2s and 5s between would touch
    return content | ({"tickangle": 0} if letter == "x" else {})


def _limits(axis: Axis, panel: Panel, letter: str) -> Content:
    """The ends of an axis; one that is not given fits the marks, which versions of Plotly do unlike each other."""
    content: Content = {"type": "log"} if axis.is_log else {"type": "linear"}
    low, high = (None if end is None or (axis.is_log and end <= 0) else end for end in (axis.low, axis.high))
    first, last = _reach(axis, panel, letter)
    if low is None and high is None:
        # Round a single number Plotly would show one unit up and down: for a share, 100 points.
        return content | (
            {"range": [first - POINT, last + POINT]} if axis.is_percent and last - first < POINT / 100 else {}
        )
    first, last = first if low is None else low, last if high is None else high
    if axis.is_log:
        return content | {"range": [math.log10(first), math.log10(last)]}
    margin = 0.05 * (last - first)
    return content | {"range": [first - margin * (low is None), last + margin * (high is None)]}


def _reach(axis: Axis, panel: Panel, letter: str) -> tuple[float, float]:
    """The least and the greatest number along an axis that it or a mark gives."""
    marks = [mark for mark in panel.marks if not isinstance(mark, Rule | Label)]
    values = [end for end in (axis.low, axis.high) if end is not None]
    values += [value for mark in marks for value in _values(mark, letter)]
    values += [mark.at for mark in panel.marks if isinstance(mark, Rule) and mark.is_vertical is (letter == "x")]
    shown = [value for value in values if math.isfinite(value) and (value > 0 or not axis.is_log)]
    return min(shown, default=1), max(shown, default=1)


def _values(mark: Line | Band | Points | Bars | Cells, letter: str) -> list[float]:
    if isinstance(mark, Bars):
        return [0.0, *mark.values] if letter == "x" else []
    if isinstance(mark, Cells):
        return [value + side for value in (mark.x if letter == "x" else mark.y) for side in (-0.5, 0.5)]
    if letter == "x":
        return list(mark.x)
    ends = (*mark.low, *mark.high) if isinstance(mark, Band) else mark.y
    return [value for value in ends if value is not None]


def colour_axis(bar: ColourBar) -> Content:
    """A colour scale with its bar; one number alone is the top of the scale, as for `colour_at`."""
    scale = [[place / (len(SCALE) - 1), colour] for place, colour in enumerate(SCALE)]
    ends = (bar.low, bar.high) if bar.high > bar.low else (bar.low - max(abs(bar.low), 1) * 1e-3, bar.low)
    only = {} if bar.high > bar.low else {"tickmode": "array", "tickvals": [bar.low]}
    look = {"thickness": 10, "outlinewidth": 0, "tickfont": {"size": 11}, "ypad": 0, "xpad": 8, "nticks": 6}
    title = {"text": "<br>".join(wrapped(bar.title, 40)), "side": "right", "font": {"size": SMALL}}
    form = {"tickformat": ".2~%"} if bar.is_percent else {}
    return {"colorscale": scale, "cmin": ends[0], "cmax": ends[1], "colorbar": look | {"title": title} | form | only}


def short(text: str) -> str:
    """The text of a tick, cut where it is long."""
    return text if len(text) <= LONGEST_TICK else text[: LONGEST_TICK - 1] + "…"


def key(letter: str, number: int) -> str:
    """An axis as the layout names it: `xaxis`, `yaxis2`, `coloraxis`."""
    return f"{letter}axis{number if number > 1 else ''}"
