"""Checkpoints in the database: for the holder of the trial alone."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import optuna
import pytest
import sqlalchemy

from vsearch.errors import DataError, LeaseLost
from vsearch.storage import Storage
from vsearch.storage.checkpoints import DatabaseStore, Key
from vsearch.storage.checkpoints import database as of_database
from vsearch.storage.own_tables import own_tables

if TYPE_CHECKING:
    from tests.storage.checkpoints.conftest import Stage

Opener = Callable[..., Storage]


def rows(storage: Storage, trial_id: int) -> list[tuple[int, float]]:
    """Fence and time of each checkpoint of a trial."""

    def read(connection: sqlalchemy.Connection) -> list[tuple[int, float]]:
        table = own_tables(connection.dialect.name).checkpoints
        found = connection.execute(sqlalchemy.select(table.c.fence, table.c.saved).where(table.c.trial_id == trial_id))
        return [(row.fence, row.saved) for row in found]

    return storage.in_transaction(read)


def test_a_worker_that_lost_its_trial_cannot_write(database: "Stage") -> None:
    late = database.take()
    database.store.write(late, b"good")
    adopter = database.take(late.trial_id)
    with pytest.raises(LeaseLost, match=f"trial {late.number} was given to another worker"):
        database.store.write(late, b"late")
    assert database.contents(adopter) == [b"good"]


def test_a_worker_whose_trial_waits_again_cannot_write(database: "Stage") -> None:
    late = database.take()
    database.store.write(late, b"good")
    database.storage.put_back(late.trial_id, "lost")
    with pytest.raises(LeaseLost):
        database.store.write(late, b"late")
    assert database.contents(late) == [b"good"]


def test_a_checkpoint_carries_the_time_of_the_database(database: "Stage") -> None:
    key = database.take()
    database.store.write(key, b"content")
    ((fence, saved),) = rows(database.storage, key.trial_id)
    assert fence == key.fence
    assert abs(saved - time.time()) < 60


def test_a_checkpoint_of_another_study_with_the_same_trial_id_is_not_read(database: "Stage") -> None:
    """SQLite gives the id of a deleted trial again."""
    key = database.take()
    database.store.write(key, b"content")
    assert database.contents(key._replace(study_id=key.study_id + 1)) == []


def test_a_checkpoint_that_is_too_large_is_refused_before_it_is_sent(database: "Stage") -> None:
    key = database.take()
    database.store.write(key, b"good")
    with pytest.raises(DataError, match="201 MB, and the database takes 200; set VSEARCH_CHECKPOINTS to a shared fold"):
        database.store.write(key, bytes(201_000_000))
    assert database.contents(key) == [b"good"]


def test_nobody_takes_the_trial_between_the_check_and_the_write(
    database: "Stage", monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that takes the trial meanwhile must wait, and then finds the checkpoint."""
    key = database.take()
    inside, ended = threading.Event(), []
    insert = of_database._insert

    def slow_insert(connection: sqlalchemy.Connection, key: Key, content: bytes) -> None:
        inside.set()
        time.sleep(0.5)
        insert(connection, key, content)
        ended.append("write")

    def put_back() -> None:
        inside.wait()
        database.storage.put_back(key.trial_id, "lost")
        ended.append("put back")

    monkeypatch.setattr(of_database, "_insert", slow_insert)
    thread = threading.Thread(target=put_back)
    thread.start()
    database.store.write(key, b"content")
    thread.join()
    assert ended == ["write", "put back"]
    assert database.contents(key) == [b"content"]


def test_a_database_that_went_away_is_named_in_one_line(
    opener: Opener, own_postgres_url: str, tell_postgres: Callable[[str], None]
) -> None:
    store = DatabaseStore(opener(own_postgres_url, retry_seconds=0.2))
    key = Key("s", 1, 0, 1, 1)
    calls: list[Callable[[], object]] = [lambda: store.write(key, b""), lambda: list(store.read(key)), store.probe]
    tell_postgres("stop")
    try:
        for call in calls:
            with pytest.raises(
                DataError, match=r"cannot .* the database: database postgresql://.* no server answers"
            ) as caught:
                call()
            assert "\n" not in str(caught.value)
            assert str(sqlalchemy.make_url(own_postgres_url).password) not in str(caught.value)
    finally:
        tell_postgres("start")
    assert list(store.read(key)) == []


def test_a_full_disk_keeps_the_checkpoint_before(tmp_path: Path, opener: Opener) -> None:
    storage = opener(f"sqlite:///{tmp_path / 'studies.db'}", retry_seconds=30)
    study_id = storage.create_new_study([optuna.study.StudyDirection.MAXIMIZE], "s")
    trial_id = storage.create_new_trial(study_id)
    key = Key("s", study_id, 0, trial_id, storage.take_lease(study_id, trial_id, "w", 60))
    store = DatabaseStore(storage)
    store.write(key, b"good")
    with storage.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1")
    with pytest.raises(DataError, match="disk is full; free some space"):
        store.write(key, bytes(1_000_000))
    assert [content for _, content in store.read(key)] == [b"good"]
