"""Studies whose trials take a fraction of a second: a small network on a few real digits."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from pathlib import Path
from typing import Any

import pytest
import torch

from vsearch.search.claims import Claim
from vsearch.search.stored import StoredStudy, create_study
from vsearch.settings import Settings, resolve
from vsearch.spec import StudySpec
from vsearch.spec.recipe import recipe
from vsearch.storage import Storage, open_storage
from vsearch.storage.checkpoints import open_store
from vsearch.training.loop import EpochRecord, Training
from vsearch.training.slots import Slots
from vsearch.worker.attempt import TrialAttempt
from vsearch.worker.interrupts import Interrupts, Stopped
from vsearch.worker.logtail import LogTail
from vsearch.worker.outcome import Outcome
from vsearch.worker.trial import TrialTraining
from vsearch.worker.worker import Worker
from vsearch.worker.workplace import Workplace, set_up

MakeStudy = Callable[..., StoredStudy]


class TrialAlone(TrialTraining):
    """A trial that nothing else is trained beside."""

    def run(self) -> Outcome:
        """Train until it ends, or until it is to stop, as a worker does."""
        try:
            while True:
                outcome = self.turn()
                if outcome is not None:
                    return outcome
                if not self._interrupts.may_go_on():
                    raise Stopped
                wait(self.pending)
        except Stopped:
            self.stop()
            raise


@pytest.fixture(autouse=True)
def _quiet_and_single(quiet_optuna: None) -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a home of the test's own, on the CPU."""
    return resolve({"home": str(tmp_path / "home"), "device": "cpu"}, {})


@pytest.fixture
def storage(settings: Settings) -> Iterator[Storage]:
    """The storage of those settings."""
    settings.home_path.mkdir()
    opened = open_storage(settings.storage.value)
    yield opened
    opened.close()


@pytest.fixture
def make_study(storage: Storage) -> MakeStudy:
    """`make_study(trials=…, …)`: ResNet-8 on 128 digits for 3 epochs, without a pruner, unless told otherwise."""

    def make(*, on: Storage | None = None, training: dict[str, Any] | None = None, **changes: Any) -> StoredStudy:
        plain: dict[str, Any] = {
            "families": ("triangle",),
            "dataset": "digits",
            "depth": 8,
            "epochs": 3,
            "trials": 3,
            "pruner": "none",
        }
        plain |= {"train_images": 128, "validation_images": 100}
        plain |= {"recipe": recipe("short").override(**{"batch_size": 64} | (training or {}))}
        return create_study(on or storage, StudySpec(**(plain | changes)))

    return make


@pytest.fixture
def workplace_of(settings: Settings) -> Callable[[StoredStudy], Workplace]:
    """The images of a study on the CPU, with the checkpoint folder of the test."""

    def make(study: StoredStudy) -> Workplace:
        return set_up(
            study,
            data_path=settings.data_path,
            checkpoints=open_store(settings.checkpoints.value, study.storage),
            device=torch.device("cpu"),
            download=False,
        )

    return make


@pytest.fixture
def interrupts() -> Interrupts:
    """Interrupts that nobody has sent yet and that no signal reaches."""
    return Interrupts()


@pytest.fixture
def slots() -> Iterator[Slots]:
    """Two slots of one thread."""
    made = Slots(2)
    yield made
    made.close()


@pytest.fixture
def trial(slots: Slots) -> Callable[..., TrialAlone]:
    """`trial(claim, workplace, interrupts)`: a claimed trial, ready to `run`."""

    def make(claim: Claim, workplace: Workplace, interrupts: Interrupts | None = None) -> TrialAlone:
        return TrialAlone(claim, workplace, slots, interrupts or Interrupts())

    return make


@pytest.fixture
def attempt_at(slots: Slots, interrupts: Interrupts) -> Callable[..., Outcome]:
    """`attempt_at(study, claim, workplace, own slots)`: train a claimed trial and tell its study, as a worker does."""

    def train(study: StoredStudy, claim: Claim, workplace: Workplace, own: Slots | None = None) -> Outcome:
        attempt = TrialAttempt(study, claim, workplace, own or slots, interrupts, LogTail(), 0)
        while (outcome := attempt.turn()) is None:
            wait(attempt.pending)
        return outcome

    return train


@pytest.fixture
def crew(storage: Storage, settings: Settings, interrupts: Interrupts) -> Callable[..., Worker]:
    """`crew(names…, slots=2, …)`: a worker that trains so many at the same time."""

    def make(*names: str, **changes: Any) -> Worker:
        values: dict[str, Any] = {"storage": storage, "settings": settings, "name": "w", "interrupts": interrupts}
        return Worker(**(values | {"names": names, "slots": 2} | changes))

    return make


@pytest.fixture
def serving(crew: Callable[..., Worker], interrupts: Interrupts) -> Iterator[Callable[..., threading.Thread]]:
    """`serving(names…)`: the same, at work in a thread; stopped at the end of the test."""
    started: list[threading.Thread] = []

    def start(*names: str, **changes: Any) -> threading.Thread:
        started.append(threading.Thread(target=crew(*names, **changes).serve))
        started[-1].start()
        return started[-1]

    yield start
    interrupts.stop()
    for thread in started:
        thread.join()


@pytest.fixture
def break_trial(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`break_trial(epoch, error, scales=…)`: that epoch of trainings raises the error; by default the baseline's."""
    run_epoch = Training.run_epoch

    def arm(epoch: int, error: Exception, times: int = 1) -> None:
        raised: list[int] = []

        def run(training: Training) -> EpochRecord:
            is_baseline = set(getattr(training.network, "scales", ())) == {1.0}
            if is_baseline and training.epoch == epoch - 1 and len(raised) < times:
                raised.append(1)
                raise error
            return run_epoch(training)

        monkeypatch.setattr(Training, "run_epoch", run)

    return arm
