"""Limits and ticks of a panel's axes as matplotlib has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsearch.reports.chart import GRID, Axis, Bars, Panel
from vsearch.reports.wording import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis as DrawnAxis
    from matplotlib.ticker import FuncFormatter


def limit(axes: Axes, panel: Panel) -> None:
    """Set scales and ends of both axes; an end that is not given fits the marks."""
    if panel.x.is_log:
        axes.set_xscale("log")
    if panel.y.is_log:
        axes.set_yscale("log")
    axes.set_xlim(*_ends(panel.x, axes.get_xlim()))
    if not _has_bars(panel):
        axes.set_ylim(*_ends(panel.y, axes.get_ylim()))


def mark_ticks(axes: Axes, panel: Panel) -> None:
    """Say where the axes are marked, and draw a thin grid along the numbers."""
    grid, drawn = ("x", axes.xaxis) if _has_bars(panel) else ("y", axes.yaxis)
    drawn.grid(True, color=GRID, linewidth=0.8)
    if not len(axes.get_xticks()):  # an empty panel
        return
    _mark(axes.xaxis, panel.x)
    if grid == "y":
        _mark(axes.yaxis, panel.y)


def percent_formatter() -> FuncFormatter:
    """Fractions as percent, with the digits they need: `93.25%`."""
    from matplotlib.ticker import FuncFormatter

    return FuncFormatter(lambda value, _: f"{100 * value:.6g}%")


def _mark(drawn: DrawnAxis, axis: Axis) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

    if axis.ticks:
        places, texts = zip(*axis.ticks, strict=True)
        drawn.set_ticks(places, [plain(text) for text in texts])
        drawn.set_minor_locator(NullLocator())
        return
    if axis.is_whole and not axis.is_log:
        drawn.set_major_locator(MaxNLocator(integer=True, nbins=15, min_n_ticks=1))
    if axis.is_percent:
        drawn.set_major_formatter(percent_formatter())
    elif axis.is_log:
        drawn.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _ends(axis: Axis, fitting: tuple[float, float]) -> tuple[float, float]:
    """The axis' own ends, and where it has none those that fit the marks, with a margin."""
    low, high = (None if end is None or (axis.is_log and end <= 0) else end for end in (axis.low, axis.high))
    if low is None and high is None:
        return fitting
    first, last = fitting[0] if low is None else low, fitting[1] if high is None else high
    margin = 0.0 if axis.is_log else 0.05 * (last - first)
    return first - (margin if low is None else 0), last + (margin if high is None else 0)


def _has_bars(panel: Panel) -> bool:
    return not panel.empty and any(isinstance(mark, Bars) for mark in panel.marks)
