"""A chart drawn by matplotlib, for files: without browser or display, and the same chart gives the same bytes."""

from __future__ import annotations

import warnings
from io import BytesIO
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Literal
from xml.sax.saxutils import escape

from vsearch.reports.chart import GREY, INK, SCALE, Chart, ColourBar, Label, Panel, panel_rows
from vsearch.reports.drawing.matplotlib_axes import limit, mark_ticks, percent_formatter
from vsearch.reports.drawing.matplotlib_marks import SMALL, draw_mark
from vsearch.reports.wording import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Kind = Literal["svg", "png", "pdf"]
SETTINGS: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 10.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "text.parse_math": False,  # a dollar in a curve's name is a dollar
    "svg.fonttype": "none",  # words stay words: found by a search, edited in a drawing program
    "svg.hashsalt": "vsearch",  # the same chart gives the same file
    "pdf.fonttype": 42,  # publishers refuse the other kind
}
HEIGHT, WIDTH, MORE_WIDTH = 4.5, 8.0, 4.0
"""Inches: of one panel, and for each further one beside it."""
DPI = 200
TITLE_HEIGHT, LINE_HEIGHT = 0.25, 0.17
"""Inches of a line of the title, and of the note below it."""
MOST_LINES = 3
"""Of a title; of a note twice as many. A study's name may be endless."""


def draw(chart: Chart, kind: Kind) -> bytes:
    """The chart as a file's content: 8 x 4.5 inches for a panel, 12 x 4.5 for two; a PNG has 200 dots per inch."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context(SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # shown as a box, which says it all
        rows = panel_rows(len(chart.panels))
        figure = Figure(figsize=(WIDTH + MORE_WIDTH * max(len(rows[0]) - 1, 0), HEIGHT * len(rows)))
        FigureCanvasAgg(figure)
        _fill(figure, chart)
        out = BytesIO()
        figure.savefig(out, format=kind, dpi=DPI, metadata=_metadata(chart, kind))
    return _described(out.getvalue(), chart) if kind == "svg" else out.getvalue()


def _metadata(chart: Chart, kind: Kind) -> dict[str, Any]:
    title, alternative = plain(chart.title), plain(chart.alternative)
    if kind == "pdf":
        return {"Title": title, "Subject": alternative, "CreationDate": None}
    return {"Title": title, "Description": alternative} | ({"Date": None} if kind == "svg" else {})


def _described(svg: bytes, chart: Chart) -> bytes:
    """The picture with its alternative where screen readers look for it."""
    description = f"<desc>{escape(plain(chart.alternative))}</desc>\n <metadata>"
    return svg.replace(b"<metadata>", description.encode(), 1)


def _fill(figure: Figure, chart: Chart) -> None:
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    inches, height = figure.get_size_inches()
    titles = wrap(plain(chart.title), int(9.5 * inches), max_lines=MOST_LINES, placeholder="…")
    notes = wrap(plain(chart.note), int(15 * inches), max_lines=2 * MOST_LINES, placeholder="…")
    note_at = 0.08 + TITLE_HEIGHT * len(titles)
    top = note_at + LINE_HEIGHT * len(notes) if titles or notes else 0.0
    figure.text(0.1 / inches, 1 - 0.08 / height, "\n".join(titles), va="top", fontsize=13)
    figure.text(0.1 / inches, 1 - note_at / height, "\n".join(notes), va="top", fontsize=8.5, color=GREY)
    engine = ConstrainedLayoutEngine(rect=(0, 0, 1, 1 - top / height), w_pad=0.08, h_pad=0.06)
    figure.set_layout_engine(engine)
    rows = panel_rows(len(chart.panels))
    grid = figure.subplots(len(rows), max(len(rows[0]), 1), squeeze=False).flatten()
    has_labels = any(isinstance(mark, Label) for panel in chart.panels for mark in panel.marks)
    for axes, panel in zip(grid, chart.panels, strict=False):
        _draw_panel(axes, panel, 22 if has_labels else 8)
    for axes in grid[len(chart.panels) :]:
        axes.set_axis_off()
    _legend(figure, list(grid))


def _draw_panel(axes: Axes, panel: Panel, headroom: float) -> None:
    _frame(axes, panel, headroom)
    if panel.empty:
        lines = "\n".join(wrap(plain(panel.empty), 50))
        axes.text(0.5, 0.5, lines, transform=axes.transAxes, ha="center", va="center", color=GREY)
        if None in (panel.x.low, panel.x.high, panel.y.low, panel.y.high):
            axes.set(xticks=[], yticks=[])
    else:
        for order, mark in enumerate(panel.marks):
            draw_mark(axes, mark, order)
        if panel.colour_bar is not None:
            _colour_bar(axes, panel.colour_bar)
    limit(axes, panel)
    mark_ticks(axes, panel)


def _frame(axes: Axes, panel: Panel, headroom: float) -> None:
    title = "\n".join(wrap(plain(panel.title), 56))
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold", pad=headroom)
    axes.set_xlabel("\n".join(wrap(plain(panel.x.title), 60)))
    axes.set_ylabel("\n".join(wrap(plain(panel.y.title), 42)))
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["bottom", "left"]].set_color("#999999")
    axes.tick_params(which="both", color="#999999", labelcolor=INK)


def _colour_bar(axes: Axes, bar: ColourBar) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    colours = LinearSegmentedColormap.from_list("scale", SCALE)
    low = bar.low if bar.high > bar.low else bar.low - max(abs(bar.low), 1) * 1e-3
    scale = ScalarMappable(Normalize(low, max(bar.low, bar.high)), colours)
    shown = axes.figure.colorbar(
        scale, ax=axes, aspect=30, pad=0.02, format=percent_formatter() if bar.is_percent else None
    )
    if bar.high <= bar.low:
        shown.set_ticks([bar.low])
    shown.set_label("\n".join(wrap(plain(bar.title), 42)), fontsize=SMALL)
    shown.outline.set_visible(False)
    shown.ax.tick_params(labelsize=9, color="#999999")


def _legend(figure: Figure, grid: list[Axes]) -> None:
    """One legend below all panels, each name once."""
    named: dict[str, Any] = {}
    for axes in grid:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            named.setdefault(label, handle)
    if not named:
        return
    widest = max(len(name) for name in named) + 6
    columns = max(1, min(len(named), int(13 * figure.get_figwidth() / widest)))
    figure.legend(
        list(named.values()),
        list(named),
        loc="outside lower center",
        ncols=columns,
        frameon=False,
        fontsize=SMALL,
    )
