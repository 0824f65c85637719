"""Calls that outlive lost connections, lost answers, a restarted server and a locked file."""

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import psycopg2
import pytest
import sqlalchemy
from optuna.exceptions import DuplicatedStudyError, UpdateFinishedTrialError
from optuna.trial import TrialState

from vsearch.errors import StorageError
from vsearch.storage import Storage

LOSE = pytest.mark.parametrize("is_lost", [True, False], ids=["answer lost", "nothing lost"])


def study_of(storage: Storage, name: str = "s") -> optuna.Study:
    return optuna.create_study(
        storage=storage, study_name=name, direction="maximize", sampler=optuna.samplers.RandomSampler()
    )


def do_trials(study: optuna.Study, number: int) -> None:
    for _ in range(number):
        trial = study.ask()
        x = trial.suggest_float("x", 0, 1)
        for step in range(3):
            trial.report(x, step)
            trial.set_user_attr("step", step)
        study.tell(trial, x)


def assert_all_stored(study: optuna.Study, number: int) -> None:
    trials = optuna.load_study(study_name=study.study_name, storage=study._storage).trials
    assert Counter(trial.state for trial in trials) == {TrialState.COMPLETE: number}
    assert [trial.number for trial in trials] == list(range(number))
    assert all(trial.value == trial.params["x"] == trial.intermediate_values[2] for trial in trials)
    assert all(trial.user_attrs == {"step": 2} for trial in trials)


