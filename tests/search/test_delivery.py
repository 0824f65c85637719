"""Reports reach the database in order and once, also after it was away."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from optuna.trial import TrialState

from vsearch.errors import LeaseLost
from vsearch.search import patience
from vsearch.search.claims import Claim, claim_trial, put_back_lost
from vsearch.search.delivery import Delivery
from vsearch.search.stored import StoredStudy, open_study
from vsearch.storage import open_storage

Tell = Callable[[str], None]


@pytest.fixture
def study(own_postgres_url: str, make_study: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoredStudy]:
    """A study of 4 epochs on a server that may be stopped; a call to one that is away takes no time."""
    monkeypatch.setattr(patience, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(patience, "AGAIN_SECONDS", 0.05)
    storage = open_storage(own_postgres_url)
    yield make_study(on=storage, epochs=4, first_rung=1, pruner="asha")
    storage.close()


@pytest.fixture
def while_away(tell_postgres: Tell) -> Iterator[Tell]:
    """Stops and starts the server; it runs again after the test."""
    is_there = [True]

    def tell(command: str) -> None:
        if (command == "start") != is_there[0]:
            tell_postgres(command)
            is_there[0] = command == "start"

    yield tell
    tell("start")


def claimed(study: StoredStudy, worker: str = "w", seconds: float = 120.0) -> Claim:
    claim = claim_trial(study, worker, seconds)
    assert claim is not None
    return claim


def reports(study: StoredStudy, number: int) -> dict[int, float]:
    return dict(study.optuna_study.get_trials()[number].intermediate_values)


def deliver_all(delivery: Delivery) -> int | None:
    """Deliver until everything has arrived; the verdict of the pruner."""
    end = time.monotonic() + 60
    while not delivery.is_done:
        assert time.monotonic() < end
        if (pruned_at := delivery.deliver()) is not None:
            return pruned_at
        time.sleep(0.05)
    return None


def test_reports_wait_for_the_server_and_arrive_in_order(study: StoredStudy, while_away: Tell) -> None:
    claim = claimed(study)
    delivery = Delivery(claim, 4)
    delivery.add(1, 0.5)
    assert delivery.deliver() is None
    assert delivery.is_done
    while_away("crash")
    for epoch in (2, 3, 4):
        delivery.add(epoch, 0.5 + epoch / 100)
        assert delivery.deliver() is None
    assert not delivery.is_done
    assert claim.lease.patience.seconds_away > 0
    while_away("start")
    assert deliver_all(delivery) is None
    assert reports(study, 0) == {1: 0.5, 2: 0.52, 3: 0.53, 4: 0.54}
    assert claim.lease.patience.seconds_away == 0


def test_the_pruner_judges_each_late_report_as_if_it_had_come_in_time(study: StoredStudy, while_away: Tell) -> None:
    """The epochs behind a rung at which the trial is pruned never come into the record."""
    for _ in range(2):
        other = Delivery(claimed(study), 4)
        other.add(1, 0.9)
        deliver_all(other)
    late = Delivery(claimed(study), 4)
    while_away("stop")
    for epoch in (1, 2, 3):
        late.add(epoch, 0.1)
        late.deliver()
    while_away("start")
    assert deliver_all(late) == 1
    assert late.pruned_at == 1
    assert late.is_done
    assert reports(study, 2) == {1: 0.1}


def test_the_baseline_goes_on_behind_a_rung(study: StoredStudy) -> None:
    baseline, other = claimed(study), claimed(study)
    for claim, accuracy in ((other, 0.9), (baseline, 0.1)):
        delivery = Delivery(claim, 4)
        delivery.add(1, accuracy)
        delivery.add(2, accuracy)
        assert deliver_all(delivery) is None
    assert reports(study, 0) == {1: 0.1, 2: 0.1}


def test_epochs_that_an_earlier_attempt_reported_are_not_reported_again(study: StoredStudy) -> None:
    first = claimed(study, seconds=0.05)
    delivery = Delivery(first, 4)
    for epoch in (1, 2):
        delivery.add(epoch, 0.5)
    deliver_all(delivery)
    time.sleep(0.1)
    put_back_lost(study)
    again = Delivery(claimed(study, "other"), 4)
    for epoch in (1, 2, 3):  # trained again from the start, on a device that rounds otherwise
        again.add(epoch, 0.6)
    deliver_all(again)
    assert reports(study, 0) == {1: 0.5, 2: 0.5, 3: 0.6}


def test_what_arrives_after_the_trial_was_adopted_is_refused(
    study: StoredStudy, while_away: Tell, own_postgres_url: str
) -> None:
    late = claimed(study, "late", seconds=0.05)
    delivery = Delivery(late, 4)
    while_away("stop")
    delivery.add(1, 0.5)
    assert delivery.deliver() is None
    while_away("start")
    other = open_study(open_storage(own_postgres_url), study.name)
    assert put_back_lost(other) == [(0, True)]
    adopted = claim_trial(other, "other")
    assert adopted is not None
    with pytest.raises(LeaseLost, match="given to another worker"):
        deliver_all(delivery)
    assert reports(study, 0) == {}
    other.storage.close()


def test_a_trial_that_has_ended_meanwhile_takes_no_report(study: StoredStudy, own_postgres_url: str) -> None:
    claim = claimed(study)
    other = open_storage(own_postgres_url)
    other.set_trial_state_values(claim.trial_id, TrialState.FAIL)
    delivery = Delivery(claim, 4)
    delivery.add(1, 0.5)
    with pytest.raises(LeaseLost, match="ended by somebody else"):
        delivery.deliver()
    other.close()


def rungs(study: StoredStudy, number: int) -> dict[str, float]:
    attrs = study.optuna_study.get_trials()[number].system_attrs
    return {key: value for key, value in attrs.items() if key.startswith("completed_rung_")}


@pytest.mark.parametrize("is_judged", [False, True], ids=["before the verdict", "after the verdict"])
def test_a_rung_counts_with_its_own_epoch_though_the_worker_died_there(study: StoredStudy, is_judged: bool) -> None:
    """Killed between the report and the pruner's word, or between that word and the end of the trial."""
    for _ in range(2):
        other = Delivery(claimed(study), 4)
        other.add(1, 0.9)
        deliver_all(other)
    dead = claimed(study, "dead", seconds=0.05)
    dead.trial.report(0.1, 1)
    if is_judged:
        assert dead.trial.should_prune()
    time.sleep(0.1)
    put_back_lost(study)
    adopted = Delivery(claimed(study, "alive"), 4)
    adopted.add(1, 0.1)  # from the checkpoint
    adopted.add(2, 0.95)
    assert deliver_all(adopted) == 1
    assert reports(study, 2) == {1: 0.1}
    assert rungs(study, 2) == {"completed_rung_0": 0.1}
