"""Which curves are candidates, and what happens at the edges."""

from collections.abc import Callable
from typing import Any

import pytest

from vsearch.confirmation.candidates import ranked_candidates
from vsearch.curves import BASELINE, Constant, Ramp
from vsearch.errors import InputError, VsearchError
from vsearch.search.trials import TrialResult

MakeTrial = Callable[..., TrialResult]


def constants(trial: MakeTrial, *accuracies: float) -> list[TrialResult]:
    """The baseline at 90 %, then constant curves 0.1 apart, upwards from 0.5, with these accuracies."""
    plain = [trial(0, BASELINE, [0.9], role="baseline")]
    return plain + [
        trial(number, Constant(0.45 + 0.1 * number), [accuracy]) for number, accuracy in enumerate(accuracies, 1)
    ]


def test_a_lucky_curve_among_mediocre_neighbours_yields_to_a_good_one_among_good(trial: MakeTrial) -> None:
    scores = (0.902, 0.9045, 0.9005, 0.901, 0.903, 0.9035, 0.904, 0.9042, 0.9038, 0.9035)
    found = ranked_candidates(constants(trial, *scores), top=3, validation_images=5000)
    assert scores[1] == max(scores)
    assert found[0].number in (7, 8, 9)
    lucky = ranked_candidates(constants(trial, *scores), top=20, validation_images=5000)
    shrinkage = {candidate.number: candidate.shrinkage for candidate in lucky}
    assert shrinkage[2] == max(shrinkage.values()) > 0


def test_candidates_carry_score_estimate_and_their_difference_in_points(trial: MakeTrial) -> None:
    trials = constants(trial, 0.90, 0.91, 0.92, 0.915, 0.91)
    for candidate in ranked_candidates(trials, top=5):
        origin = trials[candidate.number]
        assert (candidate.curve, candidate.scales, candidate.score) == (origin.curve, origin.scales, origin.accuracy)
        assert candidate.shrinkage == pytest.approx(100 * (candidate.score - candidate.estimate))
        assert 0 < candidate.sd < 5
        assert candidate.trainings == 1


def test_more_trainings_of_a_curve_are_one_candidate_that_is_believed_more(trial: MakeTrial) -> None:
    trials = constants(trial, 0.90, 0.91, 0.93, 0.91, 0.90, 0.90)
    often = [trial(7 + number, Constant(0.75), [0.93 + 0.001 * number]) for number in range(-2, 3)]
    (once,) = ranked_candidates(trials, top=1, validation_images=5000)
    (pooled,) = ranked_candidates(trials + often, top=1, validation_images=5000)
    assert (once.number, pooled.number) == (3, 3)
    assert (once.trainings, pooled.trainings) == (1, 6)
    assert pooled.score == pytest.approx(0.93)
    assert pooled.sd < once.sd
    assert abs(pooled.shrinkage) < abs(once.shrinkage)


def test_a_lucky_score_that_repetitions_did_not_keep_up_leads_no_more(trial: MakeTrial) -> None:
    trials = constants(trial, 0.90, 0.91, 0.93, 0.91, 0.912, 0.90)
    again = [trial(number, Constant(0.75), [0.89]) for number in range(7, 11)]
    assert ranked_candidates(trials, top=1, validation_images=5000)[0].number == 3
    found = ranked_candidates(trials + again, top=9, validation_images=5000)
    assert found[-1].number == 3
    assert found[-1].estimate < 0.903


def test_replicates_of_one_trial_tell_the_noise_and_weigh_as_many(trial: MakeTrial) -> None:
    calm = [trial(n, Constant(0.5 + 0.1 * n), [0.90 + 0.002 * n - 1e-4, 0.90 + 0.002 * n + 1e-4]) for n in range(6)]
    wild = [trial(n, Constant(0.5 + 0.1 * n), [0.90 + 0.002 * n - 0.02, 0.90 + 0.002 * n + 0.02]) for n in range(6)]
    (sure,), (unsure,) = (ranked_candidates(trials, top=1) for trials in (calm, wild))
    assert sure.number == 5
    assert sure.shrinkage < 0.02
    assert unsure.shrinkage > 0.3
    assert sure.sd < 0.05 < 0.5 < unsure.sd  # 2.8 points of noise, twelve trainings