def execute(url: str, statement: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def test_trials_go_on_while_all_connections_are_cut(postgres_url: str, opener: Callable[..., Storage]) -> None:
    study = study_of(opener(postgres_url))
    is_done = threading.Event()
    cuts: list[float] = []
    trials = 0

    def cut() -> None:
        connection = psycopg2.connect(postgres_url)
        connection.autocommit = True
        while not is_done.wait(0.3):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            cuts.append(time.monotonic())
        connection.close()

    thread = threading.Thread(target=cut)
    thread.start()
    try:
        while len(cuts) < 4:
            do_trials(study, 1)
            trials += 1
    finally:
        is_done.set()
        thread.join()

    assert_all_stored(study, trials)


@pytest.mark.parametrize("end", ["stop", "crash"])
def test_trials_go_on_after_the_server_was_away(
    end: str, own_postgres_url: str, tell_postgres: Callable[[str], None], opener: Callable[..., Storage]
) -> None:
    study = study_of(opener(own_postgres_url))
    do_trials(study, 2)

    def restart() -> None:
        tell_postgres(end)
        time.sleep(0.5)
        tell_postgres("start")

    thread = threading.Thread(target=restart)
    thread.start()
    try:
        do_trials(study, 10)
    finally:
        thread.join()

    assert_all_stored(study, 12)


def test_a_storage_waits_for_a_server_that_is_not_up_yet(
    own_postgres_url: str, tell_postgres: Callable[[str], None], opener: Callable[..., Storage]
) -> None:
    tell_postgres("stop")
    thread = threading.Timer(0.7, tell_postgres, ["start"])
    thread.start()
    try:
        storage = opener(own_postgres_url)
    finally:
        thread.join()

    assert storage.study_names() == []


def test_a_server_that_stays_away_is_an_error_after_the_limit(
    own_postgres_url: str, tell_postgres: Callable[[str], None], opener: Callable[..., Storage]
) -> None:
    storage = opener(own_postgres_url, retry_seconds=0.5)
    tell_postgres("stop")
    start = time.monotonic()
    try:
        with pytest.raises(StorageError, match="no server answers there") as caught:
            storage.study_names()
    finally:
        waited = time.monotonic() - start
        tell_postgres("start")

    assert "\n" not in str(caught.value)
    assert waited >= 0.5
    assert storage.study_names() == []


@LOSE
def test_one_ask_makes_one_trial(lossy: Any, lossy_storage: Storage, is_lost: bool) -> None:
    study = study_of(lossy_storage)
    study.ask()

    lossy.is_armed = is_lost
    trial = study.ask()

    assert lossy.lost == is_lost
    assert [stored.number for stored in study.trials] == [0, 1]
    assert trial.number == 1
    study.tell(trial, 1.0)
    assert study.best_trial.number == 1


@LOSE
def test_one_enqueued_trial_is_stored_once(lossy: Any, lossy_storage: Storage, is_lost: bool) -> None:
    study = study_of(lossy_storage)

    lossy.is_armed = is_lost
    study.enqueue_trial({"x": 0.5}, user_attrs={"role": "baseline"})

    assert lossy.lost == is_lost
    (trial,) = study.trials
    assert (trial.state, trial.user_attrs) == (TrialState.WAITING, {"role": "baseline"})
    assert study.ask().suggest_float("x", 0, 1) == 0.5


@LOSE
def test_a_waiting_trial_goes_to_who_asked(lossy: Any, lossy_storage: Storage, is_lost: bool) -> None:
    study = study_of(lossy_storage)
    study.enqueue_trial({"x": 0.5})
    trial_id = study.trials[0]._trial_id

    lossy.is_armed = is_lost
    is_claimed = lossy_storage.set_trial_state_values(trial_id, TrialState.RUNNING)

    assert lossy.lost == is_lost
    assert is_claimed
    assert not lossy_storage.set_trial_state_values(trial_id, TrialState.RUNNING)


@LOSE
def test_a_tell_succeeds_once_it_is_stored(lossy: Any, lossy_storage: Storage, is_lost: bool) -> None:
    trial_id = study_of(lossy_storage).ask()._trial_id

    lossy.is_armed = is_lost
    assert lossy_storage.set_trial_state_values(trial_id, TrialState.COMPLETE, [0.75])

    assert lossy.lost == is_lost
    assert lossy_storage.get_trial(trial_id).value == 0.75
    with pytest.raises(UpdateFinishedTrialError):
        lossy_storage.set_trial_state_values(trial_id, TrialState.COMPLETE, [0.75])


@LOSE
def test_a_study_is_created_and_deleted_once(lossy: Any, lossy_storage: Storage, is_lost: bool) -> None:
    lossy.is_armed = is_lost
    study = study_of(lossy_storage)
    assert lossy.lost == is_lost
    assert lossy_storage.study_names() == ["s"]
    with pytest.raises(DuplicatedStudyError):
        study_of(lossy_storage)

    lossy.is_armed = is_lost
    lossy_storage.delete_study(study._study_id)
    assert lossy.lost == 2 * is_lost
    assert lossy_storage.study_names() == []
    with pytest.raises(KeyError):
        lossy_storage.delete_study(study._study_id)


@pytest.mark.parametrize("state", ["40001", "40P01"], ids=["serialization failure", "deadlock"])
def test_a_change_that_the_server_rolled_back_is_made_again(
    state: str, postgres_url: str, opener: Callable[..., Storage]
) -> None:
    storage = opener(postgres_url)
    study = study_of(storage)
    execute(postgres_url, failing_trigger(state, times=2))

    trial = study.ask()
    study.tell(trial, 1.0)

    assert [stored.number for stored in study.trials] == [0]


def failing_trigger(state: str, times: int) -> str:
    """SQL after which the first `times` changes of a trial fail with SQLSTATE `state`."""
    return f"""
        CREATE SEQUENCE failures;
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('failures') <= {times} THEN RAISE EXCEPTION 'made by a test' USING ERRCODE = '{state}'; END IF;
            RETURN NEW; END $$;
        CREATE TRIGGER fail BEFORE INSERT OR UPDATE ON trials FOR EACH ROW EXECUTE FUNCTION fail();
    """


def test_a_full_disk_of_the_server_is_an_error_at_once(postgres_url: str, opener: Callable[..., Storage]) -> None:
    storage = opener(postgres_url)
    study = study_of(storage)
    execute(postgres_url, failing_trigger("53100", times=1000))

    with pytest.raises(StorageError, match="disk is full"):
        study.ask()

    with storage.engine.connect() as connection:  # a sequence counts what is rolled back, too
        assert connection.exec_driver_sql("SELECT last_value FROM failures").scalar() == 1


def test_a_lost_lock_is_free_for_others(
    postgres_url: str, opener: Callable[..., Storage], caplog: pytest.LogCaptureFixture
) -> None:
    holder, other = opener(postgres_url), opener(postgres_url)
    with holder.exclusive(1):
        execute(
            postgres_url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        with other.exclusive(1):
            pass

    assert "connection that held a lock was lost" in caplog.text
    assert holder.study_names() == []


def test_a_locked_sqlite_file_is_waited_for(tmp_path: Path, opener: Callable[..., Storage]) -> None:
    path = tmp_path / "studies.db"
    storage = opener(f"sqlite:///{path}")
    study = study_of(storage)
    with storage.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=0")  # so that our own retry has to wait
    locker = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    locker.execute("BEGIN IMMEDIATE")
    thread = threading.Timer(0.5, locker.rollback)
    thread.start()

    start = time.monotonic()
    study.set_user_attr("spec", 1)

    assert time.monotonic() - start > 0.4
    assert study.user_attrs == {"spec": 1}
    thread.join()
    locker.close()


def test_an_error_that_is_not_the_databases_passes_unchanged(storage: Storage) -> None:
    with pytest.raises(KeyError):
        storage.get_trial(999)
    with pytest.raises(TypeError, match="JSON"):
        storage.set_study_user_attr(study_of(storage)._study_id, "key", object())


def test_a_value_that_the_database_refuses_is_named_at_once(shared_postgres: Storage) -> None:
    study = study_of(shared_postgres, "refusing")

    with pytest.raises(StorageError, match=r"too long|value"):
        study.set_user_attr("k" * 600, 1)
    assert sqlalchemy.inspect(shared_postgres.engine).has_table("trials")
