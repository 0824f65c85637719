"""Whether short runs rank curves as long ones do."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vsearch.errors import InputError
from vsearch.statistics.checks import error_rate
from vsearch.statistics.interval import Interval

Scores = Sequence[Sequence[float]]
Floats = npt.NDArray[np.float64]

RESAMPLES = 2_000
FEWEST_CURVES = 4


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's rank correlation of two ways to score the same curves."""

    rho: float | None
    """In [-1, 1]; None for fewer than 4 curves, or where one way gives all curves the same score."""
    interval: Interval
    """(-1, 1) where rho is None."""
    curves: int

    def to_json(self) -> dict[str, object]:
        """As a JSON object."""
        return {"rho": self.rho, "interval": self.interval.to_json(), "curves": self.curves}


def rank_correlation(short: Scores, long: Scores, *, level: float = 0.95) -> RankCorrelation:
    """Spearman's rho between the mean scores of curves in short and in long runs, with an interval.

    Args:
        short: for each curve its scores, one per seed; the number of seeds may differ.
        long: the same curves in the same order.

    The interval is the hull of two: percentiles of a seeded bootstrap over curves and, within a curve, over seeds; and
    Fisher's z with the variance of Bonett & Wright 2000. The bootstrap alone would give (1, 1), a certainty, for any
    five curves in the same order.

    Raises:
        InputError: different numbers of curves, a curve without a score, a score that is not finite.
    """
    alpha = error_rate(level, 1)
    _check(short, long)
    rho = _spearman(_means(short)[None], _means(long)[None])[0] if len(short) >= FEWEST_CURVES else math.nan
    if not math.isfinite(rho):
        return RankCorrelation(None, Interval(-1.0, 1.0), len(short))
    ends = (_fisher(float(rho), len(short), alpha), _bootstrap(short, long, alpha))
    interval = Interval(min(end.low for end in ends), max(end.high for end in ends))
    return RankCorrelation(float(rho), interval, len(short))


def _check(short: Scores, long: Scores) -> None:
    if len(short) != len(long):
        raise InputError(f"{len(short)} curves have short runs and {len(long)} long ones; give both of each curve")
    for scores in (*short, *long):
        if not len(scores) or not all(map(math.isfinite, scores)):
            raise InputError("a curve has no score, or one that is not finite; leave that curve out")


def _means(scores: Scores) -> Floats:
    return np.asarray([np.mean(of_curve) for of_curve in scores])


def _spearman(first: Floats, second: Floats) -> Floats:
    """Row by row, `(sets, curves)` twice -> `(sets,)`; nan where a row is constant."""
    from scipy.stats import rankdata

    ranks = [rankdata(scores, axis=1) for scores in (first, second)]
    a, b = (rank - rank.mean(axis=1, keepdims=True) for rank in ranks)
    size = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    found: Floats = np.divide((a * b).sum(axis=1), size, out=np.full(len(size), np.nan), where=size > 0)
    return np.minimum(1.0, np.maximum(-1.0, found))  # lets nan pass


def _fisher(rho: float, curves: int, alpha: float) -> Interval:
    from scipy.stats import norm

    # The next value that so many curves can have is 12 / (n (n² - 1)) away from 1: take at most the middle between.
    nearest = 1 - 6 / (curves * (curves**2 - 1))
    z = math.atanh(max(-nearest, min(nearest, rho)))
    half = float(norm.isf(alpha / 2)) * math.sqrt((1 + rho**2 / 2) / (curves - 3))
    return Interval(math.tanh(z - half), math.tanh(z + half))


def _bootstrap(short: Scores, long: Scores, alpha: float) -> Interval:
    rng = np.random.default_rng(0)
    chosen = rng.integers(len(short), size=(RESAMPLES, len(short)))
    drawn = [np.take_along_axis(_resampled_means(scores, rng), chosen, axis=1) for scores in (short, long)]
    rhos = _spearman(*drawn)
    low, high = np.nanquantile(rhos, [alpha / 2, 1 - alpha / 2])
    return Interval(float(low), float(high))


def _resampled_means(scores: Scores, rng: np.random.Generator) -> Floats:
    """The mean of each curve over seeds drawn with replacement, `(RESAMPLES, curves)`."""
    columns = [rng.choice(np.asarray(of_curve, float), (RESAMPLES, len(of_curve))).mean(axis=1) for of_curve in scores]
    return np.stack(columns, axis=1)