def test_only_finished_searched_curves_and_the_papers_are_candidates(trial: MakeTrial) -> None:
    trials = [
        trial(0, BASELINE, [0.99], role="baseline"),
        trial(1, Ramp(1.3, 0.9), [0.91], role="paper"),
        trial(2, Constant(1), [0.99]),  # the baseline by another name
        trial(3, Constant(0.8), [0.98], state="excluded"),
        trial(4, Constant(0.7), [0.97], state="pruned"),
        trial(5, None, [], state="failed"),
        trial(6, Constant(0.9), [0.90]),
        trial(7, Constant(1.1), [0.99], role="control"),
    ]
    assert {candidate.number for candidate in ranked_candidates(trials, top=9)} == {1, 6}


def test_nearly_equal_curves_are_one_candidate(trial: MakeTrial) -> None:
    trials = [trial(number, Constant(0.8 + 0.015 * number), [0.9]) for number in range(5)]
    found = ranked_candidates(trials, top=5)
    assert [candidate.number for candidate in found] == [0, 2, 4]
    assert [candidate.number for candidate in ranked_candidates(trials, top=2)] == [0, 2]


def test_curves_that_failed_to_train_bend_no_estimate_and_lead_nothing(trial: MakeTrial) -> None:
    good = (0.900, 0.903, 0.905, 0.904, 0.902)
    plain = ranked_candidates(constants(trial, *good), top=5, validation_images=5000)
    broken = ranked_candidates(constants(trial, *good, 0.1, 0.12, 0.1, 0.11), top=9, validation_images=5000)
    assert [candidate.number for candidate in broken[:5]] == [candidate.number for candidate in plain]
    for one, other in zip(plain, broken, strict=False):
        assert one.estimate == pytest.approx(other.estimate, abs=1e-6)
    assert {candidate.number for candidate in broken[5:]} == {6, 7, 8, 9}
    assert all(candidate.shrinkage == pytest.approx(0) for candidate in broken[5:])


@pytest.mark.parametrize("count", [1, 2, 3])
def test_one_to_three_trials_are_ranked_by_their_score(trial: MakeTrial, count: int) -> None:
    trials = [trial(number, Constant(0.5 + 0.2 * number), [0.9 + 0.01 * number]) for number in range(count)]
    found = ranked_candidates(trials, top=9)
    assert [candidate.number for candidate in found] == list(reversed(range(count)))
    assert all(candidate.shrinkage == pytest.approx(0) for candidate in found)


@pytest.mark.parametrize("accuracy", [0.0, 0.1, 0.9, 1.0])
def test_equal_scores_stay_as_they_are_and_the_first_leads(trial: MakeTrial, accuracy: float) -> None:
    trials = [trial(number, Constant(0.5 + 0.1 * number), [accuracy]) for number in range(8)]
    found = ranked_candidates(trials, top=8, validation_images=144)
    assert [candidate.number for candidate in found] == list(range(8))
    assert all(candidate.estimate == pytest.approx(accuracy) for candidate in found)


def test_the_same_trials_give_the_same_candidates(simulated: Callable[..., Any]) -> None:
    study = simulated(3, 40, clustered=True)
    first = ranked_candidates(study.trials, top=5, validation_images=5000)
    assert first == ranked_candidates(tuple(reversed(study.trials)), top=5, validation_images=5000)
    assert len(first) == 5


def test_more_trials_than_the_process_is_fitted_on_are_all_ranked(simulated: Callable[..., Any]) -> None:
    study = simulated(1, 350, clustered=False)
    found = ranked_candidates(study.trials, top=349, validation_images=5000)
    assert len(found) > 300
    assert study.truths[found[0].number] > 92.5


def test_a_study_without_a_finished_trial_says_why(trial: MakeTrial) -> None:
    with pytest.raises(VsearchError, match=r"no trial has finished \(1 pruned\)"):
        ranked_candidates([trial(0, Constant(0.5), [0.5], state="pruned")], top=1)
    with pytest.raises(VsearchError, match="none was begun"):
        ranked_candidates([], top=1)


def test_a_study_with_nothing_but_its_baseline_has_no_candidate(trial: MakeTrial) -> None:
    with pytest.raises(VsearchError, match="no trial but the baseline has finished"):
        ranked_candidates([trial(0, BASELINE, [0.9], role="baseline")], top=1)


def test_no_candidates_are_not_asked_for(trial: MakeTrial) -> None:
    with pytest.raises(InputError, match="top is 0; ask for 1"):
        ranked_candidates(constants(trial, 0.9), top=0)
