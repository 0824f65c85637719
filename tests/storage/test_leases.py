"""Leases: one worker at a time writes to a running trial."""

import threading
import time
from collections.abc import Callable
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from vsearch.errors import LeaseLost
from vsearch.storage import Storage

Opener = Callable[..., Storage]


@pytest.fixture
def two(database_url: str, opener: Opener) -> tuple[Storage, Storage]:
    """Two storages on one database, as two workers have them."""
    return opener(database_url), opener(database_url)


def new_trial(storage: Storage) -> tuple[int, int]:
    """A study with one running trial; the ids of both."""
    study_id = storage.create_new_study([optuna.study.StudyDirection.MAXIMIZE], f"s{time.time_ns()}")
    return study_id, storage.create_new_trial(study_id)


def put_back_and_claim(storage: Storage, trial_id: int) -> None:
    storage.put_back(trial_id, is_lost=True)
    assert storage.set_trial_state_values(trial_id, TrialState.RUNNING)


def test_a_held_trial_is_not_given_to_another_worker(two: tuple[Storage, Storage]) -> None:
    one, other = two
    study_id, trial_id = new_trial(one)
    assert one.take_lease(study_id, trial_id, "one", 60) == 1
    with pytest.raises(LeaseLost):
        other.take_lease(study_id, trial_id, "other", 60)
    (row,) = other.running_leases(study_id)
    assert (row.trial_id, row.number, row.worker, row.fence, row.lost) == (trial_id, 0, "one", 1, 0)
    assert 55 < row.seconds_left <= 60


def test_a_trial_that_does_not_run_cannot_be_taken(two: tuple[Storage, Storage]) -> None:
    one, _ = two
    study_id, trial_id = new_trial(one)
    one.set_trial_state_values(trial_id, TrialState.FAIL)
    with pytest.raises(LeaseLost):
        one.take_lease(study_id, trial_id, "one", 60)
    with pytest.raises(LeaseLost):
        one.take_lease(study_id, 999_999, "one", 60)


def test_a_running_trial_that_nobody_holds_is_seen(storage: Storage) -> None:
    study_id, trial_id = new_trial(storage)
    (row,) = storage.running_leases(study_id)
    assert (row.trial_id, row.worker, row.fence) == (trial_id, "", 0)
    assert row.seconds_left < 0


def test_renewing_counts_from_the_moment_of_renewal(two: tuple[Storage, Storage]) -> None:
    one, other = two
    study_id, trial_id = new_trial(one)
    one.take_lease(study_id, trial_id, "one", 0.2)
    time.sleep(0.4)
    (row,) = other.running_leases(study_id)
    assert row.seconds_left < 0
    assert row.seconds_since_progress >= 0.3
    one.renew_lease(trial_id, 60)  # it ran out, but nobody took it
    (row,) = other.running_leases(study_id)
    assert row.seconds_left > 50
    assert row.seconds_since_progress < 5


WRITES: dict[str, Callable[[Storage, int], Any]] = {
    "report": lambda storage, trial: storage.set_trial_intermediate_value(trial, 1, 0.5),
    "user attribute": lambda storage, trial: storage.set_trial_user_attr(trial, "key", 1),
    "system attribute": lambda storage, trial: storage.set_trial_system_attr(trial, "key", 1),
    "tell": lambda storage, trial: storage.set_trial_state_values(trial, TrialState.COMPLETE, [0.5]),
    "renew": lambda storage, trial: storage.renew_lease(trial, 60),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_a_worker_that_comes_back_late_cannot_write(
    two: tuple[Storage, Storage], write: Callable[[Storage, int], Any]
) -> None:
    late, other = two
    study_id, trial_id = new_trial(late)
    late.take_lease(study_id, trial_id, "late", 60)
    put_back_and_claim(other, trial_id)
    assert other.take_lease(study_id, trial_id, "other", 60) == 3
    before = other.get_trial(trial_id)

    with pytest.raises(LeaseLost, match="given to another worker"):
        write(late, trial_id)

    assert other.get_trial(trial_id) == before
    write(other, trial_id)


def test_a_trial_put_back_is_nobodys_and_the_loss_is_counted(two: tuple[Storage, Storage]) -> None:
    one, other = two
    study_id, trial_id = new_trial(one)
    one.take_lease(study_id, trial_id, "one", 60)
    put_back_and_claim(other, trial_id)
    (row,) = other.running_leases(study_id)
    assert row.seconds_left < 0
    assert row.lost == 1
    other.take_lease(study_id, trial_id, "other", 60)
    other.put_back(trial_id)
    assert other.running_leases(study_id) == []


def test_after_its_end_a_trial_is_written_as_optuna_does(two: tuple[Storage, Storage]) -> None:
    one, _ = two
    study_id, trial_id = new_trial(one)
    one.take_lease(study_id, trial_id, "one", 60)
    one.set_trial_state_values(trial_id, TrialState.COMPLETE, [0.5])
    with pytest.raises(optuna.exceptions.UpdateFinishedTrialError):
        one.set_trial_user_attr(trial_id, "key", 1)
    assert one.running_leases(study_id) == []


def test_the_same_worker_may_take_its_trial_again(two: tuple[Storage, Storage]) -> None:
    """As after an answer that was lost; the fence grows, so an older one is void."""
    one, _ = two
    study_id, trial_id = new_trial(one)
    assert one.take_lease(study_id, trial_id, "one", 60) == 1
    assert one.take_lease(study_id, trial_id, "one", 60) == 2
    one.set_trial_intermediate_value(trial_id, 1, 0.5)


def test_nobody_takes_a_trial_away_during_a_write(two: tuple[Storage, Storage]) -> None:
    """Putting back waits until the write of the holder is through, and later writes fail."""
    one, other = two
    study_id, trial_id = new_trial(one)
    one.take_lease(study_id, trial_id, "one", 60)
    inside, done = threading.Event(), []

    def put_back() -> None:
        inside.wait()
        with other.exclusive(study_id):
            other.put_back(trial_id, is_lost=True)
        done.append(time.monotonic())

    thread = threading.Thread(target=put_back)
    thread.start()
    with one._fenced(trial_id):
        inside.set()
        time.sleep(0.5)
        released = time.monotonic()
    thread.join()
    assert done[0] >= released
    with pytest.raises(LeaseLost):
        one.set_trial_intermediate_value(trial_id, 1, 0.5)


def test_leases_of_all_studies_are_listed_and_go_with_their_study(storage: Storage) -> None:
    trials = [new_trial(storage) for _ in range(2)]
    for study_id, trial_id in trials:
        storage.take_lease(study_id, trial_id, "w", 60)
    assert [(row.study_id, row.trial_id) for row in storage.running_leases()] == trials
    storage.delete_study(trials[0][0])
    assert [(row.study_id, row.trial_id) for row in storage.running_leases()] == trials[1:]
