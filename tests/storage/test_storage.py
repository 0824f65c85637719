"""Claims, putting back, and what a storage shows of itself."""

import copy
import gc
import threading
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
import sqlalchemy
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from vsearch.errors import StorageError
from vsearch.storage import Storage, open_storage


def study_of(storage: Storage) -> optuna.Study:
    return optuna.create_study(storage=storage, study_name="s", sampler=optuna.samplers.RandomSampler())


def test_a_trial_put_back_is_asked_again_as_it_was(storage: Storage) -> None:
    study = study_of(storage)
    study.tell(study.ask(), 1.0)
    trial = study.ask()
    x = trial.suggest_float("x", 0, 1)
    trial.report(0.25, 1)
    trial.set_user_attr("seed", 7)

    storage.put_back(trial._trial_id, "preempted")
    assert study.trials[1].state == TrialState.WAITING

    # Another process: nothing cached.
    again = optuna.load_study(study_name="s", storage=storage).ask()
    assert (again.number, again.suggest_float("x", 0, 1), again.user_attrs) == (1, x, {"seed": 7})
    assert study.trials[1].intermediate_values == {1: 0.25}
    study.tell(again, 0.5)
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 2


def test_a_trial_can_be_put_back_twice(storage: Storage) -> None:
    trial_id = study_of(storage).ask()._trial_id

    storage.put_back(trial_id, "preempted")
    storage.put_back(trial_id, "preempted")

    assert storage.get_trial(trial_id).state == TrialState.WAITING


def test_only_a_trial_that_is_not_finished_can_be_put_back(storage: Storage) -> None:
    study = study_of(storage)
    trial = study.ask()
    study.tell(trial, 1.0)

    with pytest.raises(UpdateFinishedTrialError):
        storage.put_back(trial._trial_id, "preempted")
    with pytest.raises(KeyError):
        storage.put_back(trial._trial_id + 1, "preempted")
    assert storage.get_trial(trial._trial_id).state == TrialState.COMPLETE


def test_a_waiting_trial_is_claimed_once(storage: Storage) -> None:
    study = study_of(storage)
    study.enqueue_trial({})
    trial_id = study.trials[0]._trial_id

    assert storage.set_trial_state_values(trial_id, TrialState.RUNNING)
    started = storage.get_trial(trial_id).datetime_start
    assert not storage.set_trial_state_values(trial_id, TrialState.RUNNING)
    assert storage.get_trial(trial_id).datetime_start == started is not None


def test_a_finished_or_missing_trial_cannot_be_claimed(storage: Storage) -> None:
    study = study_of(storage)
    trial = study.ask()
    study.tell(trial, 1.0)

    with pytest.raises(UpdateFinishedTrialError):
        storage.set_trial_state_values(trial._trial_id, TrialState.RUNNING)
    with pytest.raises(KeyError):
        storage.set_trial_state_values(trial._trial_id + 1, TrialState.RUNNING)


def test_the_lock_excludes_threads_and_lets_its_holder_in_again(storage: Storage) -> None:
    study = study_of(storage)
    study_id = study._study_id
    order = []
    is_waiting = threading.Event()

    def other() -> None:
        is_waiting.set()
        with storage.exclusive(study_id):
            order.append("other")

    with storage.exclusive(study_id), storage.exclusive(study_id):
        thread = threading.Thread(target=other)
        thread.start()
        is_waiting.wait()
        study.enqueue_trial({})
        study.ask()
        thread.join(0.3)
        order.append("holder")
    thread.join()

    assert order == ["holder", "other"]


def test_the_lock_is_freed_by_an_error_in_its_body(storage: Storage) -> None:
    study_id = study_of(storage)._study_id
    with pytest.raises(ZeroDivisionError), storage.exclusive(study_id):
        _ = 1 / 0

    taken = threading.Event()

    def take() -> None:
        with storage.exclusive(study_id):
            taken.set()

    threading.Thread(target=take).start()
    assert taken.wait(10)


def test_a_lock_held_too_long_is_an_error(tmp_path: Path, opener: Callable[..., Storage]) -> None:
    storage = opener(f"sqlite:///{tmp_path / 'studies.db'}", retry_seconds=0.3)
    caught: list[BaseException] = []

    def try_to_take() -> None:
        try:
            with storage.exclusive(1):
                pass
        except StorageError as error:
            caught.append(error)

    with storage.exclusive(1):
        thread = threading.Thread(target=try_to_take)
        thread.start()
        thread.join()

    assert "held by another process" in str(caught[0])


def test_a_storage_shows_where_it_is_but_no_password(postgres_url: str, opener: Callable[..., Storage]) -> None:
    storage = opener(postgres_url)
    password = sqlalchemy.make_url(postgres_url).password
    assert password

    shown = f"{storage!r} {storage} {storage.url} {storage.engine!r} {storage.engine.url!r} {storage.engine_kwargs}"

    assert password not in shown
    assert "127.0.0.1" in repr(storage) or "@" in repr(storage)


def test_a_storage_cannot_be_copied_or_upgraded(storage: Storage) -> None:
    with pytest.raises(TypeError, match="open_storage"):
        copy.deepcopy(storage)
    with pytest.raises(StorageError, match="vsearch storage upgrade"):
        storage.upgrade()


def test_a_storage_that_nobody_uses_any_more_gives_its_connections_back(
    postgres_url: str, opener: Callable[..., Storage]
) -> None:
    watcher = opener(postgres_url)
    for _ in range(5):
        open_storage(postgres_url).study_names()
    gc.collect()
    with watcher.engine.connect() as connection:
        query = sqlalchemy.text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        assert connection.execute(query).scalar_one() <= 2
