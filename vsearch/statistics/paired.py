"""What paired differences tell: their mean, how sure it is, and what they could have found at all."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from vsearch.statistics.checks import check_differences, check_resolution, error_rate
from vsearch.statistics.interval import EVERYTHING, Interval
from vsearch.statistics.power import detectable_difference

RESAMPLES = 9_999


@dataclass(frozen=True)
class PairedDifference:
    """The mean of n differences between two curves that were trained with the same seeds, in the caller's unit."""

    n: int
    mean: float
    sd: float | None
    """Standard deviation of a difference, at least what `resolution` can hide; None where no spread is known."""
    interval: Interval
    """Paired t, at `level`; infinite where no spread is known."""
    simultaneous: Interval
    """Paired t, so wide that all `comparisons` hold together at `level` (Bonferroni)."""
    bootstrap: Interval | None
    """Percentiles of resampled means, at `level`; None where so few pairs have no such percentiles.

    It is too short for few pairs: of normal differences it covers 80 % with 4 pairs, 85 % with 5, 91 % with 10 and
    94 % with 20 where it says 95 % (2,000 simulated sets each). Read `interval`, and this one where the differences are
    skewed. BCa, which `scipy` also has, covered no more there (81, 86, 89 and 93 % of 600).
    """
    p_value: float
    """Two-sided, that the true mean is 0; 1 where no spread is known."""
    p_corrected: float
    """`p_value` times `comparisons`, at most 1."""
    p_better: float
    """That the true mean is above 0, under a flat prior; 0.5 where no spread is known."""
    comparisons: int
    level: float

    @property
    def detectable(self) -> float:
        """The smallest true difference that so many pairs of this spread find with 80 % power, at `simultaneous`."""
        if self.sd is None:
            return math.inf
        return detectable_difference(self.sd / math.sqrt(2), self.n, level=self.level, comparisons=self.comparisons)


def paired_difference(
    differences: Sequence[float], *, level: float = 0.95, comparisons: int = 1, resolution: float = 0.0
) -> PairedDifference:
    """The mean of paired differences with its t and bootstrap intervals.

    Args:
        differences: one per seed: the curve's accuracy less the baseline's.
        comparisons: so many curves are compared with the baseline.
        resolution: the smallest step by which a difference can change: 100 / 10,000 points on 10,000 images. Equal
            differences are no certainty: the spread is never taken as smaller than n numbers within one such step can
            have. With 0, equal differences tell of no spread at all.

    Raises:
        InputError: no difference, or one that is not finite; `level` is not inside (0, 1).
    """
    numbers = check_differences(differences)
    alpha = error_rate(level, 1)
    mean, sd = fmean(numbers), _spread(numbers, check_resolution(resolution))
    p_value, p_better = _probabilities(mean, sd, len(numbers))
    return PairedDifference(
        n=len(numbers),
        mean=mean,
        sd=sd,
        interval=_t_interval(mean, sd, len(numbers), alpha),
        simultaneous=_t_interval(mean, sd, len(numbers), error_rate(level, comparisons)),
        bootstrap=_bootstrap(numbers, level),
        p_value=p_value,
        p_corrected=min(1.0, p_value * comparisons),
        p_better=p_better,
        comparisons=comparisons,
        level=level,
    )


def _spread(numbers: list[float], resolution: float) -> float | None:
    if len(numbers) < 2:
        return None
    # Of n numbers in an interval of length r the spread is largest with half of them at each end.
    hidden = resolution / 2 * math.sqrt(len(numbers) / (len(numbers) - 1))
    # Equal numbers whose mean is not one of them, as 0.1 + 0.1 + 0.1, have a spread of the last bit.
    found = 0.0 if max(numbers) == min(numbers) else stdev(numbers)
    return max(found, hidden) or None


def _t_interval(mean: float, sd: float | None, n: int, alpha: float) -> Interval:
    if sd is None:
        return EVERYTHING
    from scipy.stats import t

    half = float(t.isf(alpha / 2, n - 1)) * sd / math.sqrt(n)
    return Interval(mean - half, mean + half)


def _probabilities(mean: float, sd: float | None, n: int) -> tuple[float, float]:
    """The two-sided p, and the probability that the true mean is above 0."""
    if sd is None:
        return 1.0, 0.5
    from scipy.stats import t

    statistic = mean / (sd / math.sqrt(n))
    return 2 * float(t.sf(abs(statistic), n - 1)), float(t.cdf(statistic, n - 1))


def _bootstrap(numbers: list[float], level: float) -> Interval | None:
    n = len(numbers)
    # With 3 pairs 1 resample in 27 repeats the lowest one: its 2.5th percentile is no percentile but the minimum.
    if n ** -float(n) >= (1 - level) / 2 or max(numbers) == min(numbers):
        return None
    import numpy as np
    from scipy.stats import bootstrap

    found = bootstrap(
        (np.asarray(numbers),),
        np.mean,
        confidence_level=level,
        n_resamples=RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return Interval(float(found.low), float(found.high))
