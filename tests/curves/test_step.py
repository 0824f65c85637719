from typing import Any

import pytest

from vsearch.curves import Levels, Step
from vsearch.errors import InputError


def test_a_level_holds_up_to_and_with_its_edge() -> None:
    step = Step((1, 2, 3), (5, 10))
    assert [step(t) for t in (4.999, 5, 5.001, 10, 10.001, 15)] == [1, 1, 2, 2, 3, 3]


@pytest.mark.parametrize("num_blocks", [9, 15, 27, 45, 54, 81])
def test_blocks_on_an_edge_fall_on_its_left_at_any_depth(num_blocks: int) -> None:
    by_number = Levels((1,) * 5 + (2,) * 5 + (3,) * 5)
    assert Step((1, 2, 3), (5, 10)).scales(num_blocks) == by_number.scales(num_blocks)


def test_equal_edges_leave_a_level_out() -> None:
    assert Step((1, 2, 3), (5, 5)).scales(3) == (1, 3, 3)


def test_knobs_may_have_their_edges_in_any_order() -> None:
    levels = {"level_1": 1, "level_2": 2, "level_3": 3}
    swapped = Step.from_knobs(levels | {"edge_1": 10, "edge_2": 5}, segments=3)
    assert swapped == Step((1, 2, 3), (5, 10))


def test_edges_are_equally_spaced_where_none_are_given() -> None:
    assert Step.from_knobs({"level_1": 1, "level_2": 2, "level_3": 3}, segments=3).edges == (5, 10)


def test_five_segments_have_five_levels_and_four_edges() -> None:
    names = [knob.name for knob in Step.knobs(segments=5)]
    assert names == [f"level_{i}" for i in range(1, 6)] + [f"edge_{i}" for i in range(1, 5)]
    assert Step.knobs() == Step.knobs(segments=5)


@pytest.mark.parametrize("segments", [1, 13, 2.5, True, "5"])
def test_refuses_a_senseless_number_of_segments(segments: Any) -> None:
    with pytest.raises(InputError, match="segments is"):
        Step.knobs(segments=segments)


@pytest.mark.parametrize(
    ("levels", "edges", "message"),
    [
        ((1, 2, 3), (10, 5), "must go from small to large"),
        ((1, 2, 3), (5,), "3 levels and 1 edges; it needs one edge less"),
        ((1,), (), "has 1 levels; it takes 2 to 12"),
        ((1, float("nan")), (5,), "level 2 is nan"),
        ((1, 2), (0.5,), "edge 1 is 0.5; it must lie in 1 … 15"),
        ("12", (5,), "must be a list of numbers"),
        (3, (5,), "must be a list of numbers"),
    ],
)
def test_refuses(levels: Any, edges: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Step(levels, edges)
