"""Local workers as real processes."""

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
import torch

from tests.worker.seen import states
from vsearch.errors import DataError, InputError
from vsearch.search.budget import is_exhausted
from vsearch.settings import Settings
from vsearch.worker.fleet import MAX_WORKERS, Fleet, check_workers, choose_crew, core_count

MakeFleet = Callable[..., Fleet]
WaitFor = Callable[[Callable[[], object]], None]


@pytest.fixture
def fleet(settings: Settings) -> Iterator[MakeFleet]:
    """`fleet(study, workers)`: started workers of one thread, which are killed at the end of the test."""
    started: list[Fleet] = []

    def make(study: Any, workers: int = 1) -> Fleet:
        started.append(Fleet(study.name, settings, workers, threads=1))
        started[-1].start()
        return started[-1]

    yield make
    for each in started:
        each.kill()


def test_a_fleet_trains_its_study_to_the_end(make_study: Any, fleet: MakeFleet, wait_for: WaitFor) -> None:
    study = make_study(trials=5)
    running = fleet(study, 2)
    wait_for(lambda: not running.is_running())
    assert states(study) == ["COMPLETE"] * 5


def test_a_killed_worker_is_started_again_and_goes_on_with_its_trial(
    make_study: Any, fleet: MakeFleet, wait_for: WaitFor
) -> None:
    study = make_study(trials=2, epochs=60, train_images=320)
    running = fleet(study)
    wait_for(lambda: states(study)[0] == "RUNNING" and study.optuna_study.get_trials()[0].intermediate_values)
    os.kill(running._members[0].process.pid, signal.SIGKILL)
    wait_for(lambda: not running.is_running())
    assert states(study) == ["COMPLETE"] * 2
    assert is_exhausted(study)


def test_stopping_puts_every_trial_back_and_leaves_no_process(
    make_study: Any, fleet: MakeFleet, wait_for: WaitFor
) -> None:
    study = make_study(trials=2, epochs=500, train_images=640)
    running = fleet(study, 2)
    wait_for(lambda: states(study) == ["RUNNING"] * 2)
    running.stop()
    assert states(study) == ["WAITING"] * 2
    assert [member.process.poll() is None for member in running._members] == [False, False]


def test_an_error_of_a_worker_is_passed_on_in_its_words(
    make_study: Any, fleet: MakeFleet, tmp_path: Any, wait_for: WaitFor
) -> None:
    study = make_study(dataset=f"folder:{tmp_path}/none", train_images=None, validation_images=None)
    running = fleet(study)
    with pytest.raises(DataError, match=f"{tmp_path}/none"):
        wait_for(lambda: not running.is_running())


def test_logs_that_cannot_be_written_are_told(make_study: Any, settings: Settings) -> None:
    study = make_study()
    (settings.home_path / "logs").write_text("")
    with pytest.raises(DataError, match="VSEARCH_HOME"):
        Fleet(study.name, settings, 1, 1).start()


@pytest.mark.parametrize("workers", [0, -1, MAX_WORKERS + 1])
def test_no_senseless_number_of_workers(workers: int) -> None:
    with pytest.raises(InputError, match=rf"workers is {workers}; give 1 to"):
        check_workers(workers)


@pytest.mark.parametrize(
    ("slots", "threads", "crew"),
    [
        (None, None, (core_count(), 1, "1")),
        (None, 2, (core_count(), 2, "1")),
        (1, None, (core_count(), 1, "1")),
        (3, None, (1, 1, "3")),
        ("auto", None, (1, None, "auto")),
        ("auto", 2, (1, 2, "auto")),
    ],
)
def test_on_a_cpu_there_is_a_worker_per_core_that_may_be_used_unless_slots_are_asked_for(
    slots: int | Literal["auto"] | None, threads: int | None, crew: tuple[object, ...]
) -> None:
    assert core_count() == len(os.sched_getaffinity(0))
    assert choose_crew("cpu", threads=threads, slots=slots) == crew


@pytest.mark.parametrize(
    ("given", "crew"), [({}, (1, None, "auto")), ({"slots": 4}, (1, 1, "4")), ({"workers": 2}, (2, None, "auto"))]
)
def test_on_a_gpu_there_is_one_worker_that_finds_its_slots(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], crew: tuple[object, ...]
) -> None:
    monkeypatch.setattr("vsearch.training.device.choose_device", lambda _: torch.device("cuda", 0))
    assert choose_crew("cuda", **given) == crew


@pytest.mark.parametrize(
    ("threads", "words"), [(None, ["--slots", "auto"]), (2, ["--slots", "auto", "--threads", "2"])]
)
def test_a_worker_is_told_its_slots_and_only_threads_that_are_known(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, threads: int | None, words: list[str]
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr("subprocess.Popen", lambda command, **_: commands.append(command))
    Fleet("one", settings, 1, threads, "auto").start()
    ((*_, command),) = [[command] for command in commands]
    assert command[command.index("--slots") : command.index("--parent")] == words
