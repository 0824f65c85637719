"""A row of shortcut scales as a row of characters, for terminals."""

import math
from collections.abc import Sequence

from vsearch.errors import InputError

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII = "_.-=+*#@"
"""For terminals without block characters; eight steps too, from low to high."""


def sparkline(
    scales: Sequence[float], low: float | None = None, high: float | None = None, *, ascii_only: bool = False
) -> str:
    """One character per scale, taller for a larger one; no scales give an empty text.

    `low` and `high` are the values of the lowest and the tallest character, by default the smallest and the largest
    scale; scales beyond them are cut off. Where the two are equal the line is level, at half height.

    Raises:
        InputError: `low` is above `high`, or a number is not finite.
    """
    if not scales:
        return ""
    bottom, top = min(scales) if low is None else low, max(scales) if high is None else high
    if not all(map(math.isfinite, (*scales, bottom, top))):
        raise InputError(f"a sparkline of {min(scales)} … {max(scales)} between {bottom} and {top} is not finite")
    if bottom > top:
        raise InputError(f"a sparkline reaches from {bottom} to {top}; the first number must not be the larger one")
    marks = ASCII if ascii_only else BLOCKS
    return "".join(marks[_height(scale, bottom, top, len(marks))] for scale in scales)


def _height(scale: float, bottom: float, top: float, count: int) -> int:
    # Halved, because the difference of two huge numbers may be infinite.
    share = (scale / 2 - bottom / 2) / (top / 2 - bottom / 2) if top > bottom else 0.5
    # Half-way rounds down, so that a level line sits at ▄, half height.
    return min(max(math.ceil(share * (count - 1) - 0.5), 0), count - 1)
