import math

import pytest

from vsearch.curves import Constant, paper
from vsearch.errors import InputError
from vsearch.reports.sparkline import ASCII, BLOCKS, sparkline


def test_eight_equal_steps_are_the_eight_blocks() -> None:
    assert sparkline([0.1 * step for step in range(8)]) == BLOCKS == "▁▂▃▄▅▆▇█"


def test_the_papers_steps() -> None:
    assert sparkline(paper.cifar100_resnet32.scales(15)) == "▃▃▃▃▃▁▁███▂▂▃▃▃"


def test_a_constant_gives_a_line_at_half_height() -> None:
    assert sparkline(Constant(0.7).scales(5)) == "▄▄▄▄▄"


def test_given_ends_make_lines_comparable_and_cut_off_what_lies_beyond() -> None:
    assert sparkline([0, 1, 2, 9], low=1, high=8) == "▁▁▂█"
    assert sparkline([1, 1], low=1, high=8) == "▁▁"


def test_ascii_has_the_same_heights() -> None:
    scales = paper.cifar10_resnet32.scales(27)
    blocks, plain = sparkline(scales), sparkline(scales, ascii_only=True)
    assert plain.isascii()
    assert [BLOCKS.index(mark) for mark in blocks] == [ASCII.index(mark) for mark in plain]


def test_no_scales_give_no_text() -> None:
    assert sparkline([]) == ""


def test_larger_scales_are_never_drawn_lower() -> None:
    scales = [step / 97 for step in range(97)]
    heights = [BLOCKS.index(mark) for mark in sparkline(scales, low=0.2, high=0.9)]
    assert heights == sorted(heights)
    assert (heights[0], heights[-1]) == (0, 7)


@pytest.mark.parametrize(("scales", "low", "high"), [([1, math.nan], None, None), ([1], 2, 1), ([1], None, math.inf)])
def test_refuses(scales: list[float], low: float | None, high: float | None) -> None:
    with pytest.raises(InputError, match="sparkline"):
        sparkline(scales, low, high)
