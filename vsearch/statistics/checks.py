"""Checks of what the statistics are given, with the error that says what to give."""

import math
from collections.abc import Sequence

from vsearch.errors import InputError


def check_differences(differences: Sequence[float]) -> list[float]:
    """The differences as a list of floats.

    Raises:
        InputError: there is none, or one is not finite.
    """
    if not len(differences):
        raise InputError("there is no paired difference; at least one seed must have trained both curves")
    numbers = [float(difference) for difference in differences]
    if not all(map(math.isfinite, numbers)):
        raise InputError("a paired difference is not finite; leave out pairs in which a training diverged, and say so")
    return numbers


def error_rate(level: float, comparisons: int) -> float:
    """The error that each of `comparisons` may have so that all hold together at `level` (Bonferroni).

    Raises:
        InputError: `level` is not inside (0, 1), or there is no comparison.
    """
    if not 0 < level < 1:
        raise InputError(f"level is {level:g}; it must lie between 0 and 1, such as 0.95")
    if comparisons < 1:
        raise InputError(f"comparisons is {comparisons}; there must be 1 or more")
    return (1 - level) / comparisons


def check_resolution(resolution: float) -> float:
    """`resolution` itself, a finite number that is at least 0.

    Raises:
        InputError: anything else.
    """
    if not 0 <= resolution < math.inf:
        raise InputError(f"resolution is {resolution:g}; it must be 0 or more")
    return resolution
