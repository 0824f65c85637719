"""One worker for each device; tried with several that are all called cpu, as here is no GPU."""

import os
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch

from vsearch.errors import DeviceError
from vsearch.settings import Settings
from vsearch.worker.devices import DeviceWorkers, all_gpus
from vsearch.worker.interrupts import Interrupts

WaitFor = Callable[[Callable[[], object]], None]


@pytest.fixture
def two(settings: Settings) -> Callable[[str], DeviceWorkers]:
    """`two(study)`: workers of the study on two devices."""
    return lambda study: DeviceWorkers(["cpu", "auto"], ["--study", study, "--slots", "1", "--threads", "1"], settings)


def workers_of(study: Any) -> set[str]:
    return {trial.user_attrs["worker"] for trial in study.optuna_study.get_trials() if "worker" in trial.user_attrs}


def test_every_device_has_a_worker_and_all_end_with_the_study(
    make_study: Any, two: Callable[[str], DeviceWorkers]
) -> None:
    study = make_study(trials=12)
    assert two(study.name).serve(Interrupts()) == 0
    assert {trial.state.name for trial in study.optuna_study.get_trials()} == {"COMPLETE"}
    assert len(workers_of(study)) == 2


def test_a_signal_is_passed_on_and_gives_its_code(
    make_study: Any, two: Callable[[str], DeviceWorkers], wait_for: WaitFor
) -> None:
    study = make_study(trials=2, epochs=500)
    interrupts, codes = Interrupts(), []
    thread = threading.Thread(target=lambda: codes.append(two(study.name).serve(interrupts)))
    thread.start()
    wait_for(lambda: len(study.storage.running_leases()) == 2)
    interrupts.stop(signal.SIGUSR1)
    thread.join()
    assert codes == [138]
    assert {trial.state.name for trial in study.optuna_study.get_trials()} == {"WAITING"}
    reasons = [study.storage.attempts(trial._trial_id)[0].reason for trial in study.optuna_study.get_trials()]
    assert reasons == ["preempted"] * 2


def test_a_killed_worker_is_started_again(
    make_study: Any, two: Callable[[str], DeviceWorkers], wait_for: WaitFor
) -> None:
    study = make_study(trials=30, epochs=10)
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(two(study.name).serve(Interrupts())))
    thread.start()
    wait_for(lambda: workers_of(study))
    os.kill(int(min(workers_of(study)).split("-")[-2]), signal.SIGKILL)
    thread.join()
    assert codes == [0]
    assert {trial.state.name for trial in study.optuna_study.get_trials()} == {"COMPLETE"}
    assert len(workers_of(study)) >= 2


def test_a_worker_that_fails_ends_the_others_with_its_code(settings: Settings, make_study: Any) -> None:
    study = make_study(trials=2, epochs=500)
    assert DeviceWorkers(["cpu", "cuda:99"], ["--study", study.name], settings).serve(Interrupts()) == 4
    assert study.storage.running_leases() == []


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_all_of_them_are_none() -> None:
    with pytest.raises(DeviceError, match="finds no GPU here"):
        all_gpus()
