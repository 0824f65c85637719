"""What befalls one of the trials in a worker's slots leaves the others alone."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from optuna.trial import TrialState

from tests.worker.seen import curves, reasons, seconds_left, states
from vsearch.errors import DataError, StorageAway
from vsearch.search import attributes
from vsearch.search.control import cancel
from vsearch.search.stored import StoredStudy
from vsearch.settings import Settings, resolve
from vsearch.storage import Storage
from vsearch.storage.checkpoints import open_store
from vsearch.training.loop import EpochRecord, Training
from vsearch.worker.interrupts import Interrupts
from vsearch.worker.workplace import Workplace, set_up

WaitFor = Callable[[Callable[[], object]], None]
LONG: dict[str, Any] = {"trials": 2, "epochs": 400, "train_images": 256, "sampler": "random"}
"""Trials that go on until they are stopped."""


def test_a_trial_that_fails_leaves_its_neighbour_alone(make_study: Any, crew: Any, break_trial: Any) -> None:
    whole, broken = (make_study(name=name, trials=2, epochs=4, sampler="qmc", retry=()) for name in ("one", "two"))
    assert crew("one").serve() == 2
    break_trial(2, RuntimeError("no kernel takes this"))
    assert crew("two").serve() == 3
    assert states(broken)[:2] == ["FAIL", "COMPLETE"]
    assert broken.optuna_study.trials[0].user_attrs[attributes.DETAIL] == "RuntimeError: no kernel takes this"
    assert curves(broken)[1] == curves(whole)[1]


def test_a_trial_that_diverges_leaves_its_neighbour_alone(
    make_study: Any, crew: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = (make_study(name=name, trials=2, epochs=4, sampler="qmc", retry=()) for name in ("one", "two"))
    assert crew("one").serve() == 2
    run_epoch = Training.run_epoch

    def run(training: Training) -> EpochRecord:
        if set(training.network.scales) == {1.0} and training.epoch == 1:  # type: ignore[arg-type]
            with torch.no_grad():
                next(training.network.parameters()).fill_(float("nan"))
        return run_epoch(training)

    monkeypatch.setattr(Training, "run_epoch", run)
    assert crew("two").serve() == 3
    assert states(broken)[:2] == ["FAIL", "COMPLETE"]
    assert broken.optuna_study.trials[0].user_attrs[attributes.REASON] == "diverged"
    assert curves(broken)[1] == curves(whole)[1]


def test_a_cancelled_study_leaves_the_trials_of_another_in_training(
    make_study: Any, serving: Any, settings: Settings, storage: Storage, wait_for: WaitFor
) -> None:
    one, other = (make_study(name=name, **(LONG | {"trials": 1})) for name in ("one", "other"))
    serving("one", "other", settings=resolve({"home": settings.home.value, "device": "cpu", "lease": "1"}, {}))
    wait_for(lambda: [len(curve) > 1 for curve in curves(one)[:1] + curves(other)[:1]] == [True, True])
    cancel(one, open_store(settings.checkpoints.value, storage))
    seen = len(curves(other)[0])
    wait_for(lambda: len(curves(other)[0]) > seen + 3)
    wait_for(lambda: [lease.study_id for lease in storage.running_leases() if lease.fence] == [other.study_id])
    assert one.optuna_study.get_trials()[0].user_attrs[attributes.REASON] == "cancelled"
    assert states(other)[0] == "RUNNING"


def test_while_the_database_is_away_all_checkpoints_are_written_before_it_is_waited_for_once(
    make_study: Any,
    serving: Any,
    interrupts: Interrupts,
    settings: Settings,
    storage: Storage,
    wait_for: WaitFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A preempted worker has half a minute or two for all its slots."""
    study, patience = make_study(**(LONG | {"trials": 3})), []

    def away(*_: Any) -> None:
        patience.append((storage._retry.seconds, len(list(Path(settings.checkpoints.value).rglob("*.ckpt")))))
        raise StorageAway("nobody answers")

    monkeypatch.setattr("vsearch.worker.in_training.put_back", away)
    thread = serving(study.name, slots=3)
    wait_for(lambda: [len(curve) > 1 for curve in curves(study)] == [True] * 3)
    interrupts.stop()
    thread.join()
    assert patience == [(5.0, 3), (0.0, 3), (0.0, 3)]


