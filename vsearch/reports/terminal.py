"""A curve as rows of characters with its axes, for terminals: plain text, each piece with what it stands for."""

import math
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import NamedTuple

from vsearch.reports.sparkline import BLOCKS, sparkline

ROWS = 4
LEAST_ROW = 0.02
"""Scale per row of a curve that hardly leaves 1, so that rounding does not look like a shape."""
LEAST_COLUMNS = 9
"""Beside the scale's axis, which is left out where there is room for less."""
WIDEST = 32
"""Columns up to which blocks are drawn broader than one character, and at most `BROADEST` of them."""
BROADEST = 4
ASCII_FILLS = "..::|||#"
RULE, ASCII_RULE = "▔", "-"
CHARACTERS = f"{BLOCKS}{RULE}│┤├┼┬─…"
"""All that is drawn beside ASCII."""


class Piece(NamedTuple):
    """Some characters of a line, and what they show: `above`, `level` or `below` 1, `axis`, or empty for text."""

    text: str
    kind: str = ""


Line = tuple[Piece, ...]


class Limits(NamedTuple):
    """The scales at the foot and the top of a picture."""

    low: float
    high: float


class _Grid(NamedTuple):
    """Where the rows of a chart lie: 1 is the border between two of them."""

    rows: int
    above: int
    """Rows that lie above 1."""
    step: float
    """Scale per row."""

    @property
    def bottom(self) -> float:
        return 1 - (self.rows - self.above) * self.step

    @property
    def top(self) -> float:
        return 1 + self.above * self.step


def limits(curves: Iterable[Sequence[float]]) -> Limits:
    """The smallest and the largest scale of several curves, 1 among them: they are drawn between these, all alike.

    >>> limits([[1.3, 0.9], [1.1]]), limits([])
    (Limits(low=0.9, high=1.3), Limits(low=1.0, high=1.0))
    """
    values = [1.0, *(scale for scales in curves for scale in scales)]
    return Limits(min(values), max(values))


def plain_text(line: Line) -> str:
    """A line without what its pieces stand for."""
    return "".join(piece.text for piece in line)


def number(value: float) -> str:
    """A scale in few characters.

    >>> number(1.0), number(-0.333), number(12345.6)
    ('1.00', '-0.33', '1e04')
    """
    return f"{value:.2f}" if abs(value) < 99 else f"{value:.0e}".replace("e+", "e")


def bars(scales: Sequence[float], span: Limits, *, room: int | None = None, is_ascii: bool = False) -> Line:
    """A sparkline in pieces above, level with and below 1; of means of several blocks where there are over `room`."""
    columns = scales if room is None or len(scales) <= room else _columns(scales, room)[0]
    text = sparkline(columns, *span, ascii_only=is_ascii)
    return _joined(Piece(mark, _kind(scale)) for mark, scale in zip(text, columns, strict=True))


def curve_chart(
    scales: Sequence[float], span: Limits, *, width: int = 80, rows: int = ROWS, is_ascii: bool = False
) -> list[Line]:
    """A curve as columns over the numbers of its blocks, `rows` + 2 lines of at most `width` characters.

    At the left stand the scales of the picture's top, of the line at 1 and of its foot. Below, the first block of each
    stage and the last block are numbered. Where there are more blocks than columns, a column is the mean of several.
    No scales give no lines. Where it is too narrow for an axis there are `rows` lines without one.

    Args:
        span: the scales that must fit in; those beyond are cut off.
        rows: 3 or more.
    """
    if not scales:
        return []
    grid = _grid(span, max(rows, 3))
    labels = {0: number(grid.top), grid.above: number(1.0), grid.rows: number(grid.bottom)}
    indent = max(map(len, labels.values()))
    room = width - indent - len(" ┤")
    has_axis = room >= LEAST_COLUMNS
    columns, starts = _columns(scales, room if has_axis else width)
    heights = [_eighths(value, grid) for value in columns]
    picture = [_row(columns, heights, grid, row, is_ascii) for row in range(grid.rows)]
    if not has_axis:
        return picture
    tick, bar = ("+", "|") if is_ascii else ("┤", "│")
    axis = [f"{labels.get(row, ''):>{indent}} {tick if row in labels else bar}" for row in range(grid.rows)]
    ruler = f"{labels[grid.rows]:>{indent}} {_ruler(len(columns), [place for place, _ in starts], is_ascii)}"
    numbers = " " * (indent + 2) + _numbers(starts, len(scales), len(columns))
    return [
        *((Piece(scale, "axis"), *cells) for scale, cells in zip(axis, picture, strict=True)),
        (Piece(ruler, "axis"),),
        (Piece(numbers, "axis"),),
    ]


