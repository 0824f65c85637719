"""A training that takes milliseconds and whose every accuracy is known beforehand.

Each epoch's value depends on a chain of hashes over all epochs before it: one that is skipped, repeated or continued
from another trial's state shows in every later value.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import torch

from vsearch.errors import DataError
from vsearch.search.stored import StoredStudy
from vsearch.training.loop import EpochRecord
from vsearch.worker.workplace import Workplace, set_up

STEPS = 4
"""Per epoch: how often a training says that it makes progress."""


def chain_start(scales: tuple[float, ...], seed: int) -> str:
    """What a training has before its first epoch; of the scales as they are stored, rounded to six digits."""
    return hashlib.sha256(repr((seed, [round(scale, 6) for scale in scales])).encode()).hexdigest()


def chain_next(chain: str, epoch: int) -> str:
    """The chain after that epoch, counted from 1."""
    return hashlib.sha256(f"{chain} {epoch}".encode()).hexdigest()


def accuracy(start: str, chain: str, epoch: int) -> float:
    """A curve of learning, in [0, 1]: how good depends on the trial, and a little on the chain."""
    best = 0.5 + 0.4 * int(start[:8], 16) / 0xFFFFFFFF
    return float(best * (1.0 - 0.6**epoch) + 0.05 * int(chain[:12], 16) / 0xFFFFFFFFFFFF)


def true_curve(scales: tuple[float, ...], seed: int, epochs: int) -> tuple[float, ...]:
    """The accuracies after epochs 1 … `epochs`."""
    start = chain = chain_start(scales, seed)
    values = []
    for epoch in range(1, epochs + 1):
        chain = chain_next(chain, epoch)
        values.append(accuracy(start, chain, epoch))
    return tuple(values)


class ScriptedTraining:
    """Looks to a worker like `vsearch.training.loop.Training`."""

    def __init__(self, scales: tuple[float, ...], seed: int, seconds: float, on_step: Callable[[], None]) -> None:
        self.network = torch.nn.Linear(1, 1)
        self.epoch = 0
        self._start = self._chain = chain_start(scales, seed)
        self._seconds, self._on_step = seconds, on_step

    def run_epoch(self) -> EpochRecord:
        """Sleep through the next epoch."""
        for _ in range(STEPS):
            time.sleep(self._seconds / STEPS)
            self._on_step()
        self.epoch += 1
        self._chain = chain_next(self._chain, self.epoch)
        value = accuracy(self._start, self._chain, self.epoch)
        loss = 2.3 * (1.0 - value)
        return EpochRecord(self.epoch, 0.1, loss, loss, loss, value, 1000.0, self._seconds)

    def close(self) -> None:
        """Nothing is held."""

    def state_dict(self) -> dict[str, Any]:
        """All that the remaining epochs depend on."""
        network = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        return {"epoch": self.epoch, "start": self._start, "chain": self._chain, "network": network}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state`.

        Raises:
            DataError: it is another training's.
        """
        if state["start"] != self._start:
            raise DataError("the checkpoint belongs to another training; delete it to start the trial again")
        self.network.load_state_dict(state["network"])
        self.epoch, self._chain = int(state["epoch"]), str(state["chain"])


@dataclass(frozen=True)
class ScriptedWorkplace(Workplace):
    """A workplace whose trainings are scripted."""

    def training(self, scales: tuple[float, ...], seed: int, on_step: Callable[[], None] = lambda: None) -> Any:
        """A new scripted training."""
        return ScriptedTraining(scales, seed, _epoch_seconds, on_step)


_epoch_seconds = 0.0


def scripted_set_up(epoch_seconds: float) -> Callable[..., Workplace]:
    """What to hand a `Worker` as its `set_up`, for trainings whose epochs take so long."""

    def make(study: StoredStudy, **settings: Any) -> Workplace:
        global _epoch_seconds
        _epoch_seconds = epoch_seconds
        real = set_up(study, **settings)
        return ScriptedWorkplace(**{field.name: getattr(real, field.name) for field in fields(real)})

    return make
