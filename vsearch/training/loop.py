"""Training a network, one epoch at a time; who stops it, and why, is not known here."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from vsearch.data import ImageSet, SearchData
from vsearch.data.augment import epoch_plan
from vsearch.errors import InputError
from vsearch.spec.recipe import Recipe
from vsearch.training.checkpoint import CheckpointError
from vsearch.training.evaluation import Evaluation, evaluate
from vsearch.training.schedule import Schedule
from vsearch.training.state import check_identity, copy_state, restore
from vsearch.training.steps import EagerSteps, MakeSteps


class EpochRecord(NamedTuple):
    """What one epoch of training gave."""

    epoch: int
    """Finished epochs, from 1."""
    learning_rate: float
    """Of the epoch's last step."""
    train_loss: float
    """Mean over the epoch's steps."""
    max_loss: float
    """Largest loss of one step; tells a blow-up that the mean has hidden."""
    validation_loss: float
    validation_accuracy: float
    """In [0, 1]."""
    images_per_second: float
    """Training images over the seconds of training them, validation not counted."""
    seconds: float
    """Of the whole epoch, validation included."""


class Training:
    """The training of one network: `epochs()` yields a record for each epoch that is left.

    Two trainings of the same network, data, recipe and seed agree to the last bit on one CPU thread, also when one of
    them was stopped between epochs and continued from its `state_dict`.

    Args:
        network: moved to `device` and trained in place.
        data: images and their statistics; moved to `device`.
        epochs: the whole budget, over which the schedule is spread; at least 1.
        seed: gives the order and the augmentation of the images in every epoch.
        precision: format of the convolutions; weights, statistics and losses stay float32.
        on_step: called after each step; what it raises breaks the training off.
        make_steps: what takes the network through the steps of an epoch.

    Raises:
        InputError: there is no epoch to train, or fewer images than one batch.
    """

    def __init__(
        self,
        network: nn.Module,
        data: SearchData,
        recipe: Recipe,
        *,
        epochs: int,
        seed: int,
        device: torch.device,
        precision: Literal["bf16", "float32"],
        on_step: Callable[[], None] = lambda: None,
        make_steps: MakeSteps = EagerSteps,
    ) -> None:
        if epochs < 1:
            raise InputError(f"epochs is {epochs}; a training has at least 1")
        self._steps_per_epoch = len(data.train.labels) // recipe.batch_size
        if self._steps_per_epoch < 1:
            raise InputError(
                f"batch_size is {recipe.batch_size}, but there are {len(data.train.labels)} training images; lower it"
            )
        self.data = data.to(device)
        self.recipe, self.epochs_planned, self.seed, self.device = recipe, epochs, seed, device
        self.dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        self._steps = make_steps(network, self.data, recipe, self.dtype)
        self._schedule = Schedule(recipe, epochs * self._steps_per_epoch)
        self._on_step = on_step
        self._epoch = 0

    @property
    def network(self) -> nn.Module:
        """The network in training."""
        return self._steps.network

    @property
    def epoch(self) -> int:
        """Finished epochs."""
        return self._epoch

    def epochs(self) -> Iterator[EpochRecord]:
        """Train the epochs that are left, yielding a record after each."""
        while self._epoch < self.epochs_planned:
            yield self.run_epoch()

    def run_epoch(self) -> EpochRecord:
        """Train the next epoch."""
        start = time.perf_counter()
        with self._steps.in_order():
            mean_loss, max_loss = self._train_epoch()
        trained = time.perf_counter()
        validation = self.evaluate(self.data.validation)
        self._epoch += 1
        return EpochRecord(
            epoch=self._epoch,
            learning_rate=self._schedule(self._epoch * self._steps_per_epoch - 1),
            train_loss=mean_loss,
            max_loss=max_loss,
            validation_loss=validation.loss,
            validation_accuracy=validation.accuracy,
            images_per_second=self._steps_per_epoch * self.recipe.batch_size / (trained - start),
            seconds=time.perf_counter() - start,
        )

    def run_steps(self, count: int) -> None:
        """Train so many steps of the next epoch, once through its images at most; not counted as an epoch.

        For finding out how fast that is. It returns when the device has done them.
        """
        with self._steps.in_order():
            self._losses(min(count, self._steps_per_epoch)).sum().item()

    def evaluate(self, images: ImageSet) -> Evaluation:
        """Loss and accuracy of the network over `images`, which lie on its device."""
        with self._steps.in_order():
            return evaluate(self.network, images, self.data.mean, self.data.std, self.dtype)

    def close(self) -> None:
        """Let go of what the device keeps for this training, which is not used any more."""
        self._steps.close()

    def state_dict(self) -> dict[str, Any]:
        """A copy of all that the remaining epochs depend on, fit for `checkpoint.encode`."""
        with self._steps.in_order():
            return {
                "epoch": self._epoch,
                "identity": self._identity(),
                "network": copy_state(self.network.state_dict()),
                "optimiser": copy_state(self._steps.optimiser.state_dict()),
            }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state`, which a training of the same recipe, seed, epochs and data made.

        Raises:
            CheckpointError: `state` belongs to another training or to another network.
        """
        check_identity(state, self._identity())
        epoch = state.get("epoch")
        if not isinstance(epoch, int) or not 0 <= epoch <= self.epochs_planned:
            raise CheckpointError(f"the checkpoint is of epoch {epoch!r}, not of 0 to {self.epochs_planned}; delete it")
        with self._steps.in_order():
            restore(state, self.network, self._steps.optimiser)
        self._epoch = epoch

    def _identity(self) -> dict[str, int | str]:
        return {
            "epochs": self.epochs_planned,
            "seed": self.seed,
            "recipe": repr(self.recipe),
            "split": self.data.split_digest,
        }

    def _train_epoch(self) -> tuple[float, float]:
        """Mean and largest loss of one epoch."""
        losses = self._losses(self._steps_per_epoch)
        mean, largest = torch.stack([losses.mean(dtype=torch.float64), losses.max().double()]).tolist()
        return mean, largest

    def _losses(self, steps: int) -> Tensor:
        data, done = self.data, self._epoch * self._steps_per_epoch
        plan = epoch_plan(len(data.train.labels), data.augmentation, seed=self.seed, epoch=self._epoch)
        rates = [self._schedule(done + step) for step in range(steps)]
        return self._steps.train(plan, rates, self._on_step)
