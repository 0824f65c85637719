"""What a row of shortcut scales amounts to: its means, and the product along the whole network."""

import math
from collections.abc import Sequence

from vsearch.errors import InputError


def mean(scales: Sequence[float]) -> float:
    """The arithmetic mean.

    Raises:
        InputError: no scales.
    """
    return math.fsum(_some(scales)) / len(scales)


def geometric_mean(scales: Sequence[float]) -> float:
    """The constant scale with the same product; 0 where any scale is 0.

    Raises:
        InputError: no scales.
    """
    if min(_some(scales)) == 0:
        return 0.0
    return math.exp(math.fsum(map(math.log, scales)) / len(scales))


def product(scales: Sequence[float]) -> float:
    """By how much the input would grow if it passed through the shortcuts alone; infinite beyond the largest float.

    Raises:
        InputError: no scales.
    """
    return math.prod(_some(scales))


def _some(scales: Sequence[float]) -> Sequence[float]:
    if not scales:
        raise InputError("there are no scales; a network has at least one block")
    return scales
