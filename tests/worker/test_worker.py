"""A worker serves studies until nothing is left to do."""

import time
from pathlib import Path
from typing import Any

import pytest
import torch
from optuna.trial import TrialState

from tests.worker.seen import states
from vsearch.errors import DataError, DeviceError, InputError
from vsearch.search import attributes
from vsearch.search.claims import claim_trial
from vsearch.search.control import stop
from vsearch.settings import Settings, resolve
from vsearch.storage import Storage
from vsearch.worker.interrupts import Interrupts
from vsearch.worker.worker import Worker


@pytest.fixture
def worker(storage: Storage, settings: Settings, interrupts: Interrupts) -> Any:
    """`worker(names…, …)`: a worker on those settings."""

    def make(*names: str, **changes: Any) -> Worker:
        values: dict[str, Any] = {"storage": storage, "settings": settings, "name": "w"}
        values |= {"interrupts": interrupts, "names": names}
        return Worker(**(values | changes))

    return make


def test_a_worker_spends_the_budget_of_its_study_and_leaves_no_checkpoint(
    make_study: Any, worker: Any, settings: Settings
) -> None:
    study = make_study(trials=4)
    assert worker(study.name).serve() == 4
    assert states(study) == ["COMPLETE"] * 4
    assert list(Path(settings.checkpoints.value).rglob("*.ckpt")) == []
    assert worker(study.name).serve() == 0


def test_a_worker_without_names_serves_every_open_study(make_study: Any, worker: Any) -> None:
    one, two, stopped = (make_study(name=name, trials=1, epochs=1) for name in ("one", "two", "stopped"))
    stop(stopped)
    assert worker().serve() == 2
    assert states(one)[0] == states(two)[0] == "COMPLETE"
    assert states(stopped)[0] == "WAITING"


