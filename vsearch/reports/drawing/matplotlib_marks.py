"""The marks of a panel drawn by matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vsearch.reports.chart import BORDER, GREY, INK, Band, Bars, Cells, Label, Line, Mark, Points, Rule
from vsearch.reports.drawing.plotly_marks import WHITE_EDGE_FROM
from vsearch.reports.wording import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DASHES = {"solid": "-", "dash": "--", "dot": ":", "dashdot": "-."}
SYMBOLS = {"circle": "o", "square": "s", "diamond": "D", "cross": "x", "triangle-up": "^"}
POINTS = 0.75
"""Typographic points in one pixel."""
LINE_POINTS = 0.87
"""The same for lines, which look thin on paper."""
SMALL = 9.5
"""Font size of what is said inside a panel."""


def draw_mark(axes: Axes, mark: Mark, order: int) -> None:
    """Draw one mark over those of a lower `order`; rules lie below all."""
    if isinstance(mark, Line):
        _line(axes, mark, 3 + order / 1e4)
    elif isinstance(mark, Band):
        _band(axes, mark)
    elif isinstance(mark, Points):
        _points(axes, mark, 3 + order / 1e4)
    elif isinstance(mark, Bars):
        _bars(axes, mark)
    elif isinstance(mark, Cells):
        _cells(axes, mark)
    elif isinstance(mark, Rule):
        _rule(axes, mark)
    else:
        _label(axes, mark)


def _line(axes: Axes, line: Line, zorder: float) -> None:
    gapped = [float("nan") if value is None else value for value in line.y]
    axes.plot(
        line.x,
        gapped,
        color=line.colour,
        linestyle=DASHES[line.dash],
        linewidth=LINE_POINTS * line.width,
        solid_capstyle="butt",  # a thick line ends where its numbers end
        drawstyle="steps-post" if line.is_step else "default",
        label=_name(line.name),
        zorder=zorder,
        **_marker(line.colour, "circle", line.dots),
    )


def _band(axes: Axes, band: Band) -> None:
    look: dict[str, Any] = {"color": band.colour, "alpha": band.opacity, "linewidth": 0, "zorder": 2}
    axes.fill_between(band.x, band.low, band.high, label=_name(band.name), **look)


def _points(axes: Axes, points: Points, zorder: float) -> None:
    errors = [error or float("nan") for error in points.errors] or None
    axes.errorbar(
        points.x,
        points.y,
        yerr=errors,
        linestyle="none",
        color=points.colour,
        elinewidth=1,
        capsize=2,
        label=_name(points.name),
        zorder=zorder,
        **_marker(points.colour, points.symbol, points.size),
    )


def _bars(axes: Axes, bars: Bars) -> None:
    places = range(len(bars.values))
    axes.barh(places, bars.values, height=0.65, color=bars.colour, label=_name(bars.name), zorder=2)
    axes.set_yticks(list(places), [plain(label) for label in bars.labels])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(bars.values) - 0.5, -0.5)


def _cells(axes: Axes, cells: Cells) -> None:
    from matplotlib.patches import Rectangle

    for x, y, text, colour in zip(cells.x, cells.y, cells.texts, cells.colours, strict=True):
        axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=colour, edgecolor=BORDER, linewidth=0.8, zorder=2))
        words = plain(text, keep="\n")
        axes.text(x, y, words, ha="center", va="center", color=INK, fontsize=SMALL, zorder=3, clip_on=True)


def _rule(axes: Axes, rule: Rule) -> None:
    dash: Any = (0, (5, 4)) if rule.dash == "dash" else DASHES[rule.dash]
    look: dict[str, Any] = {"color": rule.colour, "linewidth": 1, "linestyle": dash, "zorder": 1}
    if rule.is_vertical:
        axes.axvline(rule.at, **look)
        where: dict[str, Any] = {"xy": (rule.at, 1), "xycoords": axes.get_xaxis_transform(), "xytext": (3, -2)}
        side: dict[str, Any] = {"ha": "left", "va": "top"}
    else:
        axes.axhline(rule.at, **look)
        where = {"xy": (1, rule.at), "xycoords": axes.get_yaxis_transform(), "xytext": (-2, 2)}
        side = {"ha": "right", "va": "bottom"}
    if rule.label:
        paper = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 1}
        text: dict[str, Any] = {"color": rule.colour, "fontsize": SMALL, "bbox": paper, "zorder": 4}
        axes.annotate(plain(rule.label), textcoords="offset points", **where, **side, **text)


def _label(axes: Axes, label: Label) -> None:
    transform = axes.get_xaxis_transform()
    axes.text(label.x, 1.015, plain(label.text), transform=transform, ha="center", color=GREY, fontsize=SMALL)


def _marker(colour: str, symbol: str, size: float) -> dict[str, Any]:
    if not size:
        return {}
    has_white_edge = size > WHITE_EDGE_FROM and symbol != "cross"  # a cross is all edge
    edge = {"markeredgecolor": "white" if has_white_edge else colour}
    width = 1.3 if symbol == "cross" else 0.6
    return {"marker": SYMBOLS[symbol], "markersize": POINTS * size, "markeredgewidth": width, **edge}


def _name(name: str) -> str | None:
    """A mark's name as matplotlib's legend shows it, which leaves out those with an underscore in front."""
    if not name:
        return "_"
    shown = plain(name)
    return f" {shown}" if shown.startswith("_") else shown
