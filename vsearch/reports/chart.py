"""What a figure shows, whichever library draws it: panels of lines, bands, points, bars, cells, and its alternative.

A figure is gathered once (`vsearch.reports.figures`) and drawn by Plotly for browsers or by matplotlib for files.
"""

from __future__ import annotations

from typing import NamedTuple

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""For kinds; told apart by colour-blind readers too. Source: Okabe and Ito 2008, without black and yellow."""
DASHES = ("solid", "dash", "dot", "dashdot")
"""Used in turn when the colours have all been used."""
INK, GREY, GRID, BORDER = "#222222", "#6b6b6b", "#ececec", "#c8c8c8"
SCALE = ("#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838")
"""For numbers, from low to high, growing lighter; also without colours. Source: Nuñez et al. 2018 (cividis)."""


MOST_IN_ROW = 2
"""Panels beside each other; more would be too small to read, on paper above all."""


class Line(NamedTuple):
    """Points joined by a line; None in `y` leaves a gap."""

    x: tuple[float, ...]
    y: tuple[float | None, ...]
    name: str = ""
    """In the legend; empty: not there."""
    colour: str = INK
    dash: str = "solid"
    """One of `DASHES`."""
    width: float = 1.5
    """Pixels."""
    dots: float = 0.0
    """Diameter of the points' dots in pixels; 0 for none."""
    hover: str = ""
    """What a pointer shows beside the point's place, the same for all of the line; lines are separated by a newline."""
    is_step: bool = False
    """Level until the next point, as a best-so-far is."""


class Band(NamedTuple):
    """The area between two lines, such as a quantile band."""

    x: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    name: str = ""
    colour: str = GREY
    opacity: float = 0.2


class Points(NamedTuple):
    """Single points, each with its text for a pointer and, if given, an error bar of half that length."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    name: str = ""
    colour: str = INK
    symbol: str = "circle"
    """`circle`, `square`, `diamond`, `cross` (for what was broken off) or `triangle-up`."""
    size: float = 7.0
    """Diameter in pixels."""
    hover: tuple[str, ...] = ()
    """One for each point, or none at all."""
    errors: tuple[float, ...] = ()
    """Half-widths of vertical error bars; none at all, or one for each point (0 for no bar)."""


class Bars(NamedTuple):
    """Horizontal bars, the first at the top; a panel with bars holds nothing else."""

    labels: tuple[str, ...]
    values: tuple[float, ...]
    name: str = ""
    colour: str = COLOURS[0]
    hover: tuple[str, ...] = ()


class Cells(NamedTuple):
    """Squares of one unit with a text each, as of a table whose rows and columns are whole numbers on the axes."""

    x: tuple[float, ...]
    """Of the centres."""
    y: tuple[float, ...]
    texts: tuple[str, ...]
    """Shown inside; lines are separated by a newline."""
    colours: tuple[str, ...]
    """Light ones: the texts are dark."""
    hover: tuple[str, ...]


class Rule(NamedTuple):
    """A straight line across the panel."""

    at: float
    label: str = ""
    is_vertical: bool = False
    dash: str = "dash"
    colour: str = GREY


class Label(NamedTuple):
    """A short text above the panel's upper edge, such as the name of a stage."""

    x: float
    text: str


Mark = Line | Band | Points | Bars | Cells | Rule | Label


class Axis(NamedTuple):
    """An axis; without limits it fits the marks."""

    title: str
    low: float | None = None
    high: float | None = None
    is_percent: bool = False
    """The numbers are fractions, shown as percent."""
    is_whole: bool = False
    """Only whole numbers are marked."""
    is_log: bool = False
    ticks: tuple[tuple[float, str], ...] = ()
    """The only places that are marked, with their texts (names of families for example)."""


class ColourBar(NamedTuple):
    """What the colours of lines mean: numbers from `low` to `high` along `SCALE`."""

    title: str
    low: float
    high: float
    is_percent: bool = False


class Panel(NamedTuple):
    """One pair of axes."""

    x: Axis
    y: Axis
    marks: tuple[Mark, ...] = ()
    title: str = ""
    colour_bar: ColourBar | None = None
    empty: str = ""
    """Shown in the middle instead of marks: why there is nothing to see."""


class Chart(NamedTuple):
    """A whole figure: panels side by side in rows, or below each other where the page is narrow."""

    name: str
    """Its identifier: lower-case letters and hyphens, such as `curves`."""
    title: str
    panels: tuple[Panel, ...]
    alternative: str
    """What the picture says, in a few sentences with its numbers, for those who cannot see it."""
    note: str = ""
    """A line below it: how it was reckoned, what it does not show."""


def panel_rows(count: int) -> list[range]:
    """The places of a figure's panels, row by row, where there is room for several beside each other.

    >>> panel_rows(2), panel_rows(5)
    ([range(0, 2)], [range(0, 2), range(2, 4), range(4, 5)])
    """
    return [range(first, min(first + MOST_IN_ROW, count)) for first in range(0, max(count, 1), MOST_IN_ROW)]


def colour_at(value: float, low: float, high: float) -> str:
    """The colour of a number between `low` and `high` along `SCALE`, as `#rrggbb`; those beyond take the ends' colours.

    >>> colour_at(0.0, 0.0, 1.0), colour_at(2.0, 0.0, 1.0), colour_at(5.0, 5.0, 5.0)
    ('#00224e', '#fee838', '#fee838')
    """
    share = min(max((value - low) / (high - low), 0.0), 1.0) if high > low else 1.0
    place = share * (len(SCALE) - 1)
    index = min(int(place), len(SCALE) - 2)
    first, second = _rgb(SCALE[index]), _rgb(SCALE[index + 1])
    mixed = (round(a + (b - a) * (place - index)) for a, b in zip(first, second, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def tint_at(value: float, reach: float) -> str:
    """A light colour for a number between -`reach` and `reach`: white at 0, blue above and orange below.

    >>> tint_at(0.0, 1.0), tint_at(1.0, 1.0), tint_at(-2.0, 1.0), tint_at(0.0, 0.0)
    ('#ffffff', '#80b8d8', '#eaae80', '#ffffff')
    """
    share = min(abs(value) / reach, 1.0) / 2 if reach > 0 else 0.0
    end = _rgb(COLOURS[0] if value > 0 else COLOURS[1])
    return "#" + "".join(f"{round(255 + (part - 255) * share):02x}" for part in end)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
