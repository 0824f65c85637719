"""The trainings of one trial, one for each seed, that go on side by side in slots."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from functools import partial
from typing import Any, NamedTuple, TypeVar

from vsearch.training.loop import EpochRecord, Training
from vsearch.training.slots import InSlot, Slots
from vsearch.worker.interrupts import Stopped

T = TypeVar("T")

MakeTraining = Callable[[int, Callable[[], None]], Training]
"""A new training, given its seed and what to call after each step."""


class Trained(NamedTuple):
    """One epoch of one training, and all that its remaining epochs depend on."""

    record: EpochRecord
    state: dict[str, Any]


class Replicate:
    """One of the trainings.

    Args:
        is_kept: whether it keeps its place on the device between epochs, or is made anew for each.
    """

    def __init__(self, make: Callable[[], Training], is_kept: bool) -> None:
        self._make, self._is_kept = make, is_kept
        self._kept: Training | None = None
        self._state: dict[str, Any] | None = None
        if is_kept:
            self._kept = make()

    def run_epoch(self) -> Trained:
        """Train the next epoch."""

        def run(training: Training) -> Trained:
            if self._state is not None and not self._is_kept:
                training.load_state_dict(self._state)
            return Trained(training.run_epoch(), training.state_dict())

        trained = self._with_training(run)
        self._state = trained.state
        return trained

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state.

        Raises:
            CheckpointError: it belongs to another training.
        """
        self._with_training(lambda training: training.load_state_dict(state))
        self._state = state

    def parameters(self) -> int:
        """How many numbers the network learns."""
        return self._with_training(lambda training: sum(p.numel() for p in training.network.parameters()))

    def close(self) -> None:
        """Give its place on the device back."""
        if self._kept is not None:
            self._kept.close()

    def _with_training(self, work: Callable[[Training], T]) -> T:
        if self._kept is not None:
            return work(self._kept)
        training = self._make()
        try:
            return work(training)
        finally:
            training.close()


class Replicates:
    """The trainings of a trial: each epoch begins in as many as there are slots, and is over when it is in all.

    Args:
        make: makes the training of a seed.
        takes_turns: where there are more of them than slots, none keeps memory on the device while it waits.
    """

    def __init__(self, seeds: Sequence[int], make: MakeTraining, slots: Slots, takes_turns: bool = False) -> None:
        is_kept = not takes_turns or len(seeds) <= slots.count
        self._replicates = [Replicate(partial(make, seed, self._on_step), is_kept) for seed in seeds]
        self.steps = 0
        """How often any of them made progress."""
        self.most_at_once = 0
        """The slots in use at a time while the last epoch was trained, those of other trials included."""
        self._slots = slots
        self._epoch: list[InSlot[Trained]] = []
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
        self._epoch = [self._slots.submit(replicate.run_epoch) for replicate in self._replicates]

    def take_epoch(self) -> list[Trained]:
        """What the epoch gave, waiting for its end; it can be taken once.

        Raises:
            BaseException: what broke one of the trainings off, once all have ended.
        """
        wait(self._epoch)
        epoch, self._epoch = self._epoch, []
        self.most_at_once = max(future.most_at_once for future in epoch)
        return [future.result() for future in epoch]

    def restore(self, states: Sequence[dict[str, Any]]) -> None:
        """Go on from the states of all of them.

        Raises:
            CheckpointError: one belongs to another training.
            ValueError: it is not one for each.
        """
        for replicate, state in zip(self._replicates, states, strict=True):
            replicate.restore(state)

    def parameters(self) -> int:
        """How many numbers each network learns."""
        return self._replicates[0].parameters()

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
            for replicate in self._replicates:
                replicate.close()

    def _on_step(self) -> None:
        if self._is_broken_off:
            raise Stopped
        self.steps += 1
