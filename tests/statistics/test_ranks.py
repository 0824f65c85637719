"""Rank correlation of short and long runs, against scipy and known truth."""

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from vsearch.errors import InputError
from vsearch.statistics import Interval, rank_correlation

SHORT = [[0.31, 0.33], [0.30, 0.29], [0.42, 0.40], [0.38, 0.39], [0.45, 0.41], [0.36, 0.37]]
LONG = [[0.90, 0.91], [0.89, 0.90], [0.92, 0.93], [0.93, 0.925], [0.915, 0.92], [0.90, 0.915]]


def test_rho_is_scipys_of_the_mean_scores() -> None:
    found = rank_correlation(SHORT, LONG)
    expected = spearmanr(np.mean(SHORT, axis=1), np.mean(LONG, axis=1)).statistic
    assert found.rho == pytest.approx(expected)
    assert found.curves == 6
    assert found.interval.low < expected < found.interval.high
    assert found == rank_correlation(SHORT, LONG)


def test_curves_may_have_different_numbers_of_seeds() -> None:
    found = rank_correlation([[*scores, scores[0]] for scores in SHORT], [scores[:1] for scores in LONG])
    expected = spearmanr([np.mean([*scores, scores[0]]) for scores in SHORT], [scores[0] for scores in LONG]).statistic
    assert found.rho == pytest.approx(expected)


@pytest.mark.parametrize("curves", [0, 1, 2, 3])
def test_fewer_than_four_curves_tell_nothing(curves: int) -> None:
    found = rank_correlation(SHORT[:curves], LONG[:curves])
    assert (found.rho, found.interval, found.curves) == (None, Interval(-1, 1), curves)


def test_equal_scores_tell_nothing() -> None:
    found = rank_correlation([[0.1]] * 6, LONG)
    assert (found.rho, found.interval) == (None, Interval(-1, 1))
    assert found.to_json() == {"rho": None, "interval": [-1.0, 1.0], "curves": 6}


def test_few_curves_in_the_same_order_are_no_certainty_and_many_nearly_are() -> None:
    lows = []
    for curves in (4, 5, 10, 20):
        found = rank_correlation([[k] for k in range(curves)], [[k**2] for k in range(curves)])
        assert (found.rho, found.interval.high) == (1.0, 1.0)
        lows.append(found.interval.low)
    assert lows == sorted(lows)
    assert lows[0] < 0 < 0.9 < lows[2] < lows[3] < 1


def test_an_order_that_seeds_overturn_widens_the_interval() -> None:
    steady = [[k - 0.1, k + 0.1] for k in range(10)]
    shaky = [[k - 3.0, k + 3.0] for k in range(10)]
    assert rank_correlation(steady, shaky).rho == rank_correlation(steady, steady).rho == pytest.approx(1.0)
    assert rank_correlation(steady, shaky).interval.low < rank_correlation(steady, steady).interval.low - 0.1


@pytest.mark.parametrize(("curves", "rho"), [(8, 0.5), (12, 0.8), (20, 0.0)])
def test_the_interval_covers_the_true_rank_correlation(curves: int, rho: float) -> None:
    """Normal scores whose product-moment correlation is r have a rank correlation of 6 / pi asin(r / 2)."""
    rng, truth = np.random.default_rng(curves), 6 / math.pi * math.asin(rho / 2)
    studies = rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], (150, curves))
    found = [rank_correlation(study[:, :1].tolist(), study[:, 1:].tolist()).interval.covers(truth) for study in studies]
    assert 0.90 < np.mean(found) <= 1.0


def test_constant_resamples_of_tied_scores_leave_no_nan() -> None:
    found = rank_correlation([[0.0], [0.0], [0.0], [1.0]], [[0.0], [0.0], [0.0], [1.0]])
    assert found.rho == pytest.approx(1.0)
    assert all(map(math.isfinite, found.interval))


@pytest.mark.parametrize(
    ("short", "long", "message"),
    [
        (SHORT, LONG[:5], "6 curves have short runs and 5 long ones"),
        ([[], *SHORT[1:]], LONG, "a curve has no score"),
        ([[math.nan], *SHORT[1:]], LONG, "not finite; leave that curve out"),
    ],
)
def test_scores_that_do_not_fit_are_refused(short: list[list[float]], long: list[list[float]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        rank_correlation(short, long)
