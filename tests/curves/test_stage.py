import pytest

from vsearch.curves import Stage


@pytest.mark.parametrize("num_blocks", [3, 9, 15, 27, 54, 165])
def test_gives_each_third_of_the_blocks_its_level(num_blocks: int) -> None:
    third = num_blocks // 3
    assert Stage(1.2, 0.8, 1.4).scales(num_blocks) == (1.2,) * third + (0.8,) * third + (1.4,) * third


def test_prints_its_levels() -> None:
    assert repr(Stage(1, 0.75, 1)) == "Stage(level_1=1, level_2=0.75, level_3=1)"
