"""Leases: one worker at a time writes to a running trial."""

import threading
import time
from collections.abc import Callable
from typing import Any

import optuna
import pytest
import sqlalchemy
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from vsearch.errors import LeaseLost, StorageError
from vsearch.storage import Storage, attempts

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
    storage.put_back(trial_id, "lost")
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
    "attributes": lambda storage, trial: storage.write_attrs(trial, {"key": 1, "other": [2]}),
    "end": lambda storage, trial: storage.end_trial(trial, TrialState.COMPLETE, 0.5, "finished", attrs={"key": 1}),
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

    for _ in range(2):  # once refused is refused for ever
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
    other.put_back(trial_id, "preempted")
    assert other.running_leases(study_id) == []


def test_after_its_end_a_trial_is_written_as_optuna_does(two: tuple[Storage, Storage]) -> None:
    one, _ = two
    study_id, trial_id = new_trial(one)
    one.take_lease(study_id, trial_id, "one", 60)
    one.set_trial_state_values(trial_id, TrialState.COMPLETE, [0.5])
    with pytest.raises(optuna.exceptions.UpdateFinishedTrialError):
        one.set_trial_user_attr(trial_id, "key", 1)
    assert one.running_leases(study_id) == []


def test_the_same_worker_is_given_the_same_fence_again(two: tuple[Storage, Storage]) -> None:
    """As after an answer that was lost."""
    one, _ = two
    study_id, trial_id = new_trial(one)
    assert one.take_lease(study_id, trial_id, "one", 60) == 1
    assert one.take_lease(study_id, trial_id, "one", 60) == 1
    one.set_trial_intermediate_value(trial_id, 1, 0.5)
    assert [attempt.fence for attempt in one.attempts(trial_id)] == [1]


def test_nobody_takes_a_trial_away_between_the_check_and_the_commit(two: tuple[Storage, Storage]) -> None:
    """Putting back waits until the write of the holder is through, and later writes fail."""
    one, other = two
    study_id, trial_id = new_trial(one)
    one.take_lease(study_id, trial_id, "one", 60)
    checked, times = threading.Event(), {}

    def dawdle(_session: Any) -> None:
        if not checked.is_set():
            checked.set()
            time.sleep(0.5)
            times["committed"] = time.monotonic()

    sqlalchemy.event.listen(one.scoped_session, "before_commit", dawdle)

    def put_back() -> None:
        checked.wait()
        other.put_back(trial_id, "lost")
        times["taken"] = time.monotonic()

    thread = threading.Thread(target=put_back)
    thread.start()
    one.set_trial_intermediate_value(trial_id, 1, 0.5)
    thread.join()
    assert times["taken"] >= times["committed"]
    assert other.get_trial(trial_id).intermediate_values == {1: 0.5}
    with pytest.raises(LeaseLost):
        one.set_trial_intermediate_value(trial_id, 2, 0.5)


def test_ending_a_trial_stores_everything_at_once_and_may_be_repeated(two: tuple[Storage, Storage]) -> None:
    one, other = two
    study_id, trial_id = new_trial(one)
    fence = one.take_lease(study_id, trial_id, "one", 60, "a device")
    one.set_trial_intermediate_value(trial_id, 3, 0.25)
    one.end_trial(trial_id, TrialState.COMPLETE, 0.5, "finished", attrs={"epochs": 3})

    stored = other.get_trial(trial_id)
    assert (stored.state, stored.value, stored.user_attrs) == (TrialState.COMPLETE, 0.5, {"epochs": 3})
    assert stored.datetime_complete is not None
    (attempt,) = other.attempts(trial_id)
    assert (attempt.fence, attempt.worker, attempt.device, attempt.reason) == (1, "one", "a device", "finished")
    assert (attempt.epoch, attempt.ended is not None) == (3, True)
    assert other.running_leases(study_id) == []
    one._fences[trial_id] = fence  # as if the answer had been lost
    one.end_trial(trial_id, TrialState.COMPLETE, 0.5, "finished", attrs={"epochs": 4})
    assert other.get_trial(trial_id) == stored


