"""The list of workers, and asking them to end."""

from typing import Any

import pytest
import sqlalchemy

from vsearch.errors import InputError
from vsearch.search.claims import claim_trial
from vsearch.search.workers import drain, wait_until_gone, worker_views
from vsearch.storage import Storage
from vsearch.storage.own_tables import own_tables


@pytest.fixture
def storage(either_storage: Storage) -> Storage:
    """Each kind of database in turn."""
    return either_storage


def silence(storage: Storage, worker: str, seconds: float) -> None:
    """Let a worker's last sign of life be so long ago."""
    with storage.engine.begin() as connection:
        table = own_tables(connection.dialect.name).workers
        connection.execute(sqlalchemy.update(table).where(table.c.worker == worker).values(seen=table.c.seen - seconds))


def test_a_worker_is_shown_with_what_it_trains(make_study: Any, storage: Storage) -> None:
    study = make_study(name="one")
    for worker in ("a-1", "b-2"):
        storage.enter_worker(worker, worker[0], 1, "some GPU")
    claim = claim_trial(study, "b-2")
    assert claim is not None
    claim.lease.renew(4, 5120.26)
    idle, working = worker_views(storage, 120)
    assert (idle.worker, idle.host, idle.state, idle.trials, idle.seconds_since_progress) == (
        "a-1",
        "a",
        "idle",
        (),
        None,
    )
    assert working[:8] == ("b-2", "b", "some GPU", "working", ("one",), (0,), (4,), 5120.3)
    assert working.seconds_since_progress is not None
    assert 0 <= working.seconds_since_progress < 60
    assert 0 <= working.seconds_silent <= working.seconds_alive < 60


@pytest.mark.parametrize(
    ("lease_seconds", "seconds", "state"),
    [(1, 50, "idle"), (1, 70, "silent"), (120, 230, "idle"), (120, 250, "silent")],
)
def test_a_worker_without_a_sign_of_life_is_silent(
    storage: Storage, lease_seconds: float, seconds: float, state: str
) -> None:
    storage.enter_worker("a-1", "a", 1, "cpu")
    silence(storage, "a-1", seconds)
    assert [view.state for view in worker_views(storage, lease_seconds)] == [state]


def test_draining_marks_the_workers_of_a_host(storage: Storage) -> None:
    for worker in ("a-1", "a-2", "b-1"):
        storage.enter_worker(worker, worker[0], 1, "cpu")
    assert drain(storage, "a") == ["a-1", "a-2"]
    assert [view.state for view in worker_views(storage, 120)] == ["drain", "drain", "idle"]


def test_an_unknown_worker_is_told_with_those_that_live(storage: Storage) -> None:
    with pytest.raises(InputError, match="called 'c'; the workers are none that lives"):
        drain(storage, "c")
    storage.enter_worker("a-1", "a", 1, "cpu")
    with pytest.raises(InputError, match="called 'c'; the workers are a-1"):
        drain(storage, "c")


def test_waiting_ends_when_all_have_ended_or_are_silent(storage: Storage) -> None:
    for worker in ("a-1", "a-2", "b-1"):
        storage.enter_worker(worker, worker[0], 1, "cpu")
    asked = []

    def a_moment_later(_: float) -> None:
        asked.append(1)
        if len(asked) == 2:
            storage.leave_worker("a-1")
        if len(asked) == 4:
            silence(storage, "a-2", 1000)

    assert wait_until_gone(storage, ["a-1", "a-2"], 120, sleep=a_moment_later) == ["a-2"]
    assert len(asked) == 4
