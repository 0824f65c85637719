"""Power against published numbers, the non-central t and simulation."""

import math

import numpy as np
import pytest
from scipy.stats import nct, t

from vsearch.errors import InputError
from vsearch.statistics import detectable_difference, pairs_needed, power_of

ONE = 1 / math.sqrt(2)
"""The deviation of one training whose paired differences have a deviation of 1."""


@pytest.mark.parametrize(("effect", "pairs"), [(0.2, 199), (0.5, 34), (0.8, 15), (1.0, 10)])
def test_pairs_needed_are_those_of_the_usual_tables(effect: float, pairs: int) -> None:
    """80 % power at 5 %, two-sided, paired: as G*Power 3.1 and R's power.t.test(type = "paired") give them."""
    assert pairs_needed(effect, ONE) == pairs


@pytest.mark.parametrize("n", [2, 3, 5, 10, 40])
@pytest.mark.parametrize("effect", [0.05, 0.3, 1.0, 2.0])
def test_power_is_that_of_the_non_central_t(effect: float, n: int) -> None:
    critical, shift = t.isf(0.05 / 3 / 2, n - 1), effect * math.sqrt(n)
    expected = nct.sf(critical, n - 1, shift) + nct.sf(critical, n - 1, -shift)
    assert power_of(effect, ONE, n, comparisons=3) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("effect", "n"), [(0.3, 5), (0.3, 13), (0.6, 5)])
def test_power_is_how_often_simulated_pairs_find_the_difference(effect: float, n: int) -> None:
    rng = np.random.default_rng(n)
    curve, baseline = rng.normal(effect, 0.25, (20_000, n)), rng.normal(0, 0.25, (20_000, n))
    differences = curve - baseline
    statistic = differences.mean(1) / (differences.std(1, ddof=1) / math.sqrt(n))
    found = np.mean(np.abs(statistic) > t.isf(0.025, n - 1))
    assert power_of(effect, 0.25, n) == pytest.approx(found, abs=0.011)  # three standard errors


def test_power_of_no_difference_is_the_error_rate() -> None:
    assert power_of(0, 0.25, 5) == pytest.approx(0.05)
    assert power_of(1e-12, 0.25, 5, level=0.9, comparisons=2) == pytest.approx(0.05)


@pytest.mark.parametrize(("effect", "sd", "n"), [(1e4, 1e-4, 100), (29, 1, 3), (1.0, 1e-9, 2)])
def test_power_of_an_enormous_difference_is_one(effect: float, sd: float, n: int) -> None:
    assert power_of(effect, sd, n) == pytest.approx(1.0)


def test_the_sign_of_the_effect_does_not_matter() -> None:
    assert power_of(-0.3, 0.25, 7) == power_of(0.3, 0.25, 7)
    assert pairs_needed(-0.3, 0.25) == pairs_needed(0.3, 0.25)


@pytest.mark.parametrize("comparisons", [1, 3, 1000])
@pytest.mark.parametrize("n", [2, 3, 5, 20])
def test_the_detectable_difference_has_the_power_that_was_asked_for(n: int, comparisons: int) -> None:
    found = detectable_difference(0.25, n, power=0.9, comparisons=comparisons)
    assert power_of(found, 0.25, n, comparisons=comparisons) == pytest.approx(0.9)


def test_one_pair_detects_nothing() -> None:
    assert detectable_difference(0.25, 1) == detectable_difference(0.25, 0) == math.inf


@pytest.mark.parametrize("effect", [0.1, 0.3, 1.0, 100.0])
def test_pairs_needed_is_the_first_number_with_that_power(effect: float) -> None:
    n = pairs_needed(effect, 0.25, comparisons=2)
    assert power_of(effect, 0.25, n, comparisons=2) >= 0.8
    assert n == 2 or power_of(effect, 0.25, n - 1, comparisons=2) < 0.8


def test_correlated_pairs_need_fewer_seeds() -> None:
    assert pairs_needed(0.3, 0.25, correlation=0.5) == pairs_needed(0.3, 0.25 / math.sqrt(2))
    assert pairs_needed(0.3, 0.25, correlation=0.5) < pairs_needed(0.3, 0.25)


@pytest.mark.parametrize(
    ("effect", "sd", "changes", "message"),
    [
        (0.0, 0.25, {}, "more than 100000 pairs; ask for more"),
        (0.3, 0.0, {}, "sd is 0; it must be above 0"),
        (0.3, math.nan, {}, "sd is nan"),
        (0.3, 0.25, {"power": 1.0}, "power is 1; it must lie between 0.05"),
        (0.3, 0.25, {"power": 0.01}, "power is 0.01"),
        (0.3, 0.25, {"correlation": 1.0}, "correlation is 1"),
    ],
)
def test_what_no_number_of_pairs_can_do_is_refused(
    effect: float, sd: float, changes: dict[str, float], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        pairs_needed(effect, sd, **changes)  # type: ignore[arg-type]


def test_power_of_less_than_two_pairs_is_refused() -> None:
    with pytest.raises(InputError, match="1 pairs have no spread"):
        power_of(0.3, 0.25, 1)