def _columns(scales: Sequence[float], room: int) -> tuple[list[float], list[tuple[int, int]]]:
    """The values of the columns, and of the first block of each stage its column and number."""
    count, room = len(scales), max(room, 1)
    firsts = [1 + stage * count // 3 for stage in range(3)] if count >= 3 and count % 3 == 0 else [1]
    if count > room:
        together = math.ceil(count / room)
        values = [_mean(scales[first : first + together]) for first in range(0, count, together)]
        return values, [((first - 1) // together, first) for first in firsts]
    broad = max(1, min(BROADEST, min(room, WIDEST) // count))
    return [scale for scale in scales for _ in range(broad)], [((first - 1) * broad, first) for first in firsts]


def _mean(values: Sequence[float]) -> float:
    return fmean(value / len(values) for value in values) * len(values)  # the sum of huge ones would overflow


def _grid(span: Limits, rows: int) -> _Grid:
    """The finest grid into which the span fits; of equals the one with 1 nearest to the middle."""
    grids = []
    for above in range(1, rows):
        step = max((span.high - 1) / above, (1 - span.low) / (rows - above), LEAST_ROW)
        grids.append((step, abs(2 * above - rows), above))
    step, _, above = min(grids)
    return _Grid(rows, above, step)


def _eighths(value: float, grid: _Grid) -> int:
    """The height of a column in eighths of a row; one at least, so that every column is seen."""
    share = min(max((value / grid.step - grid.bottom / grid.step) / grid.rows, 0.0), 1.0)
    return max(1, round(8 * grid.rows * share))


def _row(columns: Sequence[float], heights: Sequence[int], grid: _Grid, row: int, is_ascii: bool) -> Line:
    foot = 8 * (grid.rows - 1 - row)
    is_below_one = row == grid.above
    empty = Piece((ASCII_RULE if is_ascii else RULE) if is_below_one else " ", "axis" if is_below_one else "")
    fills = ASCII_FILLS if is_ascii else BLOCKS
    cells = [
        empty if height <= foot else Piece(fills[min(height - foot, 8) - 1], _kind(value))
        for value, height in zip(columns, heights, strict=True)
    ]
    return _joined(cells)


def _kind(scale: float) -> str:
    if math.isclose(scale, 1.0, abs_tol=1e-6):
        return "level"
    return "above" if scale > 1 else "below"


def _ruler(length: int, places: Sequence[int], is_ascii: bool) -> str:
    corner, line, tick = ("+", "-", "+") if is_ascii else ("┼", "─", "┬")
    return corner + "".join(tick if place in places else line for place in range(length))


def _numbers(starts: Sequence[tuple[int, int]], last: int, length: int) -> str:
    """The numbers of blocks under their columns; what would touch another number is left out."""
    end = length - len(str(last))
    text, marks = "", [*starts, *([(end, last)] if last > starts[-1][1] else [])]
    for place, block in marks:
        if not text or place > len(text):
            text = text.ljust(place) + str(block)
    return text


def _joined(pieces: Iterable[Piece]) -> Line:
    """Neighbours of one kind as one piece."""
    found: list[Piece] = []
    for piece in pieces:
        if found and found[-1].kind == piece.kind:
            found[-1] = Piece(found[-1].text + piece.text, piece.kind)
        else:
            found.append(piece)
    return tuple(found)
