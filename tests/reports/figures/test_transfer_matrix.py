"""A curve in other places, by numbers."""

import math

from vsearch.reports.chart import Cells, tint_at
from vsearch.reports.figures.differences import Difference
from vsearch.reports.figures.transfer_matrix import TransferCell, TransferInfo, transfer_chart

CELLS = (
    TransferCell(32, "CIFAR-10", Difference(-1.0, 5, (-1.4, -0.6), None, "worse")),
    TransferCell(20, "CIFAR-10", Difference(0.5, 8, (0.2, 0.8), None, "confirmed"), is_origin=True),
    TransferCell(20, "CIFAR-100", Difference(0.1, 1, (-math.inf, math.inf))),
    TransferCell(32, "CIFAR-100", None),
)
INFO = TransferInfo("triangle peak=1.3", CELLS)


def cells(info: TransferInfo) -> Cells:
    (found,) = transfer_chart(info).panels[0].marks
    assert isinstance(found, Cells)
    return found


def test_rows_are_depths_and_columns_are_data_sets() -> None:
    panel = transfer_chart(INFO).panels[0]
    assert panel.y.ticks == ((0.0, "20"), (1.0, "32"))
    assert panel.x.ticks == ((0.0, "CIFAR-10"), (1.0, "CIFAR-100"))
    assert (panel.y.low, panel.y.high) == (1.5, -0.5)  # the shallowest on top
    assert list(zip(cells(INFO).x, cells(INFO).y, strict=True)) == [(0, 1), (0, 0), (1, 0), (1, 1)]


def test_a_cell_says_difference_interval_and_pairs() -> None:
    assert cells(INFO).texts == (
        "-1.00\n-1.40 to -0.60\nn = 5",
        "+0.50 (found here)\n+0.20 to +0.80\nn = 8",
        "+0.10\nno interval\nn = 1",
        "not yet",
    )
    assert cells(INFO).hover[0] == (
        "depth 32 on CIFAR-10: -1.00 points, 95 % interval -1.40 to -0.60, 5 pairs of seeds, worse"
    )


def test_colours_grow_with_the_difference_to_the_largest() -> None:
    assert cells(INFO).colours == (tint_at(-1, 1), tint_at(0.5, 1), tint_at(0.1, 1), "#ffffff")


def test_tiny_differences_stay_pale() -> None:
    tiny = TransferInfo("a", (TransferCell(20, "CIFAR-10", Difference(0.05, 5)),))
    assert cells(tiny).colours == (tint_at(0.05, 0.5),)


def test_every_cell_stands_in_the_alternative() -> None:
    text = transfer_chart(INFO).alternative
    assert "depth 20 on CIFAR-10 (found here): +0.50 points" in text
    assert text.endswith("depth 32 on CIFAR-100: not yet.")


def test_nothing_trained_yet_says_so() -> None:
    for given in ((), CELLS[3:]):
        chart = transfer_chart(TransferInfo("a", given))
        assert chart.panels[0].empty == "No curve has a pair of finished trainings with the baseline yet."
        assert chart.alternative
