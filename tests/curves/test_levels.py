import math

import pytest

from vsearch.curves import Levels
from vsearch.errors import InputError

PAPER = (1, 1, 1, 1, 1, 0.75, 0.75, 1.45, 1.45, 1.45, 0.8, 0.8, 1, 1, 1)


def test_as_many_levels_as_blocks_are_the_scales() -> None:
    levels = tuple(0.5 + block / 100 for block in range(27))
    assert Levels(levels).scales(27) == levels


@pytest.mark.parametrize("num_blocks", [3, 9, 27, 54, 1000])
def test_fifteen_levels_serve_any_depth_by_their_number(num_blocks: int) -> None:
    numbers = [-(-15 * block // num_blocks) for block in range(1, num_blocks + 1)]
    assert Levels(PAPER).scales(num_blocks) == tuple(PAPER[number - 1] for number in numbers)


def test_other_lengths_fit_no_other_depth() -> None:
    with pytest.raises(InputError, match=r"expected 27 levels \(one per block\) or 15 \(the paper's axis\), got 26"):
        Levels((1,) * 26).scales(27)


@pytest.mark.parametrize("count", [1, 7, 15, 27, 54, 333])
def test_called_at_a_blocks_position_it_gives_the_blocks_level(count: int) -> None:
    levels = tuple(i % 10 for i in range(count))
    assert tuple(Levels(levels)(15 * block / count) for block in range(1, count + 1)) == levels


def test_ends_hold_beyond_the_axis() -> None:
    assert (Levels(PAPER)(-1), Levels((1, 2, 3))(99)) == (1, 3)
    with pytest.raises(InputError, match="position"):
        Levels(PAPER)(math.nan)


def test_is_not_searchable() -> None:
    assert not Levels.is_searchable
    assert Levels.knobs() == ()
    for call in (lambda: Levels.from_knobs({}), Levels.baseline_knobs):
        with pytest.raises(InputError, match="write the list itself"):
            call()


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        ((1, math.nan), "level 2 is nan"),
        ((1, None, 1), "level 2 is None"),
        ((1, "", 1), "level 2 is the text ''"),
        ((1, -1), "level 2 is -1"),
        ((), "levels has 0 levels"),
        ((1,) * 10_001, "it takes 1 to 10000"),
    ],
)
def test_refuses(levels: tuple[float, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Levels(levels)
