"""Paired differences against scipy, known values, and what must never be claimed."""

import math

import numpy as np
import pytest
from scipy.stats import t, ttest_1samp, ttest_rel

from vsearch.errors import InputError
from vsearch.statistics import Interval, paired_difference, power_of

CURVE = (93.1, 92.8, 93.5, 93.3, 92.9)
BASELINE = (92.7, 92.6, 92.9, 93.2, 92.7)
DIFFERENCES = [curve - baseline for curve, baseline in zip(CURVE, BASELINE, strict=True)]


def test_mean_interval_and_p_are_those_of_scipys_paired_t_test() -> None:
    found = paired_difference(DIFFERENCES)
    expected = ttest_rel(CURVE, BASELINE)
    assert found.n == 5
    assert found.mean == pytest.approx(0.3)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.interval == pytest.approx(tuple(expected.confidence_interval(0.95)))
    assert found.sd == pytest.approx(np.std(DIFFERENCES, ddof=1))


def test_the_interval_of_students_sleep_data_is_the_published_one() -> None:
    """Hours of more sleep of ten patients, Student 1908: mean 1.58, 95 % interval 0.70 to 2.46, p = 0.00283."""
    found = paired_difference([1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4])
    assert found.mean == pytest.approx(1.58)
    assert found.interval == pytest.approx((0.70, 2.46), abs=0.005)
    assert found.p_value == pytest.approx(0.00283, abs=1e-5)


def test_comparisons_widen_the_simultaneous_interval_and_multiply_p() -> None:
    one, three = paired_difference(DIFFERENCES), paired_difference(DIFFERENCES, comparisons=3)
    assert one.simultaneous == one.interval == three.interval
    bonferroni = ttest_1samp(DIFFERENCES, 0).confidence_interval(1 - 0.05 / 3)
    assert three.simultaneous == pytest.approx(tuple(bonferroni))
    assert three.p_corrected == pytest.approx(3 * one.p_value)
    assert paired_difference(DIFFERENCES, comparisons=1000).p_corrected == 1.0


def test_p_is_below_the_error_rate_exactly_where_the_interval_excludes_zero() -> None:
    for shift in np.linspace(-0.6, 0.3, 40):
        found = paired_difference([difference + shift for difference in DIFFERENCES], comparisons=3)
        assert found.interval.excludes_zero == (found.p_value < 0.05)
        assert found.simultaneous.excludes_zero == (found.p_corrected < 0.05)


def test_the_probability_of_being_better_is_one_less_half_the_p_value() -> None:
    found, mirrored = paired_difference(DIFFERENCES), paired_difference([-difference for difference in DIFFERENCES])
    assert found.p_better == pytest.approx(1 - found.p_value / 2)
    assert mirrored.p_better == pytest.approx(found.p_value / 2)


def test_the_detectable_difference_is_found_with_eighty_percent_power() -> None:
    found = paired_difference(DIFFERENCES, comparisons=3)
    assert found.sd is not None
    one_training = found.sd / math.sqrt(2)
    assert power_of(found.detectable, one_training, 5, comparisons=3) == pytest.approx(0.8)


def test_one_pair_tells_nothing_but_its_difference() -> None:
    found = paired_difference([0.7], comparisons=2)
    assert (found.n, found.mean, found.sd, found.bootstrap) == (1, 0.7, None, None)
    assert found.interval == found.simultaneous == Interval(-math.inf, math.inf)
    assert found.interval.to_json() == [None, None]
    assert (found.p_value, found.p_corrected, found.p_better, found.detectable) == (1.0, 1.0, 0.5, math.inf)


@pytest.mark.parametrize("value", [0.0, 0.1, -3.0])
def test_equal_differences_of_unknown_resolution_are_no_certainty(value: float) -> None:
    found = paired_difference([value] * 3)
    assert (found.sd, found.bootstrap, found.p_value, found.p_better) == (None, None, 1.0, 0.5)
    assert not found.interval.is_finite


def test_equal_differences_are_as_uncertain_as_the_step_by_which_they_could_differ() -> None:
    """Two numbers inside one step of 0.1 differ from their mean by 0.05 at most: a deviation of 0.05 * sqrt(2)."""
    found = paired_difference([0.3, 0.3], resolution=0.1)
    assert found.sd == pytest.approx(0.05 * math.sqrt(2))
    half = t.isf(0.025, 1) * 0.05
    assert found.interval == pytest.approx((0.3 - half, 0.3 + half))
    assert paired_difference(DIFFERENCES, resolution=0.01) == paired_difference(DIFFERENCES)


def test_the_bootstrap_is_the_same_each_time_and_lies_within_the_differences() -> None:
    found = paired_difference(DIFFERENCES).bootstrap
    assert found is not None
    assert found == paired_difference(DIFFERENCES).bootstrap
    assert min(DIFFERENCES) < found.low < 0.3 < found.high < max(DIFFERENCES)


def test_three_pairs_have_no_bootstrap_and_four_have_one() -> None:
    assert paired_difference([0.1, 0.2, 0.4]).bootstrap is None
    assert paired_difference([0.1, 0.2, 0.4, 0.3]).bootstrap is not None
    assert paired_difference([0.1, 0.2, 0.4], level=0.8).bootstrap is not None


@pytest.mark.parametrize(
    ("differences", "changes", "message"),
    [
        ([], {}, "there is no paired difference"),
        ([0.1, math.nan], {}, "not finite; leave out pairs"),
        ([0.1, math.inf], {}, "not finite; leave out pairs"),
        ([0.1, 0.2], {"level": 95}, "level is 95; it must lie between 0 and 1"),
        ([0.1, 0.2], {"level": math.nan}, "level is nan"),
        ([0.1, 0.2], {"comparisons": 0}, "comparisons is 0"),
        ([0.1, 0.2], {"resolution": -1.0}, "resolution is -1"),
        ([0.1, 0.2], {"resolution": math.nan}, "resolution is nan"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(
    differences: list[float], changes: dict[str, float], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        paired_difference(differences, **changes)  # type: ignore[arg-type]
