import pytest

from vsearch.curves.axis import positions


def test_positions_of_fifteen_blocks_are_their_numbers() -> None:
    assert positions(15) == tuple(range(1, 16))


@pytest.mark.parametrize("num_blocks", range(3, 400, 3))
def test_stages_end_at_exactly_five_ten_and_fifteen(num_blocks: int) -> None:
    t, third = positions(num_blocks), num_blocks // 3
    assert (t[third - 1], t[2 * third - 1], t[-1]) == (5, 10, 15)


def test_the_first_of_27_blocks_lies_before_one() -> None:
    assert positions(27)[0] == pytest.approx(0.5556, abs=1e-4)
