import math

import pytest

from vsearch.curves import Constant, Triangle, paper
from vsearch.reports.terminal import CHARACTERS, Limits, Piece, bars, curve_chart, limits, plain_text

TRIANGLE = Triangle(peak=1.3, floor=0.8, apex=8)


def chart(scales: tuple[float, ...], width: int = 80, rows: int = 4, *, is_ascii: bool = False) -> list[str]:
    lines = curve_chart(scales, limits([scales]), width=width, rows=rows, is_ascii=is_ascii)
    return [plain_text(line) for line in lines]


def test_a_curve_stands_between_the_axis_of_the_scale_and_the_numbers_of_the_blocks() -> None:
    drawn = chart((1.2, 1.2, 1.4, 1.0, 0.8, 0.6))
    assert [line[:6] for line in drawn] == ["1.40 ┤", "     │", "1.00 ┤", "     │", "0.60 ┼", "      "]
    assert drawn[1][6:18] == "████" * 3
    assert drawn[2][6:] == "█" * 16 + "▔" * 8
    assert drawn[3][6:] == "█" * 20 + "▁" * 4
    assert drawn[4][6:] == "┬───────┬───────┬───────"
    assert drawn[5].split() == ["1", "3", "5", "6"]


def test_one_is_the_border_between_two_rows_wherever_the_curve_lies() -> None:
    for scales in ((1.5, 1.1, 1.05), (0.5, 0.9, 0.95), (0.99, 1.01, 1.0), (0.2, 1.1, 1.0), (3.0, 0.8, 2.0)):
        drawn = chart(scales)
        row = next(number for number, line in enumerate(drawn) if line.strip().startswith("1.00 ┤"))
        above, below = drawn[row - 1].split("│")[-1].split("┤")[-1], drawn[row].split("┤")[-1]
        for block, scale in enumerate(scales):
            assert (above[4 * block] != " ") == (scale > 1), (scales, drawn)
            assert (below[4 * block] == "█") == (scale >= 1), (scales, drawn)


def test_a_constant_of_one_ends_at_the_line_at_one() -> None:
    drawn = chart(Constant(1.0).scales(9))
    assert [line.startswith("1.00") for line in drawn] == [False, False, True, False, False, False]
    assert "█" not in drawn[1]
    assert drawn[2].count("█") == 27


def test_larger_scales_are_never_drawn_lower() -> None:
    scales = tuple(step / 20 for step in range(30))
    drawn = chart(scales)
    columns = list(zip(*(line[-30:] for line in drawn[:4]), strict=True))
    heights = [sum(" ▁▂▃▄▅▆▇█".find(mark.replace("▔", " ")) for mark in column) for column in columns]
    assert heights == sorted(heights)
    assert heights[0] >= 1
    assert heights[-1] == 32


@pytest.mark.parametrize("blocks", [1, 3, 9, 15, 27, 54, 600, 10_000])
@pytest.mark.parametrize("width", [1, 5, 14, 36, 80, 200])
def test_no_line_is_longer_than_the_terminal_is_wide(blocks: int, width: int) -> None:
    for scales in (TRIANGLE.scales(blocks), (1e308,) * blocks, (-5.0, *(3.0,) * (blocks - 1))):
        for is_ascii in (False, True):
            drawn = chart(scales, width, is_ascii=is_ascii)
            assert max(map(len, drawn)) <= width
            assert plain_text(bars(scales, limits([scales]), room=width)).isascii() is False
            assert len(plain_text(bars(scales, limits([scales]), room=width))) <= width


def test_wide_networks_are_merged_and_keep_the_stages_in_their_places() -> None:
    full, narrow = chart(TRIANGLE.scales(54)), chart(TRIANGLE.scales(54), 36)
    assert full[5].split() == narrow[5].split() == ["1", "19", "37", "54"]
    assert [place for place, mark in enumerate(full[4]) if mark == "┬"] == [6, 24, 42]
    assert [place for place, mark in enumerate(narrow[4]) if mark == "┬"] == [6, 15, 24]
    assert len(full[0]) == 60
    assert len(narrow[0]) == 33


def test_on_a_very_narrow_terminal_only_the_picture_is_left() -> None:
    drawn = chart(TRIANGLE.scales(54), 12)
    assert len(drawn) == 4
    assert not any("┤" in line or "1.00" in line for line in drawn)


def test_curves_of_one_span_have_the_same_axis() -> None:
    curves = [TRIANGLE.scales(15), paper.cifar100_resnet32.scales(15)]
    span = limits(curves)
    axes = [[line[0] for line in curve_chart(scales, span)] for scales in curves]
    assert axes[0] == axes[1]
    assert span == Limits(0.75, 1.45) == limits([*curves, (1.0,)])


def test_what_lies_beyond_the_span_is_cut_off() -> None:
    lines = [plain_text(line) for line in curve_chart((9.0, -9.0, 1.0), Limits(0.8, 1.2))]
    assert [line[6] for line in lines[:4]] == ["█"] * 4
    assert [line[10] for line in lines[:4]] == [" ", " ", "▔", "▁"]


def test_pieces_say_what_is_above_and_below_one() -> None:
    *_, foot, _, _ = curve_chart((1.1, 1.0, 0.9), Limits(0.9, 1.1))
    assert [piece.kind for piece in foot] == ["axis", "above", "level", "below"]
    assert bars((1.2, 1.1, 1.0, 0.8), Limits(0.8, 1.2)) == (
        Piece("█▆", "above"),
        Piece("▄", "level"),
        Piece("▁", "below"),
    )


def test_ascii_has_the_same_shape() -> None:
    scales = TRIANGLE.scales(27)
    blocks, plain = chart(scales), chart(scales, is_ascii=True)
    assert all(line.isascii() for line in plain)
    assert [[mark == " " for mark in line] for line in plain] == [[mark == " " for mark in line] for line in blocks]
    assert set("".join(blocks)) - set(CHARACTERS) <= set("0123456789. ")


def test_nothing_gives_nothing() -> None:
    assert curve_chart((), Limits(0.8, 1.2)) == []
    assert bars((), Limits(0.8, 1.2)) == ()
    assert limits([]) == limits([(), ()]) == Limits(1.0, 1.0)


def test_huge_scales_are_drawn(recwarn: pytest.WarningsRecorder) -> None:
    drawn = chart((1e308, -1e308, 3.0))
    assert [line.split()[0] for line in (drawn[0], drawn[4])] == ["1e308", "-1e308"]
    assert drawn[0].count("█") == 4
    assert plain_text(bars((1e308, -1e308, 0.0), Limits(-1e308, 1e308))) == "█▁▄"
    assert math.isfinite(limits([(1e308, -1e308)]).low)
