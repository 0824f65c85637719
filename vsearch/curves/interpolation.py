"""Values between given points, never outside them: straight lines, and cubics that keep rises rising."""

from collections.abc import Sequence
from itertools import pairwise


def linear(start: float, end: float, fraction: float) -> float:
    """The value at `fraction` (0 … 1) of the way; exact at both ends, and everywhere where they are equal."""
    if fraction >= 1:
        return end
    return _between(start, end, start + (end - start) * fraction)


def monotone_cubic(values: Sequence[float], place: float) -> float:
    """A smooth curve through three or more `values`, at the whole places 0, 1, 2 …, read at `place`.

    Between two values it never leaves their interval: piecewise cubic Hermite (PCHIP) with the slopes of Fritsch and
    Butland 1984 for equal spacing, as `scipy.interpolate.PchipInterpolator` has them.
    """
    last = len(values) - 2
    left = min(max(int(place), 0), last)
    slopes = _slopes(values)
    start, end = values[left], values[left + 1]
    x = min(max(place - left, 0.0), 1.0)
    rise = x * x * (3 - 2 * x)
    bend = x * (1 - x) * ((1 - x) * slopes[left] - x * slopes[left + 1])
    return _between(start, end, start + (end - start) * rise + bend) if x < 1 else end


def _slopes(values: Sequence[float]) -> list[float]:
    rises = [right - left for left, right in pairwise(values)]
    inner = [_harmonic_mean(before, after) for before, after in pairwise(rises)]
    return [_end_slope(rises[0], rises[1]), *inner, _end_slope(rises[-1], rises[-2])]


def _harmonic_mean(before: float, after: float) -> float:
    return 2 * before * after / (before + after) if before * after > 0 else 0.0


def _end_slope(nearest: float, next_one: float) -> float:
    slope = (3 * nearest - next_one) / 2
    if slope * nearest <= 0:
        return 0.0
    if nearest * next_one < 0 and abs(slope) > 3 * abs(nearest):
        return 3 * nearest
    return slope


def _between(one: float, other: float, value: float) -> float:
    return min(max(value, min(one, other)), max(one, other))
