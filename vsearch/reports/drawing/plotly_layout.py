"""The layout of a chart as Plotly has it: heading, legend, axes, rules, texts and colour scales."""

from __future__ import annotations

from typing import NamedTuple

from vsearch.reports.chart import GREY, INK, Chart, Label, Panel, Rule, panel_rows
from vsearch.reports.drawing.plotly_axes import axis_content, colour_axis, key
from vsearch.reports.drawing.plotly_marks import (
    SMALL,
    Content,
    Place,
    annotation,
    middle_text,
    rule_shape,
    title_text,
    wrapped,
)
from vsearch.reports.drawing.plotly_places import colour_bar, narrow, right_margin, wide

HEIGHT, MOST_HEIGHT = 420, 450
"""Pixels; the dashboard's card has 450."""
NARROW, LEAST_WIDTH = 480, 280
"""Pixels: below the first panels stand in a column, and so they do where each would have less than the second."""
BASELINE = 27
"""Pixels from the upper edge to the foot of the title's first line."""
MOST_LINES = 3
"""Of a title; of a note twice as many. A study's name may be endless."""
BUTTONS_OFF = [
    *("sendChartToCloud", "sendDataToCloud"),  # nothing leaves the researcher's machine
    *("select2d", "lasso2d", "zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "autoScale2d"),  # they would cover the title
]
"""What Plotly's own buttons leave out; a drag zooms, a double click shows all again."""
LABEL_HEIGHT, PANEL_TITLE_HEIGHT = 16, 17
"""Pixels of the labels above a panel, and of each line of its title above them."""


def layout(chart: Chart, has_legend: bool) -> Content:
    """The layout for a figure about 600 pixels wide; `meta.narrow` what changes below `meta.narrow_below`."""
    count = max(len(panel_rows(len(chart.panels))[0]), 1)
    headroom = LABEL_HEIGHT * any(isinstance(mark, Label) for panel in chart.panels for mark in panel.marks)
    titles = [wrapped(panel.title, 64 // count) for panel in chart.panels]
    above = headroom + PANEL_TITLE_HEIGHT * max(map(len, titles), default=0)
    heading, small = _heading(chart, 62, 88), _heading(chart, 40, 54)
    height = min(HEIGHT + heading.height - 35, MOST_HEIGHT) if heading.height > 35 else HEIGHT
    content = _look(has_legend) | {"height": height, "shapes": [], "annotations": []}
    content["margin"] = {"l": 58, "r": right_margin(chart), "t": heading.height + above, "b": 56}
    for number, panel in enumerate(chart.panels, start=1):
        place = Place(number, panel.x, panel.y)
        _add_panel(content, panel, place, count)
        if panel.title:
            content["annotations"].append(title_text(titles[number - 1], place, headroom))
    for path, value in wide(chart, height, heading.height + above).items():
        _set(content, path, value)
    content["title"] |= {"text": heading.text, "y": 1 - BASELINE / content["height"]}
    column = narrow(chart, height - heading.height + small.height, small.height + above)
    if small.text != heading.text or column:
        column = {"height": height - heading.height + small.height} | column
        upper = 1 - BASELINE / column["height"]
        column = column | {"title.text": small.text, "title.y": upper}
        column["margin.t"] = small.height + above
    content["meta"] = {"name": chart.name, "alternative": chart.alternative, "narrow": column}
    content["meta"]["narrow_below"] = max(NARROW, LEAST_WIDTH * count) if column else NARROW
    return content


class Heading(NamedTuple):
    """A chart's title with its note below it."""

    text: str
    height: int
    """Pixels, with the room around it."""


def _heading(chart: Chart, title_width: int, note_width: int) -> Heading:
    """In lines of that many characters."""
    titles, notes = wrapped(chart.title, title_width, MOST_LINES), wrapped(chart.note, note_width, 2 * MOST_LINES)
    small = [f'<span style="font-size:{SMALL}px;color:{GREY}">{line}</span>' for line in notes]
    return Heading("<br>".join([*titles, *small]), 16 + 20 * (len(titles) + len(notes)))


def _look(has_legend: bool) -> Content:
    """What all charts have alike."""
    return {
        "title": {"font": {"size": 16}, "x": 0, "xref": "container", "xanchor": "left", "pad": {"l": 12}}
        # From the bottom, because only there one line and several stand alike.
        | {"yref": "container", "yanchor": "bottom"},
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": INK},
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "autosize": True,
        "hovermode": "closest",
        "modebar": {"bgcolor": "rgba(255,255,255,0.8)", "remove": BUTTONS_OFF},
        "hoverlabel": {"align": "left"},
        "bargap": 0.35,
        "showlegend": has_legend,
        "legend": {"orientation": "h", "font": {"size": SMALL}, "x": 0, "xanchor": "left"}
        | {"y": 0, "yref": "container", "yanchor": "bottom"},
    }


def _add_panel(content: Content, panel: Panel, place: Place, count: int) -> None:
    """Put the panel's axes, rules, texts and colour scale into the layout."""
    marks = () if panel.empty else panel.marks
    texts = [text for text in (annotation(mark, place) for mark in marks) if text is not None]
    if panel.empty:
        texts.append(middle_text(panel.empty, place, 60 // count))
    content["annotations"] += texts
    content["shapes"] += [rule_shape(mark, place) for mark in marks if isinstance(mark, Rule)]
    widths = 64 // count, 36
    for letter, width, other in zip("xy", widths, "yx", strict=True):
        content[key(letter, place.number)] = axis_content(panel, letter, width) | {"anchor": place.axis(other)}
    if bar := colour_bar(panel):
        content[key("color", place.number)] = colour_axis(bar)


def _set(content: Content, path: str, value: object) -> None:
    *folders, name = path.split(".")
    place = content
    for folder in folders:
        place = place.setdefault(folder, {})
    place[name] = value
