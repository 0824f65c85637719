"""The always-valid interval and the rule that stops."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from vsearch.errors import InputError
from vsearch.statistics import Interval, confidence_sequence, next_step
from vsearch.statistics.confidence import MIXTURE, looks

DIFFERENCES = (0.5, 0.8, 0.4, 0.7, 0.6, 0.5)


def evidence(numbers: np.ndarray, mean: float) -> float:
    """The likelihood ratio of the mixture against `mean`, integrated over scale and effect by brute force."""
    n, x = len(numbers), numbers - mean

    def likelihood(log_sd: float, effect: float) -> float:
        sd = math.exp(log_sd)
        return math.exp(-((x - effect * sd) ** 2).sum() / (2 * sd**2) - n * log_sd)

    def mixed(log_sd: float) -> float:
        weight = math.sqrt(1 / MIXTURE)
        return quad(lambda effect: likelihood(log_sd, effect) * norm.pdf(effect, 0, weight), -12, 12, points=[0])[0]

    center = math.log(float(np.sqrt(np.mean(x**2))))
    ends = (center - 4, center + 6)
    return quad(mixed, *ends, epsrel=1e-5)[0] / quad(lambda log_sd: likelihood(log_sd, 0.0), *ends)[0]


def test_the_ends_are_where_the_mixtures_evidence_reaches_the_bound() -> None:
    """Against the integral over the effect's normal prior and the scale's log-flat one that the formula solves."""
    numbers = np.asarray(DIFFERENCES)
    lows, highs = looks(numbers[None], 0.05)
    assert evidence(numbers, lows[0, -1]) == pytest.approx(20, rel=1e-3)
    assert evidence(numbers, highs[0, -1]) == pytest.approx(20, rel=1e-3)


def test_three_pairs_say_nothing_and_four_something() -> None:
    assert confidence_sequence(DIFFERENCES[:3]) == Interval(-math.inf, math.inf)
    assert confidence_sequence(DIFFERENCES[:4]).is_finite


def test_the_interval_never_widens_with_more_pairs() -> None:
    numbers = np.random.default_rng(0).normal(0.2, 0.3, 30).tolist()
    found = [confidence_sequence(numbers[:n]) for n in range(1, 31)]
    for former, later in pairwise(found):
        assert former.low <= later.low <= later.high <= former.high


def test_the_interval_follows_shift_and_scale_of_the_differences() -> None:
    plain = confidence_sequence(DIFFERENCES)
    moved = confidence_sequence([100 - 10 * difference for difference in DIFFERENCES])
    assert moved == pytest.approx((100 - 10 * plain.high, 100 - 10 * plain.low))


def test_more_comparisons_and_a_higher_level_widen_it() -> None:
    plain, three = confidence_sequence(DIFFERENCES), confidence_sequence(DIFFERENCES, comparisons=3)
    assert three.low < plain.low < plain.high < three.high
    assert three == pytest.approx(confidence_sequence(DIFFERENCES, level=1 - 0.05 / 3))


@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, -7.7])
def test_equal_differences_are_no_certainty(value: float) -> None:
    assert confidence_sequence([value] * 9) == Interval(-math.inf, math.inf)
    found = confidence_sequence([value] * 9, resolution=0.01)
    assert found.is_finite
    assert found.low < value - 0.003 < value + 0.003 < found.high


def step(*differences: float, worthwhile: float = 0.0, max_seeds: int = 20) -> tuple[str, str]:
    found = next_step({"ramp": differences}, worthwhile=worthwhile, max_seeds=max_seeds)
    return found.verdict, found.reason


def test_an_interval_above_zero_confirms_and_says_its_numbers() -> None:
    interval = confidence_sequence(DIFFERENCES)
    verdict, reason = step(*DIFFERENCES)
    assert verdict == "confirmed"
    assert reason == (
        f"ramp: after 6 pairs the interval is {interval.low:+.2f} to {interval.high:+.2f} points, all above zero"
    )


def test_an_interval_below_zero_is_worse() -> None:
    verdict, reason = step(*(-difference for difference in DIFFERENCES))
    assert verdict == "worse"
    assert "all below zero" in reason


def test_what_ends_below_the_worthwhile_is_futile_and_above_it_goes_on() -> None:
    around_zero = (0.1, -0.1, 0.05, -0.05, 0.02, -0.02)
    assert step(*around_zero, worthwhile=0.5)[0] == "futile"
    assert "below the 0.5 that would be worthwhile" in step(*around_zero, worthwhile=0.5)[1]
    above_zero = [number + 0.03 for number in around_zero]
    assert step(*above_zero, worthwhile=0.05)[0] == "more"


def test_without_seeds_left_the_rule_ends_undecided() -> None:
    verdict, reason = step(0.1, -0.1, 0.2, -0.2, max_seeds=4)
    assert verdict == "spent"
    assert "decides nothing, and no more than 4 seeds" in reason
    assert step(0.3, -0.1, 0.3, -0.1)[0] == "more"
    assert step(0.1, max_seeds=2)[1] == "ramp: 1 pairs are too few for an interval, which decides nothing yet"


def test_what_the_seeds_that_are_left_would_hardly_confirm_is_futile_and_says_so() -> None:
    verdict, reason = step(0.1, -0.1, 0.2, -0.2)
    assert verdict == "futile"
    assert reason.endswith("points, and with 20 seeds it would be confirmed with a probability below 5 %")
    assert step(0.3, -0.1, 0.3, -0.1, max_seeds=5)[0] == "futile"
    assert step(0.3, -0.1, 0.3, -0.1, max_seeds=20)[0] == "more"


def test_the_candidates_share_the_error_and_go_on_while_one_is_undecided() -> None:
    found = next_step({"good": DIFFERENCES, "open": (0.1, 0.2)}, worthwhile=0.1, max_seeds=20)
    assert (found.verdict, found.undecided) == ("more", ("open",))
    assert found.decisions["good"].interval == confidence_sequence(DIFFERENCES, comparisons=2)
    decided = next_step({"good": DIFFERENCES, "bad": [-d for d in DIFFERENCES]}, worthwhile=0.1, max_seeds=20)
    assert (decided.verdict, decided.undecided) == ("confirmed", ())
    assert decided.reason.startswith("good: ")


@pytest.mark.parametrize(
    ("candidates", "worthwhile", "max_seeds", "message"),
    [
        ({}, 0.1, 20, "there is no candidate"),
        ({"a": [0.1]}, -0.1, 20, "worthwhile is -0.1"),
        ({"a": [0.1]}, 0.1, 1, "max_seeds is 1; give 2 or more"),
        ({"a": []}, 0.1, 20, "there is no paired difference"),
        ({"a": [math.nan]}, 0.1, 20, "not finite"),
    ],
)
def test_a_wrong_value_is_refused(
    candidates: dict[str, list[float]], worthwhile: float, max_seeds: int, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        next_step(candidates, worthwhile=worthwhile, max_seeds=max_seeds)