def test_an_attempt_that_was_lost_ended_with_its_last_progress(two: tuple[Storage, Storage]) -> None:
    one, other = two
    study_id, trial_id = new_trial(one)
    one.take_lease(study_id, trial_id, "one", 60)
    time.sleep(0.3)
    one.renew_lease(trial_id, 60, epoch=1, speed=10.0)
    (row,) = other.running_leases(study_id)
    assert (row.epoch, row.speed) == (1, 10.0)
    time.sleep(0.5)
    other.put_back(trial_id, "lost", "nobody knows why")
    (attempt,) = other.attempts(trial_id)
    assert attempt.ended is not None
    assert 0.25 < attempt.ended - attempt.started < 0.7
    assert (attempt.reason, attempt.detail) == ("lost", "nobody knows why")
    assert other.spent(study_id).device_seconds == pytest.approx(attempt.ended - attempt.started)


def crashes(storage: Storage, trial_id: int, reasons: tuple[str, ...]) -> int:
    return storage.in_transaction(lambda connection: attempts.crashes(connection, trial_id, reasons))


def test_losses_count_as_crashes_only_where_no_epoch_was_gained(two: tuple[Storage, Storage]) -> None:
    one, _ = two
    study_id, trial_id = new_trial(one)
    for epoch, expected in ((1, 1), (2, 1), (2, 2), (2, 3), (3, 1)):
        one.take_lease(study_id, trial_id, "one", 60)
        one.set_trial_intermediate_value(trial_id, epoch, 0.5)
        one.put_back(trial_id, "lost")
        assert crashes(one, trial_id, ("lost", "error")) == expected
        one.set_trial_state_values(trial_id, TrialState.RUNNING)
    one.take_lease(study_id, trial_id, "one", 60)
    one.put_back(trial_id, "preempted")
    one.set_trial_state_values(trial_id, TrialState.RUNNING)
    one.take_lease(study_id, trial_id, "one", 60)
    one.put_back(trial_id, "error")
    assert crashes(one, trial_id, ("lost", "error")) == 2
    assert crashes(one, trial_id, ("lost",)) == 1


def test_what_a_study_has_spent_and_promised_is_known(two: tuple[Storage, Storage]) -> None:
    one, _ = two
    study_id, first = new_trial(one)
    one.take_lease(study_id, first, "one", 60)
    for epoch in (1, 2):
        one.set_trial_intermediate_value(first, epoch, 0.5)
    assert one.spent(study_id)[:2] == (0, 1)
    assert one.spent(study_id).running == 1
    one.end_trial(first, TrialState.PRUNED, None, "pruned")
    assert one.spent(study_id)[:2] == (2, 0)
    second = one.create_new_trial(study_id)
    assert one.is_next_begun(study_id) is None
    one.take_lease(study_id, second, "one", 60)
    one.put_back(second, "preempted")
    assert one.is_next_begun(study_id) is True
    assert one.spent(study_id)[:2] == (2, 1)
    assert one.spent(study_id).running == 0


def test_leases_of_all_studies_are_listed_and_go_with_their_study(storage: Storage) -> None:
    trials = [new_trial(storage) for _ in range(2)]
    for study_id, trial_id in trials:
        storage.take_lease(study_id, trial_id, "w", 60)
    assert [(row.study_id, row.trial_id) for row in storage.running_leases()] == trials
    storage.delete_study(trials[0][0])
    assert [(row.study_id, row.trial_id) for row in storage.running_leases()] == trials[1:]


def test_a_study_that_others_wrote_to_while_it_was_deleted_is_deleted_again(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a row that refers to what it deletes Optuna says nothing, and deletes nothing."""
    study_id, trial_id = new_trial(storage)
    storage.take_lease(study_id, trial_id, "w", 60)
    delete = RDBStorage.delete_study
    calls: list[int] = []

    def pass_over(self: RDBStorage, number: int) -> None:
        calls.append(storage.running_leases(number)[0].fence)
        if len(calls) > 1:
            delete(self, number)

    monkeypatch.setattr(RDBStorage, "delete_study", pass_over)
    storage.delete_study(study_id)
    assert storage.study_names() == []
    assert calls == [0, 0]  # nobody held the trial any more

    study_id, _ = new_trial(storage)
    monkeypatch.setattr(RDBStorage, "delete_study", lambda *_: None)
    with pytest.raises(StorageError, match="is still there"):
        storage.delete_study(study_id)