@pytest.fixture
def break_down(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`break_down(error, times)`: the first so many steps of training raise the error."""
    monkeypatch.setattr("vsearch.worker.worker.ELSEWHERE_SECONDS", 0.0)
    original = torch.nn.functional.cross_entropy

    def arm(error: Exception, times: int) -> None:
        calls: list[int] = []

        def breaking(*arguments: Any, **options: Any) -> torch.Tensor:
            calls.append(1)
            if len(calls) <= times:
                raise error
            return original(*arguments, **options)

        monkeypatch.setattr(torch.nn.functional, "cross_entropy", breaking)

    return arm


MEMORY = RuntimeError("CUDA out of memory.\nTried to allocate 20.00 MiB")


@pytest.mark.parametrize(
    ("error", "reason", "detail"),
    [
        (MEMORY, "out-of-memory", "RuntimeError: CUDA out of memory."),
        (torch.OutOfMemoryError("no room"), "out-of-memory", "OutOfMemoryError: no room"),
        (RuntimeError("no kernel takes this"), "error", "RuntimeError: no kernel takes this"),
    ],
    ids=["memory as text", "memory as type", "another error"],
)
def test_a_trial_that_breaks_fails_alone_with_its_reason(
    make_study: Any, worker: Any, break_down: Any, error: Exception, reason: str, detail: str
) -> None:
    study = make_study(trials=2, retry=())
    break_down(error, 1)
    assert worker(study.name).serve() == 3
    assert sorted(states(study)) == ["COMPLETE", "COMPLETE", "FAIL"]
    trial = study.optuna_study.trials[0]
    assert (trial.user_attrs[attributes.REASON], trial.user_attrs[attributes.DETAIL]) == (reason, detail)
    log = trial.user_attrs[attributes.LOG]
    assert "trial 0 failed" in log
    assert any("Traceback" in line for line in log)
    assert log[-1].startswith(("RuntimeError", "torch.OutOfMemoryError", "Tried to"))
    assert [attempt.reason for attempt in study.storage.attempts(trial._trial_id)] == [reason]


def test_a_trial_that_breaks_twice_is_tried_a_third_time(make_study: Any, worker: Any, break_down: Any) -> None:
    study = make_study(trials=1)
    break_down(MEMORY, 2)
    assert worker(study.name).serve() == 1
    trial = study.optuna_study.trials[0]
    assert (trial.state, trial.user_attrs[attributes.REASON]) == (TrialState.COMPLETE, "finished")
    attempts = study.storage.attempts(trial._trial_id)
    assert [attempt.reason for attempt in attempts] == ["out-of-memory", "out-of-memory", "finished"]


def test_a_trial_that_breaks_as_often_as_the_study_allows_fails(make_study: Any, worker: Any, break_down: Any) -> None:
    study = make_study(trials=1, max_attempts=2)
    break_down(RuntimeError("broken"), 2)
    assert worker(study.name).serve() == 2
    failed, finished = study.optuna_study.trials
    assert (failed.state, failed.user_attrs[attributes.REASON]) == (TrialState.FAIL, "error")
    assert failed.user_attrs[attributes.LOG]
    assert finished.state == TrialState.COMPLETE
    assert [attempt.reason for attempt in study.storage.attempts(failed._trial_id)] == ["error", "error"]


def test_a_worker_asked_to_stop_puts_its_trial_back_with_its_last_epoch(
    make_study: Any, worker: Any, settings: Settings, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, interrupts = make_study(trials=2, epochs=4), Interrupts()
    report = storage.set_trial_intermediate_value

    def report_and_stop(trial_id: int, step: int, value: float) -> None:
        report(trial_id, step, value)
        if step == 2:
            interrupts.stop()

    monkeypatch.setattr(storage, "set_trial_intermediate_value", report_and_stop)
    assert worker(study.name, interrupts=interrupts).serve() == 0
    trial = study.optuna_study.get_trials()[0]
    assert (trial.state, list(trial.intermediate_values)) == (TrialState.WAITING, [1, 2])
    assert [path.name for path in Path(settings.checkpoints.value).rglob("*.ckpt")] == ["trial-0.1.ckpt"]

    assert worker(study.name).serve() == 2
    assert list(study.optuna_study.get_trials()[0].intermediate_values) == [1, 2, 3, 4]
    assert states(study) == ["COMPLETE"] * 2


def test_a_fault_in_telling_puts_the_trial_back(
    make_study: Any, worker: Any, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = make_study(trials=1, epochs=1)

    def broken(*_: Any) -> None:
        raise OSError("something unforeseen")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "end_trial", broken)
        with pytest.raises(OSError, match="unforeseen"):
            worker(study.name).serve()
    assert states(study)[0] == "WAITING"
    assert worker(study.name).serve() == 1


def test_trials_that_nobody_trains_any_more_are_taken_up(make_study: Any, worker: Any) -> None:
    study = make_study(trials=2)
    assert claim_trial(study, "gone", lease_seconds=0.1) is not None
    time.sleep(0.2)
    assert worker(study.name).serve() == 2
    assert states(study) == ["COMPLETE"] * 2


def test_a_study_whose_images_are_missing_is_passed_over(make_study: Any, worker: Any, tmp_path: Path) -> None:
    missing = make_study(name="a", dataset=f"folder:{tmp_path}/none", train_images=None, validation_images=None)
    there = make_study(name="b", trials=1, epochs=1)
    assert worker().serve() == 1
    assert states(there)[0] == "COMPLETE"
    assert states(missing)[0] == "WAITING"
    with pytest.raises(DataError, match="none"):
        worker().serve()
    with pytest.raises(DataError, match="none"):
        worker("a", "b").serve()


def test_a_missing_study_or_device_is_refused(make_study: Any, worker: Any, settings: Settings) -> None:
    with pytest.raises(InputError, match="no study"):
        worker("none").serve()
    study = make_study()
    other = resolve({"home": settings.home.value, "device": "cuda:99"}, {})
    with pytest.raises(DeviceError, match="cuda"):
        worker(study.name, settings=other).serve()
    assert states(study)[0] == "WAITING"


def test_a_worker_that_stays_finds_studies_made_later(make_study: Any, worker: Any) -> None:
    asked = []

    def keep_going() -> bool:
        asked.append(1)
        if len(asked) == 2:
            make_study(name="later", trials=1, epochs=1)
        return len(asked) < 12

    assert worker(stays=True, interrupts=Interrupts(keep_going)).serve() == 1


def test_images_of_ended_studies_are_let_go(make_study: Any, worker: Any) -> None:
    names = [make_study(name=name, trials=1, epochs=1, split_seed=seed).name for seed, name in enumerate("abc")]
    serving = worker(*names)
    assert serving.serve() == 3
    served = serving._studies
    assert len(served._workplaces) == 3
    stop(served._opened["a"])
    served.current()
    assert [spec.name for spec in served._workplaces] == ["b", "c"]
