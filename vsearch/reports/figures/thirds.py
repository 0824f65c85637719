"""How a number goes with another one: the means of its thirds, their intervals, and what they account for."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

GROUPS = ("low", "middle", "high")
LEAST_IN_GROUP = 3
_Z = 1.959964
"""Normal quantile of a two-sided 95 % interval."""

Numbers = NDArray[np.float64]


class Group(NamedTuple):
    """The trials whose scale at a block is in one third."""

    mean: float
    """Their accuracy above the mean of all, in points."""
    half: float
    """Half the width of its 95 % interval (Student's t)."""
    trials: int
    smallest: float
    """Of their scales at that block."""
    largest: float


class BlockEffect(NamedTuple):
    """How accuracy goes with the scale at one block; nothing where (nearly) all trials have the same scale."""

    block: int
    low: Group | None = None
    middle: Group | None = None
    high: Group | None = None
    effect: float | None = None
    """Mean accuracy of the high group above the low one's, in points."""
    half: float = 0.0
    """Half the width of its 95 % interval (Welch)."""
    explained: float = 0.0
    """Share of the variance of accuracy that the groups account for beyond chance. Source: Kelley 1935, epsilon²."""
    chance: float = 1.0
    """How often groups as different come by chance (F test of three groups)."""


def without_outliers(accuracies: Numbers) -> Numbers:
    """Failures far below the rest raised to three interquartile ranges below the lower quartile (Tukey's far fence)."""
    lower, upper = np.quantile(accuracies, (0.25, 0.75))
    return np.maximum(accuracies, lower - 3 * (upper - lower)) if upper > lower else accuracies


def effect_at(block: int, scales: Numbers, accuracies: Numbers) -> BlockEffect:
    """What `accuracies` (trials,), in percent, have to do with `scales` (trials,) at one block.

    A third of fewer than three trials is left out; with fewer than two thirds there is no effect.
    """
    found = {name: part for name, part in _thirds(scales).items() if part.sum() >= LEAST_IN_GROUP}
    if len(found) < 2:
        return BlockEffect(block)
    values = [accuracies[part] for part in found.values()]
    mean = float(accuracies.mean())
    groups = {name: _group(scales[part], accuracies[part], mean) for name, part in found.items()}
    effect, half = _welch(values[-1], values[0])
    explained, chance = _variance_shares(values)
    low, middle, high = (groups.get(name) for name in GROUPS)
    return BlockEffect(block, low, middle, high, effect, half, explained, chance)


def _thirds(scales: Numbers) -> dict[str, NDArray[np.bool_]]:
    """Who is in the lower, the middle and the upper third; equal scales stay together, so thirds may be unequal."""
    _, places, counts = np.unique(scales, return_inverse=True, return_counts=True)
    ranks = ((np.cumsum(counts) - counts / 2) / len(scales))[places]
    low, high = ranks < 1 / 3, ranks > 2 / 3
    return {"low": low, "middle": ~low & ~high, "high": high}


def _group(scales: Numbers, accuracies: Numbers, mean_of_all: float) -> Group:
    half = _t95(len(accuracies) - 1) * float(accuracies.std(ddof=1)) / math.sqrt(len(accuracies))
    return Group(
        mean=round(float(accuracies.mean()) - mean_of_all, 4),
        half=round(half, 4),
        trials=len(accuracies),
        smallest=round(float(scales.min()), 3),
        largest=round(float(scales.max()), 3),
    )


def _welch(first: Numbers, second: Numbers) -> tuple[float, float]:
    """The difference of two means and half the width of its 95 % interval."""
    errors = [float(values.var(ddof=1)) / len(values) for values in (first, second)]
    difference = round(float(first.mean() - second.mean()), 4)
    if sum(errors) == 0:
        return difference, 0.0
    sizes = (len(first), len(second))
    freedom = sum(errors) ** 2 / sum(error**2 / (size - 1) for error, size in zip(errors, sizes, strict=True))
    return difference, round(_t95(freedom) * math.sqrt(sum(errors)), 4)


def _t95(freedom: float) -> float:
    """Student's two-sided 95 % quantile, within 3 % from 2 degrees of freedom on. Source: Fisher and Cornish 1960."""
    terms = (
        (_Z**3 + _Z) / 4,
        (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / 96,
        (3 * _Z**7 + 19 * _Z**5 + 17 * _Z**3 - 15 * _Z) / 384,
    )
    return _Z + sum(term / freedom ** (power + 1) for power, term in enumerate(terms))


def _variance_shares(groups: list[Numbers]) -> tuple[float, float]:
    """What the groups account for beyond chance, and the chance of groups that differ as much.

    With two degrees of freedom in the numerator the F test has this closed form; for two groups it errs upwards.
    """
    values = np.concatenate(groups)
    total = float(((values - values.mean()) ** 2).sum())
    within = sum(float(((group - group.mean()) ** 2).sum()) for group in groups)
    if total <= 1e-12:
        return 0.0, 1.0
    freedom = len(values) - len(groups)
    explained = 1 - (within / freedom) / (total / (len(values) - 1))
    return round(max(explained, 0.0), 4), min(within / total, 1.0) ** (freedom / 2)
