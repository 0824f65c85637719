"""Intervals and verdicts against known truth: simulated pairs, fixed seeds, bounds of three standard errors or more."""

import math

import numpy as np
import pytest
from scipy.stats import t

from vsearch.statistics import next_step, paired_difference, power_of
from vsearch.statistics.confidence import looks

SD = 0.25 * math.sqrt(2)
"""Of a paired difference, in points, where one training has the paper's 0.25."""
STUDIES = 4_000
PAIRS = 20


def pairs(studies: int, curves: int = 1, effect: float = 0.0, n: int = PAIRS, seed: int = 0) -> np.ndarray:
    """Differences `(studies, curves, n)` to a baseline that all curves of a study share, and with it its luck."""
    rng = np.random.default_rng(seed)
    baseline = rng.normal(0, 0.25, (studies, 1, n))
    return rng.normal(effect, 0.25, (studies, curves, n)) - baseline


@pytest.mark.parametrize(("n", "bootstrap"), [(5, 0.85), (20, 0.94)])
def test_t_covers_as_it_says_and_the_bootstrap_too_little_with_few_pairs(n: int, bootstrap: float) -> None:
    found = [paired_difference(numbers) for numbers in pairs(500, effect=0.4, n=n)[:, 0]]
    assert np.mean([one.interval.covers(0.4) for one in found]) == pytest.approx(0.95, abs=0.03)
    covered = np.mean([one.bootstrap is not None and one.bootstrap.covers(0.4) for one in found])
    assert covered == pytest.approx(bootstrap, abs=0.05)


@pytest.mark.parametrize("curves", [1, 3, 8])
def test_equal_curves_are_called_different_no_more_often_than_the_level_allows(curves: int) -> None:
    """Any of the curves of a study, whose differences share their baseline, with Bonferroni's correction."""
    found = 0
    for study in pairs(600, curves, n=3, seed=curves):
        results = [paired_difference(numbers, comparisons=curves) for numbers in study]
        found += any(result.simultaneous.excludes_zero for result in results)
    assert 0.01 < found / 600 < 0.05 + 0.027  # three standard errors


def test_without_the_correction_eight_equal_curves_are_called_different_far_too_often() -> None:
    results = [[paired_difference(numbers).interval.excludes_zero for numbers in study] for study in pairs(300, 8, n=3)]
    assert np.mean([any(study) for study in results]) > 0.15


def test_a_planted_effect_is_found_with_the_power_that_is_promised() -> None:
    promised = power_of(0.5, 0.25, 6, comparisons=3)
    results = [paired_difference(numbers, comparisons=3) for numbers in pairs(800, effect=0.5, n=6, seed=5)[:, 0]]
    found = np.mean([result.simultaneous.low > 0 for result in results])
    assert found == pytest.approx(promised, abs=0.053)
    assert 0.3 < promised < 0.9


@pytest.mark.parametrize("curves", [1, 3])
def test_the_confidence_sequence_covers_at_all_looks_together(curves: int) -> None:
    differences = pairs(STUDIES, curves, effect=0.3, seed=curves)
    lows, highs = looks(differences.reshape(-1, PAIRS), 0.05 / curves)
    always = ((lows <= 0.3) & (highs >= 0.3)).all(axis=1).reshape(STUDIES, curves).all(axis=1)
    assert 0.95 < always.mean() < 0.995


def test_a_t_interval_looked_at_after_every_pair_would_not() -> None:
    numbers = pairs(STUDIES, seed=1)[:, 0]
    wrong = np.zeros(STUDIES, bool)
    for n in range(2, PAIRS + 1):
        seen = numbers[:, :n]
        wrong |= abs(seen.mean(1)) > t.isf(0.025, n - 1) * seen.std(1, ddof=1) / math.sqrt(n)
    assert wrong.mean() == pytest.approx(0.26, abs=0.025)


def outcome(study: np.ndarray) -> dict[str, str]:
    """Add pairs to a simulated study until no curve is undecided, looking after each; the verdicts by curve."""
    names = [f"curve {number}" for number in range(len(study))]
    seen = dict.fromkeys(names, 1)
    while True:
        given = {name: study[row, : seen[name]].tolist() for row, name in enumerate(names)}
        step = next_step(given, worthwhile=0.3, max_seeds=PAIRS)
        if not step.undecided:
            return {name: decision.verdict for name, decision in step.decisions.items()}
        for name in step.undecided:
            seen[name] += 1


@pytest.mark.parametrize("curves", [1, 3])
def test_the_sequential_rule_calls_equal_curves_different_no_more_often_than_its_level(curves: int) -> None:
    found = [set(outcome(study).values()) for study in pairs(400, curves, seed=curves)]
    assert np.mean([bool({"confirmed", "worse"} & verdicts) for verdicts in found]) < 0.025  # 0.011 in 20,000 studies
    assert np.mean(["futile" in verdicts for verdicts in found]) > 0.95  # 0.988 there


def test_the_sequential_rule_confirms_a_planted_effect() -> None:
    """One standard deviation of a difference: 80 % within 20 pairs, looking from the second on."""
    found = [outcome(study)["curve 0"] for study in pairs(300, effect=SD, seed=9)]
    assert found.count("confirmed") / 300 == pytest.approx(0.80, abs=0.07)
    assert "worse" not in found


def test_the_sequential_rule_finds_what_is_worse() -> None:
    found = [outcome(study)["curve 0"] for study in pairs(100, effect=-2 * SD, seed=9)]
    assert found.count("worse") + found.count("futile") == 100
