"""Which depths a CIFAR residual network can have, and how many blocks that makes; free of torch."""

from vsearch.errors import InputError, shorten

MAX_DEPTH = 1202
"""The deepest network of He et al. 2015, section 4.2."""


def num_blocks(depth: int) -> int:
    """The number of residual blocks of the CIFAR network of `depth` layers: 15 for ResNet-32, 27 for ResNet-56.

    Raises:
        InputError: `depth` is no whole number 6n + 2 in 8 … 1202.
    """
    if isinstance(depth, bool) or not isinstance(depth, int):
        raise InputError(
            f"depth is {shorten(repr(depth))}; it must be a whole number 6n + 2 in 8 … {MAX_DEPTH}, such as 32"
        )
    if not 8 <= depth <= MAX_DEPTH:
        raise InputError(f"depth is {shorten(str(depth))}; it must be 6n + 2 and lie in 8 … {MAX_DEPTH}")
    if depth % 6 != 2:
        below = (depth - 2) // 6 * 6 + 2
        raise InputError(
            f"depth is {depth}; a CIFAR network has 6n + 2 layers, the nearest are {below} and {below + 6} "
            f"(at most {MAX_DEPTH})"
        )
    return (depth - 2) // 2
