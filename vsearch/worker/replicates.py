"""The trainings of one trial, one for each seed, that go on side by side in slots."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from functools import partial
from typing import Any, NamedTuple

from vsearch.training.loop import EpochRecord, Training
from vsearch.training.slots import Slots
from vsearch.worker.interrupts import Stopped

MakeTraining = Callable[[int, Callable[[], None]], Training]
"""A new training, given its seed and what to call after each step."""


class Trained(NamedTuple):
    """One epoch of one training, and all that its remaining epochs depend on."""

    record: EpochRecord
    state: dict[str, Any]


class Replicates:
    """The trainings of a trial: each epoch begins in all of them at once, and is over when it is in all.

    Args:
        make: makes the training of a seed.
    """

    def __init__(self, seeds: Sequence[int], make: MakeTraining, slots: Slots) -> None:
        self.trainings = [make(seed, self._on_step) for seed in seeds]
        self.steps = 0
        """How often any of them made progress."""
        self._slots = slots
        self._epoch: list[Future[Trained]] = []
        self._is_broken_off = self._is_closed = False

    @property
    def pending(self) -> set[Future[Trained]]:
        """What is waited for until the epoch in training is over; empty if it is, or none has begun."""
        return {future for future in self._epoch if not future.done()}

    @property
    def has_begun(self) -> bool:
        """Whether there is an epoch to take."""
        return bool(self._epoch)

    def begin_epoch(self) -> None:
        """Train the next epoch of all of them."""
        self._epoch = [self._slots.submit(partial(_train, training)) for training in self.trainings]

    def take_epoch(self) -> list[Trained]:
        """What the epoch gave, waiting for its end; it can be taken once.

        Raises:
            BaseException: what broke one of the trainings off, once all have ended.
        """
        wait(self._epoch)
        epoch, self._epoch = self._epoch, []
        return [future.result() for future in epoch]

    def ask_to_break_off(self) -> None:
        """Let every training end with the step that it is at; the epoch is lost."""
        self._is_broken_off = True
        for future in self._epoch:
            future.cancel()

    def break_off(self) -> None:
        """The same, and wait until no training uses the device; it is given back."""
        self.ask_to_break_off()
        wait(self._epoch)
        self._epoch = []
        if not self._is_closed:
            self._is_closed = True
            for training in self.trainings:
                training.close()

    def _on_step(self) -> None:
        if self._is_broken_off:
            raise Stopped
        self.steps += 1


def _train(training: Training) -> Trained:
    record = training.run_epoch()
    return Trained(record, training.state_dict())
