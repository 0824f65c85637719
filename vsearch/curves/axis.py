"""The depth axis of the paper: block `l` of `L` sits at the position `t = 15 * l / L`."""

import math
import operator
from numbers import Real

from vsearch.errors import InputError

FIRST = 1.0
"""Where curves begin; a block with a smaller `t` takes the value at `FIRST`."""
LAST = 15.0
"""Where curves end: the last block of any network."""
MIDDLE = 8.0
"""Half-way between `FIRST` and `LAST`: block 8 of ResNet-32."""
MAX_BLOCKS = 10_000
"""The deepest network for which scales are reckoned."""


def positions(num_blocks: int) -> tuple[float, ...]:
    """The position of every block, in order; the last is 15.

    The product is taken before the quotient, so a whole position is exact and a block on an edge stays on its side.

    Raises:
        InputError: `num_blocks` is not a whole number from 1 to 10000.
    """
    count = check_num_blocks(num_blocks)
    return tuple(15 * block / count for block in range(1, count + 1))


def clamp(t: float, first: float) -> float:
    """`t` brought into `first` … 15.

    Raises:
        InputError: `t` is NaN or no number.
    """
    if not isinstance(t, Real) or math.isnan(t):
        raise InputError(f"t is {t!r}; a position is a number, usually from 0 to 15")
    return float(min(max(t, first), LAST))


def check_num_blocks(num_blocks: object) -> int:
    """`num_blocks` as an int from 1 to 10000, or InputError."""
    try:
        count = operator.index(num_blocks)  # type: ignore[arg-type]
    except TypeError:
        count = 0
    if isinstance(num_blocks, bool) or not 1 <= count <= MAX_BLOCKS:
        raise InputError(f"num_blocks is {num_blocks!r}; it must be a whole number from 1 to {MAX_BLOCKS}")
    return count
