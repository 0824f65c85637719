"""A worker outlasts its database: it trains on, and what it found arrives when the database is back."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from optuna.trial import TrialState

from tests.worker.seen import curves
from vsearch.errors import StorageAway
from vsearch.search import patience
from vsearch.search.stored import StoredStudy
from vsearch.settings import Settings, resolve
from vsearch.storage import Storage, open_storage
from vsearch.worker.interrupts import Interrupts
from vsearch.worker.worker import Worker

WaitFor = Callable[[Callable[[], object]], None]
LONG = {"trials": 2, "epochs": 60, "train_images": 256, "sampler": "random"}
"""Trials of some seconds."""


class Serving(threading.Thread):
    """A worker in a thread, with what came of it."""

    def __init__(self, storage: Storage, settings: Settings, name: str) -> None:
        super().__init__()
        self.interrupts = Interrupts()
        self.error: BaseException | None = None
        self._worker = Worker(storage, settings, name, self.interrupts, names=["away"])

    def run(self) -> None:
        """Serve until nothing is left."""
        try:
            self._worker.serve()
        except BaseException as error:
            self.error = error


@pytest.fixture
def away(own_postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """A storage on a server that may be stopped; calls to an absent one are given up soon."""
    monkeypatch.setattr(patience, "FIRST_SECONDS", 0.2)
    monkeypatch.setattr(patience, "AGAIN_SECONDS", 0.1)
    monkeypatch.setattr("vsearch.worker.worker.CALL_SECONDS", 0.2)
    monkeypatch.setattr("vsearch.worker.trial.WHILE_AWAY_SECONDS", 0.0)
    storage = open_storage(own_postgres_url)
    yield storage
    storage.close()


@pytest.fixture
def serve(away: Storage, tmp_path: Path) -> Iterator[Callable[..., Serving]]:
    """`serve(outage=…)`: starts a worker of the study `away`, with checkpoints in a folder."""
    started: list[Serving] = []

    def start(name: str = "w", outage: float = 600) -> Serving:
        flags = {"home": str(tmp_path / "home"), "device": "cpu", "outage": str(outage), "lease": "600"}
        settings = resolve(flags | {"checkpoints": str(tmp_path / "checkpoints")}, {})
        started.append(Serving(away, settings, name))
        started[-1].start()
        return started[-1]

    yield start
    for serving in started:
        serving.interrupts.stop()
        serving.join()


def is_in_training(study: StoredStudy) -> bool:
    """Whether its first trial has reported: from then on the worker is at it, and in no claim."""
    trials = study.optuna_study.get_trials()
    return bool(trials and trials[0].intermediate_values)


def undisturbed(make_study: Any, settings: Settings, storage: Storage) -> list[dict[int, float]]:
    study = make_study(name="whole", **LONG)
    Worker(storage, settings, "w", Interrupts(), names=["whole"]).serve()
    return curves(study)


def test_training_goes_on_without_the_database_and_every_epoch_arrives_once(
    make_study: Any,
    away: Storage,
    serve: Callable[..., Serving],
    tell_postgres: Callable[[str], None],
    wait_for: WaitFor,
    settings: Settings,
    storage: Storage,
    caplog: pytest.LogCaptureFixture,
) -> None:
    whole = undisturbed(make_study, settings, storage)
    study = make_study(on=away, name="away", **LONG)
    worker = serve()
    wait_for(lambda: is_in_training(study))
    tell_postgres("crash")
    try:
        wait_for(lambda: "training goes on" in caplog.text)
        time.sleep(1.0)
    finally:
        tell_postgres("start")
    worker.join()
    assert worker.error is None
    assert "the database is back after" in caplog.text
    assert [trial.state for trial in study.optuna_study.get_trials()] == [TrialState.COMPLETE] * 2
    assert curves(study) == whole
    attempts = [away.attempts(trial._trial_id) for trial in study.optuna_study.get_trials()]
    assert [[attempt.reason for attempt in of_trial] for of_trial in attempts] == [["finished"]] * 2


def test_a_worker_that_waited_too_long_leaves_its_reports_for_the_next(
    make_study: Any,
    away: Storage,
    serve: Callable[..., Serving],
    tell_postgres: Callable[[str], None],
    wait_for: WaitFor,
    settings: Settings,
    storage: Storage,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The whole trial was trained while the database was away: the next worker has only to deliver."""
    whole = undisturbed(make_study, settings, storage)
    study = make_study(on=away, name="away", **LONG)
    worker = serve("impatient", outage=0.5)
    wait_for(lambda: is_in_training(study))
    tell_postgres("stop")
    try:
        worker.join()
    finally:
        tell_postgres("start")
    assert isinstance(worker.error, StorageAway)
    assert len(curves(study)[0]) < 60
    with away.exclusive(study.study_id):
        away.put_back(study.optuna_study.get_trials()[0]._trial_id, "lost")
    caplog.set_level("INFO", "vsearch.worker")
    serve("next").join()
    assert "trial 0 goes on after epoch 60" in caplog.text
    assert curves(study) == whole


def test_a_database_that_takes_no_writes_for_a_while_ends_no_worker(
    make_study: Any,
    away: Storage,
    serve: Callable[..., Serving],
    own_postgres_url: str,
    wait_for: WaitFor,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As in the middle of a failover, where the old server is a read-only standby."""
    study = make_study(on=away, name="away", **LONG)
    worker = serve()
    wait_for(lambda: is_in_training(study))
    name = own_postgres_url.rpartition("/")[2]
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    admin = psycopg2.connect(own_postgres_url)
    admin.autocommit = True
    with closing(admin), admin.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        cursor.execute(cut)
        wait_for(lambda: "the database is read-only" in caplog.text)
        cursor.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        cursor.execute(cut)
    worker.join()
    assert worker.error is None
    assert [trial.state for trial in study.optuna_study.get_trials()] == [TrialState.COMPLETE] * 2
    assert all(list(curve) == list(range(1, 61)) for curve in curves(study))
