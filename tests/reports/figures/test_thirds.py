"""The statistics of thirds, against SciPy and by hand."""

import numpy as np
import pytest
from scipy import stats

from vsearch.reports.figures.thirds import BlockEffect, effect_at, without_outliers

RANDOM = np.random.default_rng(0)


def test_thirds_are_the_lower_the_middle_and_the_upper_ones() -> None:
    scales = RANDOM.permutation(np.linspace(0.7, 1.5, 90))
    effect = effect_at(4, scales, 80 + 10 * scales)
    assert effect.block == 4
    low, middle, high = effect.low, effect.middle, effect.high
    assert low is not None
    assert middle is not None
    assert high is not None
    assert (low.trials, middle.trials, high.trials) == (30, 30, 30)
    assert (low.smallest, high.largest) == (0.7, 1.5)
    assert [low.mean, middle.mean, high.mean] == pytest.approx([-2.697, 0, 2.697], abs=0.01)


def test_the_intervals_are_those_of_scipy() -> None:
    scales, accuracies = RANDOM.uniform(0.7, 1.5, 60), RANDOM.normal(80, 1, 60)
    effect = effect_at(1, scales, accuracies)
    low, high = (accuracies[np.argsort(scales)[part]] for part in (slice(0, 20), slice(40, 60)))
    welch = stats.ttest_ind(high, low, equal_var=False).confidence_interval()
    assert effect.effect == pytest.approx(high.mean() - low.mean(), abs=1e-3)
    assert effect.half == pytest.approx((welch.high - welch.low) / 2, rel=1e-3)
    assert effect.low is not None
    assert effect.low.half == pytest.approx(stats.t.ppf(0.975, 19) * stats.sem(low), rel=1e-3)


def test_the_smallest_groups_have_an_interval_within_three_percent() -> None:
    accuracies = np.array([80.0, 81, 83, 84, 85, 87, 88, 90, 91])
    effect = effect_at(1, np.arange(9.0), accuracies)
    assert effect.high is not None
    assert effect.high.half == pytest.approx(stats.t.ppf(0.975, 2) * stats.sem(accuracies[6:]), rel=0.035)


def test_the_chance_is_that_of_an_analysis_of_variance() -> None:
    scales, accuracies = np.arange(45.0), RANDOM.normal(80, 1, 45) + np.repeat([0, 0.5, 1.0], 15)
    expected = stats.f_oneway(*np.split(accuracies, 3)).pvalue
    assert effect_at(1, scales, accuracies).chance == pytest.approx(expected, rel=1e-6)


def test_the_explained_share_is_near_nothing_by_chance_and_near_all_without_noise() -> None:
    scales = np.arange(300.0)
    by_chance = [effect_at(1, scales, RANDOM.normal(80, 1, 300)).explained for _ in range(50)]
    assert np.mean(by_chance) < 0.01
    assert effect_at(1, scales, np.repeat([1.0, 2.0, 4.0], 100)).explained == pytest.approx(1)


def test_equal_scales_stay_together() -> None:
    scales = np.repeat([0.8, 1.2], 20)
    effect = effect_at(1, scales, 80 + scales)
    assert effect.middle is None
    assert effect.low is not None
    assert effect.high is not None
    assert (effect.low.largest, effect.high.smallest) == (0.8, 1.2)
    assert effect.effect == pytest.approx(0.4)


def test_a_common_scale_is_the_middle_and_the_rare_ones_its_sides() -> None:
    scales = np.repeat([0.8, 1.0, 1.2], (2, 30, 5))  # two trials are too few for a group
    effect = effect_at(1, scales, 80 + scales)
    assert effect.low is None
    assert effect.middle is not None
    assert effect.high is not None
    assert (effect.middle.trials, effect.high.trials) == (30, 5)
    assert effect.effect == pytest.approx(0.2)


def test_one_scale_for_all_has_no_effect() -> None:
    assert effect_at(3, np.ones(30), RANDOM.normal(80, 1, 30)) == BlockEffect(3)


def test_equal_accuracies_have_an_effect_of_nothing() -> None:
    effect = effect_at(1, np.arange(30.0), np.full(30, 80.0))
    assert (effect.effect, effect.half, effect.explained, effect.chance) == (0.0, 0.0, 0.0, 1.0)


def test_failures_are_raised_to_the_far_fence_and_all_else_stays() -> None:
    accuracies = np.array([10.0, 80, 81, 82, 83, 84])
    lower, upper = np.quantile(accuracies, (0.25, 0.75))
    assert without_outliers(accuracies).tolist() == [lower - 3 * (upper - lower), 80, 81, 82, 83, 84]
    assert without_outliers(np.array([10.0, 80, 80, 80, 80])).tolist() == [10, 80, 80, 80, 80]
