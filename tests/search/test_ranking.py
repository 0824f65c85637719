"""The best curve and the noise of its score."""

import math
from typing import Any

import pytest
from optuna.trial import TrialState

from vsearch.errors import VsearchError
from vsearch.search import attributes
from vsearch.search.claims import claim_trial
from vsearch.search.ranking import best, seed_noise
from vsearch.search.trials import trial_results


def tell(study: Any, *accuracies: float, state: TrialState = TrialState.COMPLETE) -> None:
    """Claim a trial and end it with one accuracy per replicate."""
    claim = claim_trial(study, "w")
    assert claim is not None
    mean = sum(accuracies) / len(accuracies)
    claim.trial.report(mean, 1)
    claim.trial.set_user_attr(attributes.ACCURACIES, list(accuracies))
    study.optuna_study.tell(claim.trial, mean if state == TrialState.COMPLETE else None, state=state)


def test_finished_trials_are_ranked_by_accuracy_and_the_first_of_equals_leads(make_study: Any) -> None:
    study = make_study(trials=9)
    for accuracy in (0.5, 0.7, 0.6, 0.7):
        tell(study, accuracy)
    tell(study, 0.99, state=TrialState.PRUNED)
    found = best(trial_results(study))
    assert [trial.number for trial in found.ranked] == [1, 3, 2, 0]
    assert found.trial.number == 1
    assert found.baseline is not None
    assert found.baseline.number == 0
    assert found.difference == pytest.approx(20)


def test_without_a_finished_baseline_there_is_no_difference(make_study: Any) -> None:
    study = make_study(trials=9)
    tell(study, 0.5, state=TrialState.FAIL)
    tell(study, 0.7)
    assert best(trial_results(study)).difference is None


def test_a_study_in_which_all_trials_failed_has_no_best_and_says_why(make_study: Any) -> None:
    study = make_study(trials=9)
    for _ in range(3):
        claim = claim_trial(study, "w")
        assert claim is not None
        claim.trial.set_user_attr(attributes.DETAIL, "the loss was NaN")
        study.optuna_study.tell(claim.trial, state=TrialState.FAIL)
    with pytest.raises(VsearchError, match=r"no trial has finished \(3 failed\).*the loss was NaN"):
        best(trial_results(study))


def test_seed_noise_is_pooled_over_curves_trained_with_several_seeds(make_study: Any) -> None:
    study = make_study(trials=9, replicates=3)
    tell(study, 0.50, 0.52, 0.54)
    tell(study, 0.70, 0.70, 0.76)
    noise = seed_noise(trial_results(study))
    assert noise is not None
    assert noise.degrees_of_freedom == 4
    # Variances by hand: 4e-4 and 12e-4, two degrees of freedom each.
    assert noise.points == pytest.approx(100 * math.sqrt(8e-4))


def test_one_seed_per_curve_tells_nothing_of_the_noise(make_study: Any) -> None:
    study = make_study(trials=9)
    tell(study, 0.5)
    tell(study, 0.6)
    assert seed_noise(trial_results(study)) is None


def test_equal_curves_of_different_trials_tell_the_noise(make_study: Any) -> None:
    study = make_study("constant", trials=9, knobs={"value": "1"})
    tell(study, 0.50)
    tell(study, 0.52)
    noise = seed_noise(trial_results(study))
    assert noise is not None
    assert noise.degrees_of_freedom == 1
    assert noise.points == pytest.approx(100 * math.sqrt(2e-4))
