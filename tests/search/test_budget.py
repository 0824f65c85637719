"""What a study may still spend is exact, whatever was lost or put back on the way."""

import time
from typing import Any

import pytest
from optuna.trial import TrialState

from vsearch.search.budget import is_exhausted, may_begin
from vsearch.search.claims import Claim, claim_trial, put_back, put_back_lost
from vsearch.search.control import resume
from vsearch.search.stored import StoredStudy


def train(study: StoredStudy, epochs: int, state: TrialState = TrialState.COMPLETE) -> Claim:
    """Claim a trial, report so many epochs and end it."""
    claim = claim_trial(study, "w")
    assert claim is not None
    for epoch in set(range(1, epochs + 1)) - set(claim.reported):
        claim.trial.report(0.5, epoch)
    study.storage.end_trial(claim.trial_id, state, 0.5 if state == TrialState.COMPLETE else None, state.name.lower())
    return claim


def test_a_trial_begins_only_if_all_its_epochs_are_left(make_study: Any) -> None:
    study = make_study(trials=99, epochs=4, first_rung=1, max_epochs=10)
    train(study, 4)
    running = claim_trial(study, "a")
    assert running is not None
    assert claim_trial(study, "b") is None  # 4 spent, 4 promised, 2 left
    assert not is_exhausted(study)  # the running trial may be pruned
    running.trial.report(0.5, 1)
    study.storage.end_trial(running.trial_id, TrialState.PRUNED, None, "pruned")
    train(study, 4)
    assert is_exhausted(study)  # 9 spent
    assert claim_trial(study, "b") is None


def test_epochs_that_were_trained_twice_count_once(make_study: Any) -> None:
    study = make_study(trials=99, epochs=4, first_rung=1, max_epochs=8)
    claim = claim_trial(study, "lost", lease_seconds=0.05)
    assert claim is not None
    for epoch in (1, 2, 3):
        claim.trial.report(0.5, epoch)
    time.sleep(0.1)
    assert put_back_lost(study) == [(0, True)]
    assert train(study, 4).number == 0
    train(study, 4)
    assert is_exhausted(study)
    assert study.storage.spent(study.study_id).epochs == 8


def test_a_trial_that_was_put_back_goes_on_though_no_new_one_may_begin(make_study: Any) -> None:
    study = make_study(trials=99, epochs=4, first_rung=1, max_epochs=4)
    claim = claim_trial(study, "w")
    assert claim is not None
    claim.trial.report(0.5, 1)
    put_back(study, claim, "preempted")
    assert not is_exhausted(study)
    assert train(study, 4).number == 0
    assert is_exhausted(study)


def test_device_hours_count_lost_attempts_and_end_the_study(make_study: Any) -> None:
    study = make_study(trials=99, max_device_hours=0.4 / 3600)
    lost = claim_trial(study, "lost", lease_seconds=0.01)
    assert lost is not None
    time.sleep(0.2)
    lost.lease.renew()
    time.sleep(0.05)
    put_back_lost(study)
    assert not is_exhausted(study)
    assert 0.15 < study.storage.spent(study.study_id).device_seconds < 0.4
    claim = claim_trial(study, "w")
    assert claim is not None
    while claim.lease.keep(0, 0.0) is None:
        time.sleep(0.02)
    assert claim.lease.keep(0, 0.0) == "budget"
    put_back(study, claim, "preempted")
    assert study.storage.spent(study.study_id).device_seconds >= 0.4
    assert not may_begin(study)
    assert is_exhausted(study)
    assert not is_exhausted(resume(study, max_device_hours=1.0))


@pytest.mark.parametrize("state", [TrialState.COMPLETE, TrialState.PRUNED])
def test_what_people_excluded_does_not_count_as_failed(make_study: Any, state: TrialState) -> None:
    from vsearch.storage import exclusions

    study = make_study(trials=9, max_failed=1)
    number = train(study, 1, state).number
    study.storage.in_transaction(lambda connection: exclusions.exclude(connection, study.study_id, number))
    assert may_begin(study)
    train(study, 1, TrialState.FAIL)
    assert is_exhausted(study)
