"""The steps of one epoch: the part of training that is repeated hundreds of times, and must be fast."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from vsearch.data import SearchData
from vsearch.data.augment import EpochPlan, batches
from vsearch.spec.recipe import Recipe
from vsearch.training.functions import use_fastest
from vsearch.training.sgd import SGD


class Steps(Protocol):
    """A network with its optimiser on one device, and what takes it through an epoch there."""

    @property
    def network(self) -> nn.Module:
        """On the device, in channels_last."""

    @property
    def optimiser(self) -> torch.optim.Optimizer:
        """SGD over the network's parameters."""

    def train(self, plan: EpochPlan, rates: Sequence[float], on_step: Callable[[], None]) -> Tensor:
        """Train the images of `plan` with one learning rate for each step; the loss of every step, `(steps,)` float32.

        Fewer rates than the plan has batches train its beginning.
        The losses stay on the device, so that no step waits for it. `on_step` is called after each step; what it raises
        breaks the epoch off.
        """

    def in_order(self) -> AbstractContextManager[object]:
        """A context in which this thread's work on the device comes after that of the steps; at its end all is done.

        Whoever reads or writes the network or the optimiser from a thread of its own does so inside.
        """

    def close(self) -> None:
        """Let go of what is kept on the device; not used any more."""


MakeSteps = Callable[[nn.Module, SearchData, Recipe, torch.dtype], Steps]
"""Makes the steps of a network, given its data on the device, its recipe and the format of its convolutions."""


class EagerSteps:
    """Each operation by itself, in the order of the program: the way for a CPU.

    Args:
        network: trained in place; moved to the device of `data`.
        data: on the device.
        dtype: format of the convolutions, bfloat16 or float32; weights, statistics and losses stay float32.
    """

    def __init__(self, network: nn.Module, data: SearchData, recipe: Recipe, dtype: torch.dtype) -> None:
        device = data.train.images.device
        self.network: nn.Module = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimiser: torch.optim.Optimizer = SGD(
            network.parameters(),
            lr=recipe.learning_rate,
            momentum=recipe.momentum,
            weight_decay=recipe.weight_decay,
            fused=True,
        )
        self._data, self._batch_size, self._dtype = data, recipe.batch_size, dtype

    def train(self, plan: EpochPlan, rates: Sequence[float], on_step: Callable[[], None]) -> Tensor:
        """The losses of an epoch: see `Steps`."""
        data = self._data
        self.network.train()
        use_fastest(self.network, data.train.images.device)
        losses = torch.zeros(len(rates), device=data.train.images.device)
        served = batches(
            data.train,
            plan,
            data.mean,
            data.std,
            data.augmentation,
            self._batch_size,
            self._dtype,
            padded=data.padded,
        )
        for index, (rate, (images, labels)) in enumerate(zip(rates, served, strict=False)):
            losses[index] = self._step(rate, images, labels)
            on_step()
        return losses

    def in_order(self) -> AbstractContextManager[object]:
        """Nothing to arrange: all threads share the device's default order."""
        return nullcontext()

    def close(self) -> None:
        """Nothing is kept."""

    def _step(self, rate: float, images: Tensor, labels: Tensor) -> Tensor:
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self._dtype is torch.bfloat16):
            logits = self.network(images)
        loss = functional.cross_entropy(logits.float(), labels)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        return loss.detach()
