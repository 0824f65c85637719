"""Trials that are lost, put back or broken: which are tried again, and what is known of those that are not."""

import time
from typing import Any

from optuna.trial import TrialState

from vsearch.search import attributes
from vsearch.search.claims import claim_trial, put_back, put_back_lost
from vsearch.search.stored import StoredStudy


def lose(study: StoredStudy, times: int) -> list[tuple[int, bool]]:
    """Claim the next trial so often, each time by a worker that stands still."""
    lost = []
    for number in range(times):
        claim = claim_trial(study, f"still-{number}", lease_seconds=0.01)
        assert claim is not None
        time.sleep(0.05)
        lost += put_back_lost(study)
    return lost


def test_a_trial_that_loses_its_worker_again_and_again_fails_with_its_reason(make_study: Any) -> None:
    study = make_study(trials=5)
    assert lose(study, 3) == [(0, True), (0, True), (0, False)]
    trial = study.optuna_study.trials[0]
    assert (trial.state, trial.user_attrs[attributes.REASON]) == (TrialState.FAIL, "lost")
    assert "still-2" in trial.user_attrs[attributes.DETAIL]
    assert [attempt.reason for attempt in study.storage.attempts(trial._trial_id)] == ["lost"] * 3


def test_losses_after_which_an_epoch_was_gained_are_the_machines_and_not_the_trials(make_study: Any) -> None:
    study = make_study(trials=5)
    for epoch in range(1, 6):
        claim = claim_trial(study, f"w{epoch}", lease_seconds=0.01)
        assert claim is not None
        claim.trial.report(0.5, epoch)
        time.sleep(0.05)
        assert put_back_lost(study) == [(0, True)]


def test_what_may_be_tried_again_and_how_often_is_up_to_the_study(make_study: Any) -> None:
    once = make_study(name="once", trials=5, retry=("error",))
    assert lose(once, 1) == [(0, False)]
    often = make_study(name="often", trials=5, max_attempts=5)
    assert [waits for _, waits in lose(often, 5)] == [True] * 4 + [False]


def test_being_preempted_costs_no_attempt(make_study: Any) -> None:
    study = make_study(trials=5, max_attempts=1)
    for number in range(5):
        claim = claim_trial(study, f"w{number}")
        assert claim is not None
        assert put_back(study, claim, "preempted", "a signal")
    attempts = study.storage.attempts(study.optuna_study.trials[0]._trial_id)
    assert [(attempt.reason, attempt.detail) for attempt in attempts] == [("preempted", "a signal")] * 5


def test_the_last_crash_leaves_what_is_known_of_it(make_study: Any) -> None:
    study = make_study(trials=5, max_attempts=2)
    for expected in (True, False):
        claim = claim_trial(study, "w")
        assert claim is not None
        assert put_back(study, claim, "error", "broken", {attributes.LOG: ["a line"]}) is expected
    attrs = study.optuna_study.trials[0].user_attrs
    assert [attrs[key] for key in (attributes.REASON, attributes.DETAIL, attributes.LOG)] == [
        "error",
        "broken",
        ["a line"],
    ]
