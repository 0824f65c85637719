"""The picture of curves through matplotlib, which needs no browser and no display."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from vsearch.reports.curve_info import (
    BASELINE_LABEL,
    BORDER,
    GREY,
    GRID,
    INK,
    X_TITLE,
    Y_TITLE,
    CurveInfo,
    dot_size,
    line_style,
    stages,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MATPLOTLIB_DASHES = {"solid": "-", "dash": "--", "dot": ":", "dashdot": "-."}
SETTINGS: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 10.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "text.parse_math": False,  # a dollar in a curve's name is a dollar
    "svg.hashsalt": "vsearch",  # the same curves give the same file
}
WHITE_EDGE_FROM = 6
"""Smaller dots would look like gaps in their line."""


def draw_png(info: CurveInfo) -> bytes:
    """The picture as a PNG of 1600 x 900 pixels."""
    return _matplotlib(info, "png")


def draw_svg(info: CurveInfo) -> bytes:
    """The picture as an SVG of 8 x 4.5 inches; the same curves give the same bytes."""
    return _matplotlib(info, "svg")


def _matplotlib(info: CurveInfo, kind: str) -> bytes:
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context(SETTINGS):
        figure = Figure(figsize=(8, 4.5), layout="constrained")
        FigureCanvasAgg(figure)
        _draw(figure.add_subplot(), info)
        out = BytesIO()
        figure.savefig(out, format=kind, dpi=200, metadata={"Date": None} if kind == "svg" else None)
    return out.getvalue()


def _draw(axes: Axes, info: CurveInfo) -> None:
    axes.axhline(1, color=GREY, linewidth=1, linestyle=(0, (5, 4)), zorder=1)
    for border in info.stage_borders:
        axes.axvline(border, color=BORDER, linewidth=1, zorder=0)
    for place, label in stages(info):
        axes.text(place, 1.015, label, transform=axes.get_xaxis_transform(), ha="center", color=GREY, fontsize=9.5)
    for number, line in enumerate(info.lines):
        style = line_style(number)
        axes.plot(
            range(1, info.num_blocks + 1),
            line.scales,
            color=style.colour,
            linestyle=MATPLOTLIB_DASHES[style.dash],
            linewidth=1.3,
            marker="o",
            markersize=0.75 * dot_size(info),
            markeredgecolor="white" if dot_size(info) > WHITE_EDGE_FROM else style.colour,
            markeredgewidth=0.6,
            label=_label(line.name),
        )
    _frame(axes, info)


def _frame(axes: Axes, info: CurveInfo) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_title(info.title, loc="left", fontsize=13, pad=24, color=INK)
    axes.set(xlabel=X_TITLE, ylabel=Y_TITLE, xlim=(0.5, info.num_blocks + 0.5), ylim=(info.low, info.high))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=15, min_n_ticks=1))
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["bottom", "left"]].set_color("#999999")
    axes.tick_params(color="#999999", labelcolor=INK)
    axes.annotate(
        BASELINE_LABEL,
        (1, 1),
        (4, 0),
        xycoords=axes.get_yaxis_transform(),
        textcoords="offset points",
        va="center",
        color=GREY,
        fontsize=9.5,
    )
    if info.lines:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=min(len(info.lines), 2), frameon=False)


def _label(name: str) -> str:
    """`name` as matplotlib's legend shows it, which leaves out names with an underscore in front."""
    return f" {name}" if name.startswith("_") else name
