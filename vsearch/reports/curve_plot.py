"""The picture of curves: the shortcut scale of every block of one network.

`curve_info` gathers the numbers, `plot_curves` draws them with Plotly, and `write_figure` makes a file: a page that
works offline (.html), or a picture (.png, .svg) for which no browser is needed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from vsearch.errors import InputError, shorten
from vsearch.reports.curve_info import (
    BASELINE_LABEL,
    BORDER,
    GREY,
    GRID,
    INK,
    X_TITLE,
    Y_TITLE,
    CurveInfo,
    CurveLine,
    curve_info,
    dot_size,
    line_style,
    stages,
)
from vsearch.reports.curve_picture import draw_png, draw_svg

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["CurveInfo", "CurveLine", "check_figure_path", "curve_info", "plot_curves", "write_figure"]


def plot_curves(info: CurveInfo) -> go.Figure:
    """The Plotly figure: dots with thin lines, the baseline dashed, the borders of the stages marked."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for number, line in enumerate(info.lines):
        style = line_style(number)
        figure.add_scatter(
            x=list(range(1, info.num_blocks + 1)),
            y=list(line.scales),
            name=line.name,
            mode="lines+markers",
            line={"color": style.colour, "dash": style.dash, "width": 1.5},
            marker={"color": style.colour, "size": dot_size(info)},
            hovertemplate="block %{x}: %{y:.4g}",
        )
    figure.add_hline(1, line={"dash": "dash", "width": 1, "color": GREY}, annotation_text=BASELINE_LABEL)
    for border in info.stage_borders:
        figure.add_vline(border, line={"width": 1, "color": BORDER})
    for place, label in stages(info):
        figure.add_annotation(
            x=place, y=1, yref="paper", yanchor="bottom", text=label, showarrow=False, font={"color": GREY, "size": 12}
        )
    figure.update_layout(
        template="none",
        title={"text": info.title, "x": 0.02, "xanchor": "left"},
        font={"family": "system-ui, sans-serif", "size": 14, "color": INK},
        legend={"orientation": "h", "y": -0.18, "x": 0, "yanchor": "top"},
        margin={"l": 70, "r": 30, "t": 90, "b": 60},
        hovermode="x unified",
        showlegend=bool(info.lines),
    )
    axis = {"gridcolor": GRID, "zeroline": False, "linecolor": "#999999", "ticks": "outside"}
    figure.update_xaxes(title=X_TITLE, range=[0.5, info.num_blocks + 0.5], **axis, showgrid=False)
    figure.update_yaxes(title=Y_TITLE, range=[info.low, info.high], **axis)
    return figure


def check_figure_path(path: str | os.PathLike[str]) -> Path:
    """`path`, if a figure can be written there; an older figure of that name will be replaced.

    Raises:
        InputError: a suffix other than .html, .png and .svg, a directory, or a place that cannot be written.
    """
    target = Path(path)
    if target.suffix.lower() not in _WRITERS:
        raise InputError(f"the figure {_name(target)} has no known suffix; use {', '.join(_WRITERS)}")
    folder = target.parent
    if target.is_dir():
        raise InputError(f"{_name(target)} is a directory; name a file in it")
    if not folder.is_dir():
        raise InputError(f"the folder {_name(folder)} does not exist; make it first, or choose another")
    if not os.access(target if target.exists() else folder, os.W_OK):
        raise InputError(f"{_name(target)} cannot be written; choose a place where you may write")
    return target


def write_figure(info: CurveInfo, path: str | os.PathLike[str]) -> Path:
    """Draw the picture into a file whose suffix says how: .html (interactive, complete), .png or .svg.

    Raises:
        InputError: what `check_figure_path` refuses, before anything is drawn, or a disk that fails on writing.
    """
    target = check_figure_path(path)
    picture = _WRITERS[target.suffix.lower()](info)
    try:
        target.write_bytes(picture)
    except OSError as error:
        raise InputError(f"{_name(target)} cannot be written ({error.strerror}); choose another place") from None
    return target


def _html(info: CurveInfo) -> bytes:
    page: str = plot_curves(info).to_html(include_plotlyjs=True, config={"displaylogo": False, "responsive": True})
    return page.encode()


_WRITERS: dict[str, Callable[[CurveInfo], bytes]] = {".html": _html, ".png": draw_png, ".svg": draw_svg}


def _name(path: Path) -> str:
    return repr(shorten(str(path)))
