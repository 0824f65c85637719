"""How noisy a score is, against numbers that are known."""

import math
from typing import Any

import pytest
from scipy.integrate import quad
from scipy.stats import norm

from vsearch.reports.score_noise import luck_of_best, score_noise


@pytest.mark.parametrize("number", [2, 3, 5, 10, 48, 200, 1000, 5000])
def test_luck_is_the_expected_highest_of_so_many_normal_numbers(number: int) -> None:
    """Against the integral over the density of the maximum."""
    expected, _ = quad(lambda x: x * number * norm.pdf(x) * norm.cdf(x) ** (number - 1), -9, 9)
    assert luck_of_best(number) == pytest.approx(expected, abs=0.03)


def test_one_curve_or_none_has_no_luck() -> None:
    assert luck_of_best(1) == luck_of_best(0) == 0.0


def test_evaluation_noise_is_binomial_at_the_baselines_accuracy(trial: Any, data: Any) -> None:
    """At 90 % of 5,000 images: 0.424 points."""
    noise = score_noise(data(trial(0, 0.9, role="baseline"), trial(1, 0.95, "triangle peak=1.2 floor=0.8")))
    assert noise.seeds is None
    assert noise.evaluation == noise.points == pytest.approx(100 * math.sqrt(0.9 * 0.1 / 5000))


def test_seed_noise_of_a_score_shrinks_with_replicates_and_adds_in_squares(trial: Any, data: Any) -> None:
    """Two seeds 2 points apart: a deviation of sqrt(2) for one training, 1 for the mean of two."""
    study = data(trial(0, 0.9, role="baseline", accuracies=(0.89, 0.91)), replicates=2)
    noise = score_noise(study)
    assert noise.seeds == pytest.approx(1.0)
    assert noise.points == pytest.approx(math.hypot(1.0, noise.evaluation or 0.0))


def test_without_trials_nothing_is_known(data: Any) -> None:
    assert score_noise(data()).points is None
