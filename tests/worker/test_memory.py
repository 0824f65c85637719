"""Where memory does not suffice fewer trainings go on at once; only one that does not fit alone is blamed."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import torch

from tests.worker.seen import reasons
from vsearch.search import attributes
from vsearch.search.stored import StoredStudy
from vsearch.training.loop import EpochRecord, Training
from vsearch.worker.layouts import Layouts

MEMORY = torch.OutOfMemoryError("CUDA out of memory.")


class Device:
    """Room for so many trainings: one more fails while these compute."""

    def __init__(self, room: int, run_epoch: Callable[[Training], EpochRecord]) -> None:
        self._room, self._run_epoch = room, run_epoch
        self._lock, self._running = threading.Lock(), 0
        self.at_once: list[int] = []
        """How many there were as each epoch began."""

    def run_epoch(self, training: Training) -> EpochRecord:
        """That of the training, if there is room for it."""
        with self._lock:
            self._running += 1
            self.at_once.append(self._running)
            is_full = self._running > self._room
        try:
            time.sleep(0.1)  # or the first might be over before the last has begun
            if is_full:
                raise MEMORY
            return self._run_epoch(training)
        finally:
            with self._lock:
                self._running -= 1


@pytest.fixture
def device_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Device]:
    """`device_of(room)`: all trainings compute on such a device from now on."""
    run_epoch = Training.run_epoch

    def make(room: int) -> Device:
        device = Device(room, run_epoch)
        monkeypatch.setattr(Training, "run_epoch", lambda training: device.run_epoch(training))
        return device

    return make


def results(study: StoredStudy) -> list[Any]:
    names = (attributes.WEIGHTS_DIGESTS, attributes.TRAIN_LOSSES)
    trials = study.optuna_study.get_trials()
    return [(trial.state.name, trial.intermediate_values, [trial.user_attrs[n] for n in names]) for trial in trials]


@pytest.mark.parametrize("room", [1, 2])
def test_a_trial_whose_own_replicates_do_not_fit_trains_fewer_at_a_time_and_gets_the_same_numbers(
    make_study: Any, crew: Any, device_of: Callable[[int], Device], room: int
) -> None:
    changes: dict[str, Any] = {"trials": 2, "epochs": 2, "replicates": 3, "sampler": "qmc", "max_attempts": 1}
    whole = make_study(name="whole", **changes)
    crew("whole", slots=3).serve()
    device, narrow = device_of(room), make_study(name="narrow", **changes)
    assert crew("narrow", slots=3).serve() == 2
    assert results(narrow) == results(whole)
    assert reasons(narrow, 0) in (["preempted", "finished"], ["preempted"] * 2 + ["finished"])
    assert reasons(narrow, 1) == ["finished"]
    assert max(device.at_once[-12:]) == room


def test_after_the_slots_were_lowered_no_more_trainings_go_on_at_once(
    make_study: Any, crew: Any, device_of: Callable[[int], Device], caplog: pytest.LogCaptureFixture
) -> None:
    """Those of the neighbours that had begun included: only they and the next epochs of fewer go on."""
    device, study = device_of(2), make_study(trials=5, epochs=3, max_attempts=1, sampler="random")
    assert crew(study.name, slots=4).serve() == 5
    assert {trial.state.name for trial in study.optuna_study.get_trials()} == {"COMPLETE"}
    assert "going on with 2" in caplog.text
    assert "going on with 1" not in caplog.text
    last_failure = max(index for index, count in enumerate(device.at_once) if count > 2)
    assert max(device.at_once[last_failure + 1 :]) == 2


def test_neighbours_that_fail_together_lower_the_slots_no_further_than_one_of_them(
    make_study: Any, crew: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor is the last of them blamed for being alone by then."""
    together, failed, run_epoch = threading.Barrier(2, timeout=60), threading.Event(), Training.run_epoch

    def run(training: Training) -> EpochRecord:
        if not failed.is_set():
            together.wait()
            failed.set()
            raise MEMORY
        return run_epoch(training)

    monkeypatch.setattr(Training, "run_epoch", run)
    study = make_study(trials=2, epochs=2, max_attempts=1)
    assert crew(study.name, slots=2).serve() == 2
    assert [reasons(study, number) for number in (0, 1)] == [["preempted", "finished"]] * 2


def test_a_trial_of_some_replicates_of_which_one_alone_does_not_fit_is_blamed(
    make_study: Any, crew: Any, device_of: Callable[[int], Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vsearch.worker.worker.ELSEWHERE_SECONDS", 0.0)
    device_of(0)
    study = make_study(trials=1, epochs=2, replicates=2, max_attempts=1)
    crew(study.name, slots=2).serve()
    assert study.optuna_study.trials[0].state.name == "FAIL"
    assert reasons(study, 0) == ["preempted", "out-of-memory"]


def test_what_was_lowered_is_measured_no_more(make_study: Any, workplace_of: Any, tmp_path: Any) -> None:
    layouts, workplace = Layouts(tmp_path, slots=4, threads=1), workplace_of(make_study())
    assert [layouts.lower(workplace, slots) for slots in (3, 5, 0)] == [3, 3, 1]
    assert layouts.of(workplace) == (1, 1)