MEMORY = torch.OutOfMemoryError("CUDA out of memory.")


def test_where_memory_does_not_suffice_for_all_slots_fewer_are_used_and_no_trial_is_blamed(
    make_study: Any, crew: Any, break_trial: Any, caplog: pytest.LogCaptureFixture
) -> None:
    study = make_study(trials=3, epochs=4, max_attempts=1)
    break_trial(2, MEMORY)
    serving = crew(study.name)
    assert serving.serve() == 3
    assert states(study) == ["COMPLETE"] * 3
    assert reasons(study, 0) == ["preempted", "finished"]
    assert "out of memory with 2 trainings at once; going on with 1" in caplog.text
    attempts = [a for n in range(3) for a in study.storage.attempts(study.optuna_study.trials[n]._trial_id)]
    assert len(attempts) == 4


def test_a_trial_that_alone_does_not_fit_into_memory_fails_as_the_study_says(
    make_study: Any, crew: Any, break_trial: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vsearch.worker.worker.ELSEWHERE_SECONDS", 0.0)
    study = make_study(trials=1, epochs=2, max_attempts=2)
    break_trial(1, MEMORY, times=2)
    crew(study.name).serve()
    assert states(study)[0] == "FAIL"
    assert reasons(study, 0) == ["out-of-memory"] * 2


def test_a_slot_that_hangs_loses_its_trial_and_the_others_keep_theirs(
    make_study: Any,
    serving: Any,
    settings: Settings,
    storage: Storage,
    wait_for: WaitFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    study, go_on = make_study(**LONG), threading.Event()
    run_epoch = Training.run_epoch

    def run(training: Training) -> EpochRecord:
        if set(training.network.scales) == {1.0} and training.epoch == 1:  # type: ignore[arg-type]
            go_on.wait(120)
        return run_epoch(training)

    monkeypatch.setattr(Training, "run_epoch", run)
    serving(study.name, settings=resolve({"home": settings.home.value, "device": "cpu", "lease": "2"}, {}))
    try:
        wait_for(lambda: [len(curve) for curve in curves(study)][:1] == [1])
        wait_for(lambda: seconds_left(storage).get(0, 1.0) <= 0)
        for _ in range(3):
            time.sleep(0.5)
            assert seconds_left(storage)[1] > 0
    finally:
        go_on.set()


def test_a_checkpoint_that_cannot_be_read_holds_up_only_its_own_trial(
    make_study: Any, crew: Any, serving: Any, settings: Settings, interrupts: Interrupts, wait_for: WaitFor
) -> None:
    study = make_study(**(LONG | {"epochs": 30}))
    thread = serving(study.name)
    wait_for(lambda: [len(curve) > 1 for curve in curves(study)] == [True, True])
    interrupts.stop()
    thread.join()
    store = open_store(settings.checkpoints.value, study.storage)
    read = type(store).read
    refused: list[int] = []

    class Refusing(type(store)):  # type: ignore[misc]
        """A place that cannot be read for trial 0 at first."""

        def read(self, key: Any) -> Any:
            if key.number == 0 and not refused:
                refused.append(1)
                raise DataError("the place of the checkpoints is away")
            return read(self, key)

    store.__class__ = Refusing

    def make(study: StoredStudy, **options: Any) -> Workplace:
        return set_up(study, **(options | {"checkpoints": store}))

    before = len(curves(study)[0])
    second = Interrupts()
    again = threading.Thread(target=crew(study.name, set_up=make, interrupts=second).serve)
    again.start()
    try:
        wait_for(lambda: states(study)[1] == "COMPLETE")
        assert refused == [1]
        assert len(curves(study)[0]) == before
    finally:
        second.stop()
        again.join()
    assert study.optuna_study.get_trials()[0].state in (TrialState.WAITING, TrialState.COMPLETE)
