"""Which curves of a confirmation need no more seeds."""

from collections.abc import Callable

import pytest

from vsearch.confirmation.outcome import LEVEL, Outcome, outcome, resolution
from vsearch.confirmation.until_sure import UntilSure, settled_labels
from vsearch.errors import InputError
from vsearch.search.stored import StoredStudy
from vsearch.search.trials import trial_results
from vsearch.spec import StudySpec
from vsearch.statistics import NextStep, next_step

Ended = Callable[..., StoredStudy]
Plan = Callable[..., StudySpec]


def asked(found: Outcome) -> NextStep:
    differences = {row.label: row.differences for row in found.claims}
    return next_step(differences, level=LEVEL, worthwhile=0.2, max_seeds=20, resolution=resolution(found.spec))


@pytest.mark.parametrize(
    ("gains", "labels"),
    [
        ({"trial 7": 5.0, "trial 3": 0.3}, {"trial 7", "constant-mean", "reversed"}),
        ({"trial 7": 0.3, "trial 3": 5.0}, {"trial 3"}),
        ({"trial 7": 0.3, "trial 3": -5.0}, {"trial 3"}),
        ({"trial 7": 0.3, "trial 3": 0.3}, set()),
    ],
)
def test_decided_claims_are_settled_and_the_controls_with_the_curve_they_control(
    ended: Ended, plan: Plan, gains: dict[str, float], labels: set[str]
) -> None:
    """Trial 7 is the first claim, whose controls are trained."""
    noise = {"baseline": 0, "trial 7": 1, "trial 3": 2, "constant-mean": 3, "reversed": 4}

    def score(label: str, pair: int) -> float:
        return 0.8 + 0.01 * (gains.get(label, 0.0) + 0.3 * ((pair * 3 + noise[label]) * 7 % 5 - 2))

    spec = plan(seeds=6, sequential=True)
    found = outcome(spec, trial_results(ended(spec, score)))
    assert settled_labels(found.spec, asked(found)) == labels


def test_before_anything_is_decided_nothing_is_settled(ended: Ended, plan: Plan) -> None:
    spec = plan(seeds=2, sequential=True)
    found = outcome(spec, trial_results(ended(spec, lambda *_: 0.9, only=0)))
    assert settled_labels(found.spec, NextStep("more", "a curve has no pair yet", {})) == frozenset()


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"worthwhile": -0.1}, "worthwhile is -0.1"),
        ({"max_seeds": 0}, "seeds is 0"),
        ({"step": 0}, "seeds is 0"),
        ({"first": 0}, "seeds is 0"),
    ],
)
def test_a_rule_with_impossible_numbers_is_refused(numbers: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        UntilSure(**numbers)  # type: ignore[arg-type]
