"""One curve moved to other depths and data sets: its paired difference to the baseline in each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from vsearch.reports.chart import Axis, Cells, Chart, Panel, tint_at
from vsearch.reports.figures.differences import Difference, finite, in_words, span
from vsearch.reports.wording import points

LEAST_REACH = 0.5
"""Points: smaller differences than that do not take the full colour."""


class TransferCell(NamedTuple):
    """What the curve gains in one network on one data set."""

    depth: int
    dataset: str
    """As people write it."""
    difference: Difference | None
    """None until a pair of trainings has finished there."""
    is_origin: bool = False
    """Whether the curve was found here."""


class TransferInfo(NamedTuple):
    """A curve in all places that it was moved to."""

    curve: str
    """As people write it."""
    cells: tuple[TransferCell, ...]


def transfer_chart(info: TransferInfo) -> Chart:
    """A row for each depth, the shallowest on top, a column for each data set."""
    depths = sorted({cell.depth for cell in info.cells})
    datasets = list(dict.fromkeys(cell.dataset for cell in info.cells))
    is_empty = all(cell.difference is None for cell in info.cells)
    panel = Panel(
        Axis("Data set", -0.5, len(datasets) - 0.5, ticks=tuple((float(at), name) for at, name in enumerate(datasets))),
        Axis("Depth", len(depths) - 0.5, -0.5, ticks=tuple((float(at), str(depth)) for at, depth in enumerate(depths))),
        () if is_empty else (_cells(info.cells, depths, datasets),),
        empty="No curve has a pair of finished trainings with the baseline yet." if is_empty else "",
    )
    return Chart("transfer", f"Does it carry over? {info.curve}", (panel,), _alternative(info), _note(info))


def _cells(cells: Sequence[TransferCell], depths: Sequence[int], datasets: Sequence[str]) -> Cells:
    reach = max(LEAST_REACH, *(abs(cell.difference.mean) for cell in cells if cell.difference is not None))
    return Cells(
        tuple(float(datasets.index(cell.dataset)) for cell in cells),
        tuple(float(depths.index(cell.depth)) for cell in cells),
        tuple(map(_text, cells)),
        tuple(tint_at(cell.difference.mean if cell.difference else 0.0, reach) for cell in cells),
        tuple(map(_words, cells)),
    )


def _text(cell: TransferCell) -> str:
    if cell.difference is None:
        return "not yet"
    interval = finite(cell.difference.interval)
    lines = (
        f"{points(cell.difference.mean)}{' (found here)' if cell.is_origin else ''}",
        span(interval) if interval else "no interval",
        f"n = {cell.difference.n}",
    )
    return "\n".join(lines)


def _words(cell: TransferCell) -> str:
    where = f"depth {cell.depth} on {cell.dataset}{' (found here)' if cell.is_origin else ''}"
    return f"{where}: {'not yet' if cell.difference is None else in_words(cell.difference)}"


def _alternative(info: TransferInfo) -> str:
    if not info.cells:
        return "The curve has been moved nowhere yet."
    return f"Paired difference of {info.curve} to the baseline: {'; '.join(map(_words, info.cells))}."


def _note(info: TransferInfo) -> str:
    if all(cell.difference is None for cell in info.cells):
        return ""
    return (
        "In each cell: mean paired difference to the baseline there in points, its 95 % interval (paired t), and the "
        "number of pairs. Blue: above the baseline; orange: below. An interval that holds 0 shows no difference."
    )
