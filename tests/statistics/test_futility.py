"""When more seeds are hopeless, against futures that are drawn."""

import math

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from vsearch.statistics.confidence import looks
from vsearch.statistics.futility import HOPELESS, hopeless_below, predictive_probability, t_statistics


def test_the_probability_is_the_share_of_studies_that_are_confirmed_with_the_seeds_that_are_left() -> None:
    """Over studies whose true difference may be anything, forecast and fate agree, in all and for the doubtful ones."""
    rng = np.random.default_rng(5)
    differences = rng.uniform(-2, 3, (1000, 1)) + rng.normal(size=(1000, 12))
    lows, _ = looks(differences, 0.05)
    fates = np.asarray((lows[:, 6:] > 0).any(axis=1))
    forecasts = np.array([predictive_probability(t, 6, 12, 0.05) for t in t_statistics(differences)[:, 5]])
    assert forecasts.mean() == pytest.approx(fates.mean(), abs=0.03)
    doubtful = np.logical_and(forecasts > 0.1, forecasts < 0.9)
    assert doubtful.sum() > 80
    assert forecasts[doubtful].mean() == pytest.approx(fates[doubtful].mean(), abs=0.1)


def test_it_grows_with_what_is_known_and_with_the_seeds_that_are_left() -> None:
    known = [predictive_probability(statistic, 6, 20, 0.05) for statistic in (-8, 0, 1, 2, 4, 30)]
    assert known == sorted(known)
    assert known[0] == 0.0
    assert known[-1] > 0.99
    left = [predictive_probability(1.5, 6, seeds, 0.05) for seeds in (7, 10, 20, 60)]
    assert left == sorted(left)


@pytest.mark.parametrize(("pairs", "seeds", "alpha"), [(4, 20, 0.05), (10, 20, 0.0125), (19, 20, 0.05)])
def test_the_bound_is_where_the_probability_passes_what_is_hopeless(pairs: int, seeds: int, alpha: float) -> None:
    bound = hopeless_below(pairs, seeds, alpha)
    assert predictive_probability(bound - 0.05, pairs, seeds, alpha) < HOPELESS
    assert predictive_probability(bound + 0.05, pairs, seeds, alpha) >= HOPELESS


def test_the_bound_rises_with_fewer_seeds_left_and_with_more_comparisons() -> None:
    bounds = [hopeless_below(pairs, 20, 0.05) for pairs in range(4, 20)]
    assert bounds == sorted(bounds)
    assert hopeless_below(6, 20, 0.01) > hopeless_below(6, 20, 0.05)


def test_nothing_is_hopeless_before_the_noise_is_known_and_where_no_seed_is_left() -> None:
    assert hopeless_below(1, 20, 0.05) == -math.inf
    assert hopeless_below(20, 20, 0.05) == -math.inf


def test_what_no_seed_could_confirm_is_hopeless_whatever_is_known() -> None:
    """Three pairs have no interval."""
    assert hopeless_below(2, 3, 0.05) == math.inf


def test_the_statistics_are_those_of_the_t_test() -> None:
    differences = np.random.default_rng(0).normal(40.0, 2.0, (3, 9))
    found = t_statistics(differences)
    assert np.isnan(found[:, 0]).all()
    for pairs in range(2, 10):
        assert found[:, pairs - 1] == pytest.approx(ttest_1samp(differences[:, :pairs], 0.0, axis=1).statistic)


def test_equal_differences_tell_nothing_of_the_noise_unless_their_steps_do() -> None:
    equal = np.full((1, 4), 0.1)
    assert np.isnan(t_statistics(equal)).all()
    assert np.isfinite(t_statistics(equal, resolution=0.1)[0, 1:]).all()
