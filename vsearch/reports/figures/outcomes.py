"""From what planned studies show to what their figures draw."""

from __future__ import annotations

from collections.abc import Sequence

from vsearch.confirmation.outcome import Row
from vsearch.confirmation.reproduction import Reproduced, table_sentence
from vsearch.confirmation.transfer import Moved
from vsearch.reports.figures.differences import Difference
from vsearch.reports.figures.forest import ForestInfo, ForestRow
from vsearch.reports.figures.transfer_matrix import TransferCell, TransferInfo
from vsearch.reports.wording import points
from vsearch.spec.datasets import dataset_info


def drawn_difference(row: Row) -> Difference | None:
    """A row's difference; None until a pair of trainings has finished."""
    found = row.difference
    if found is None or row.decisive is None:
        return None
    decisive = None if row.decisive == found.interval else row.decisive
    return Difference(found.mean, found.n, found.interval, decisive, row.verdict if row.is_claim else "")


def reproduction_info(table: Sequence[Reproduced]) -> ForestInfo:
    """The paper's settings as rows, each with the gain that the paper gives."""
    rows = [
        ForestRow(
            f"{line.setting} (paper {points(line.published)})",
            line.outcome.claims[0].role,
            drawn_difference(line.outcome.claims[0]),
            str(line.outcome.claims[0].curve),
        )
        for line in table
    ]
    return ForestInfo("the paper's table", tuple(rows), table_sentence(table))


def transfer_info(cells: Sequence[Moved]) -> TransferInfo:
    """A curve in all places that it was moved to."""
    found = [
        TransferCell(
            cell.place.depth, _title(cell.place.dataset), drawn_difference(cell.outcome.claims[0]), cell.is_origin
        )
        for cell in cells
    ]
    return TransferInfo(str(cells[0].outcome.claims[0].curve), tuple(found))


def _title(dataset: str) -> str:
    info = dataset_info(dataset)
    return dataset if info is None else info.title
