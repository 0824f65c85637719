"""Several trials at the same time in one worker: they share a device and nothing else."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.worker.seen import curves, reasons, states
from vsearch.search import attributes
from vsearch.search.control import pause
from vsearch.settings import Settings, resolve
from vsearch.storage import Storage
from vsearch.training.loop import EpochRecord, Training
from vsearch.worker.interrupts import Interrupts

WaitFor = Callable[[Callable[[], object]], None]
LONG: dict[str, Any] = {"trials": 2, "epochs": 400, "train_images": 256, "sampler": "random"}
"""Trials that go on until they are stopped."""


def test_trials_among_others_have_the_very_numbers_that_they_have_alone(make_study: Any, crew: Any) -> None:
    """Bit for bit, digests of the last weights included; a sampler that does not look at results proposes the same."""
    changes: dict[str, Any] = {"trials": 5, "epochs": 3, "sampler": "qmc"}
    alone, among = make_study(name="alone", **changes), make_study(name="among", **changes)
    assert crew("alone", slots=1).serve() == 5
    assert crew("among", slots=4).serve() == 5
    assert curves(alone) == curves(among)
    names = (attributes.SCALES, attributes.WEIGHTS_DIGESTS, attributes.TRAIN_LOSSES, attributes.THREADS)
    pairs = zip(alone.optuna_study.trials, among.optuna_study.trials, strict=True)
    assert all(one.user_attrs[name] == other.user_attrs[name] for one, other in pairs for name in names)


@pytest.mark.parametrize("lease", ["1", "120"])
def test_a_drained_worker_puts_its_trials_back_with_the_reason_and_takes_no_other(
    make_study: Any, serving: Any, storage: Storage, settings: Settings, wait_for: WaitFor, lease: str
) -> None:
    """Whether the order is heard with the lease of one trial, or with a sign of life (each 10 s)."""
    study = make_study(**(LONG | {"trials": 4}))
    thread = serving(study.name, settings=resolve({"home": settings.home.value, "device": "cpu", "lease": lease}, {}))
    wait_for(lambda: len(storage.running_leases()) == 2)
    storage.drain_workers("w")
    thread.join(60)
    assert not thread.is_alive()
    attempts = [storage.attempts(trial._trial_id) for trial in study.optuna_study.get_trials()]
    assert [[(one.reason, one.detail) for one in of_trial] for of_trial in attempts if of_trial] == [
        [("preempted", "the worker is drained")]
    ] * 2


def test_one_worker_holds_a_trial_in_each_slot_and_no_more(
    make_study: Any, serving: Any, storage: Storage, wait_for: WaitFor
) -> None:
    study = make_study(**(LONG | {"trials": 9}))
    serving(study.name, slots=3)
    wait_for(lambda: [lease.worker for lease in storage.running_leases()] == ["w"] * 3)
    wait_for(lambda: min(len(curve) for curve in curves(study)[:3]) > 2)
    assert states(study)[:4] == ["RUNNING"] * 3 + ["WAITING"] * (len(states(study)) > 3)


def test_a_slot_is_filled_as_soon_as_its_trial_has_ended(make_study: Any, crew: Any) -> None:
    """The long baseline takes one slot; all others go through the second meanwhile."""
    study = make_study(trials=5, epochs=2)
    assert crew(study.name, slots=2).serve() == 5
    assert states(study) == ["COMPLETE"] * 5


def test_the_seeds_of_a_trial_are_trained_at_the_same_time(
    make_study: Any, crew: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(2, timeout=60)
    run_epoch = Training.run_epoch

    def run(training: Training) -> EpochRecord:
        together.wait()
        return run_epoch(training)

    monkeypatch.setattr(Training, "run_epoch", run)
    study = make_study(trials=2, epochs=2, replicates=2)
    assert crew(study.name).serve() == 2
    assert states(study) == ["COMPLETE"] * 2


def test_a_paused_study_gets_all_its_trials_back_with_their_last_epochs(
    make_study: Any, serving: Any, settings: Settings, wait_for: WaitFor
) -> None:
    study = make_study(**LONG)
    serving(study.name, settings=resolve({"home": settings.home.value, "device": "cpu", "lease": "1"}, {}))
    wait_for(lambda: [len(curve) > 1 for curve in curves(study)] == [True, True])
    pause(study)
    wait_for(lambda: states(study) == ["WAITING"] * 2)
    assert [reasons(study, number) for number in (0, 1)] == [["preempted"]] * 2
    assert len(list(Path(settings.checkpoints.value).rglob("*.ckpt"))) == 2


def test_a_worker_that_is_asked_to_stop_writes_the_checkpoints_of_all_slots(
    make_study: Any, crew: Any, serving: Any, interrupts: Interrupts, settings: Settings, wait_for: WaitFor
) -> None:
    study = make_study(**(LONG | {"trials": 3, "epochs": 30}))
    thread = serving(study.name, slots=3)
    wait_for(lambda: [len(curve) > 1 for curve in curves(study)] == [True] * 3)
    interrupts.stop()
    thread.join()
    assert states(study) == ["WAITING"] * 3
    files = [path.name for path in Path(settings.checkpoints.value).rglob("*.ckpt")]
    assert sorted(files) == [f"trial-{number}.1.ckpt" for number in range(3)]
    begun = curves(study)
    assert crew(study.name, slots=3, interrupts=Interrupts()).serve() == 3
    assert states(study) == ["COMPLETE"] * 3
    for before, after in zip(begun, curves(study), strict=True):
        assert after.items() >= before.items()


def test_trials_that_need_other_images_wait_for_no_slot(make_study: Any, crew: Any) -> None:
    """Two studies of different networks are trained side by side in one worker."""
    one, other = make_study(name="one", trials=2, epochs=2), make_study(name="other", trials=2, epochs=2, depth=14)
    assert crew("one", "other", slots=3).serve() == 4
    assert states(one) == states(other) == ["COMPLETE"] * 2
