import pytest

from vsearch.reports.chart import Label, Rule
from vsearch.reports.figures.stages import stage_marks


@pytest.mark.parametrize("num_blocks", range(3, 60))
def test_a_border_stands_between_the_blocks_of_two_stages(num_blocks: int) -> None:
    first, second = (mark.at for mark in stage_marks(num_blocks) if isinstance(mark, Rule))
    for block in range(1, num_blocks + 1):
        stage = 1 if 15 * block <= 5 * num_blocks else 2 if 15 * block <= 10 * num_blocks else 3
        assert stage == 1 + (block > first) + (block > second)


def test_each_stage_has_its_name_over_its_middle() -> None:
    labels = [mark for mark in stage_marks(27) if isinstance(mark, Label)]
    assert labels == [Label(5.0, "stage 1"), Label(14.0, "stage 2"), Label(23.0, "stage 3")]


@pytest.mark.parametrize("num_blocks", [1, 2])
def test_a_tiny_network_has_no_stages(num_blocks: int) -> None:
    assert stage_marks(num_blocks) == ()
