"""How many pairs a difference needs: the exact power of the paired t test.

A two-sided t test is an F test of t², whose power is that of the non-central F distribution: the same number as by the
non-central t, of which `scipy` gives nan in the tails (1.17: t < -4.3 at 2 degrees of freedom and non-centrality 29).

`sd` is throughout the standard deviation of ONE training, in the unit of the effect. A paired difference has
sd · sqrt(2 · (1 - correlation)); `correlation` is that of two curves over the seeds they share, 0 by default: another
curve makes another training of the same weights, and how much it keeps of its seed's luck is not to be relied on.
Source: Cohen 1988, *Statistical power analysis*, chapter 2.
"""

import math

from vsearch.errors import InputError
from vsearch.statistics.checks import error_rate

MOST_PAIRS = 100_000
"""Nobody trains so many; a difference that needs more is refused."""


def power_of(
    effect: float, sd: float, n: int, *, level: float = 0.95, comparisons: int = 1, correlation: float = 0.0
) -> float:
    """The probability that n pairs find a true difference: that their t interval (Bonferroni) excludes zero.

    Raises:
        InputError: fewer than two pairs, or a number out of its range.
    """
    spread = _spread(sd, correlation)
    if n < 2:
        raise InputError(f"{n} pairs have no spread; give 2 or more")
    return _power(effect / spread, n, error_rate(level, comparisons))


def detectable_difference(
    sd: float,
    n: int,
    *,
    power: float = 0.8,
    level: float = 0.95,
    comparisons: int = 1,
    correlation: float = 0.0,
) -> float:
    """The smallest true difference that n pairs find with probability `power`; infinite below 2 pairs.

    Raises:
        InputError: a number out of its range.
    """
    alpha, spread = error_rate(level, comparisons), _spread(sd, correlation)
    _check_power(power, alpha)
    if n < 2:
        return math.inf
    from scipy.optimize import brentq

    high = 1.0
    while _power(high, n, alpha) < power:
        high *= 2
    return spread * float(brentq(lambda ratio: _power(ratio, n, alpha) - power, 0.0, high))


def pairs_needed(
    effect: float,
    sd: float,
    *,
    power: float = 0.8,
    level: float = 0.95,
    comparisons: int = 1,
    correlation: float = 0.0,
) -> int:
    """The smallest number of pairs, at least 2, that finds a true difference with probability `power`.

    Raises:
        InputError: more than 100,000 would be needed, or a number out of its range.
    """
    alpha, ratio = error_rate(level, comparisons), abs(effect) / _spread(sd, correlation)
    _check_power(power, alpha)
    if _power(ratio, MOST_PAIRS, alpha) < power:
        raise InputError(
            f"a difference of {effect:g} at a deviation of {sd:g} needs more than {MOST_PAIRS} pairs; ask for more"
        )
    low, high = 1, MOST_PAIRS  # too few, enough
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _power(ratio, middle, alpha) >= power else (middle, high)
    return high


def _power(ratio: float, n: int, alpha: float) -> float:
    """`ratio`: the effect in standard deviations of a difference."""
    from scipy.stats import f, ncf

    found = float(ncf.sf(f.isf(alpha, 1, n - 1), 1, n - 1, n * ratio**2))
    return max(alpha, found)  # scipy 1.17 gives nonsense below that for a difference of (nearly) zero


def _spread(sd: float, correlation: float) -> float:
    if not 0 < sd < math.inf:
        raise InputError(f"sd is {sd:g}; it must be above 0: the deviation of one training from seed to seed")
    if not -1 <= correlation < 1:
        raise InputError(f"correlation is {correlation:g}; it must lie in -1 … 1, below 1")
    return sd * math.sqrt(2 * (1 - correlation))


def _check_power(power: float, alpha: float) -> None:
    if not alpha < power < 1:
        raise InputError(f"power is {power:g}; it must lie between {alpha:g} (what no difference gives) and 1")
