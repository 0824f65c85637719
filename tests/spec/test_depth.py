"""Which depths a CIFAR network can have."""

from typing import Any

import pytest

from vsearch.errors import InputError
from vsearch.spec.depth import num_blocks


@pytest.mark.parametrize(("depth", "blocks"), [(8, 3), (20, 9), (32, 15), (56, 27), (110, 54), (1202, 600)])
def test_blocks_are_half_the_layers_between_the_ends(depth: int, blocks: int) -> None:
    assert num_blocks(depth) == blocks


@pytest.mark.parametrize(
    ("depth", "message"),
    [
        (34, "nearest are 32 and 38"),
        (37, "nearest are 32 and 38"),
        (1201, "nearest are 1196 and 1202"),
        (2, r"lie in 8 … 1202"),
        (-4, r"lie in 8 … 1202"),
        (1208, r"lie in 8 … 1202"),
        (10**100, r"lie in 8 … 1202"),
        (True, "depth is True"),
        (32.0, "depth is 32.0"),
        ("32", "depth is '32'"),
        (None, "depth is None"),
    ],
)
def test_other_depths_are_refused_with_what_is_allowed(depth: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        num_blocks(depth)
