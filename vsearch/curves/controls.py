"""What a curve is compared with to find out whether it is its *shape* that helps: the same scales without the shape."""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from vsearch.curves.constant import Constant
from vsearch.curves.curve import Curve
from vsearch.curves.levels import Levels
from vsearch.curves.shape import geometric_mean, mean

DIGITS = 4
"""Scales that are equal when rounded to 1e-4 are the same curve."""
SHUFFLES = 100
"""Orders that are tried; where only three differ, all miss the third with a probability of 2e-18."""

Row = tuple[float, ...]


class Control(NamedTuple):
    """A curve to compare with, and what it keeps of the curve that it is a control of."""

    name: str
    """`constant-mean`, `constant-geometric-mean`, `reversed` or `shuffled`."""
    curve: Curve


def controls(curve: Curve, num_blocks: int) -> tuple[Control, ...]:
    """The curve's controls in a network of `num_blocks` blocks, in the order in which `Control.name` lists them.

    A control whose scales equal, to 1e-4, the curve's, the baseline's or an earlier control's is left out: a constant
    curve has none, a symmetric one no `reversed`, a curve of two different scales no `shuffled`.

    Raises:
        InputError: the curve does not fit `num_blocks`.
    """
    scales = curve.scales(num_blocks)
    known = {_rounded(scales), (1.0,) * num_blocks}
    kept = []
    for control in _candidates(scales):
        row = _rounded(control.curve.scales(num_blocks))
        if row not in known:
            known.add(row)
            kept.append(control)
    return tuple(kept)


def _candidates(scales: Row) -> Iterator[Control]:
    yield Control("constant-mean", Constant(_within(mean(scales), scales)))
    yield Control("constant-geometric-mean", Constant(_within(geometric_mean(scales), scales)))
    yield Control("reversed", Levels(scales[::-1]))
    yield Control("shuffled", Levels(_shuffled(scales)))


def _within(value: float, scales: Row) -> float:
    """A mean that rounding errors may have carried out of the range of what it is the mean of."""
    return min(max(value, min(scales)), max(scales))


def _shuffled(scales: Row) -> Row:
    """The scales in the order, of `SHUFFLES` drawn from themselves, that is least like the curve and not its reverse.

    A shuffle that happens to follow the curve would gain what the curve gains, and hide that its shape matters. The
    curve itself where there is no other order.
    """
    row = _rounded(scales)
    others = [order for order in _orders(row) if _reordered(row, order) not in (row, row[::-1])]
    if not others:
        return scales
    return _reordered(scales, min(others, key=lambda order: abs(_likeness(row, _reordered(row, order)))))


def _orders(row: Row) -> Iterator[list[int]]:
    """Orders of the blocks that depend on the rounded scales alone, the same on every machine."""
    text = " ".join(f"{scale:.{DIGITS}f}" for scale in row)
    for attempt in range(SHUFFLES):
        keys = [hashlib.sha256(f"{attempt} {block} {text}".encode()).digest() for block in range(len(row))]
        yield sorted(range(len(row)), key=keys.__getitem__)


def _reordered(row: Row, order: list[int]) -> Row:
    return tuple(row[block] for block in order)


def _likeness(row: Row, other: Row) -> float:
    """Covariance; what divides it to a correlation is the same for all orders. Rounded, so that no last bit decides."""
    middle = mean(row)
    return round(mean([(a - middle) * (b - middle) for a, b in zip(row, other, strict=True)]), 9)


def _rounded(scales: Row) -> Row:
    return tuple(round(scale, DIGITS) for scale in scales)
