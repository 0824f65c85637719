"""Networks stacked along a new dimension: one launch of each operation serves all of them.

A candidate, not in use. Convolutions become grouped ones over S times the channels. `torch.func.vmap` does the same in
float32, but not in bf16: autocast does not reach into it, and its batch norm refuses float32 statistics beside bf16
images (torch 2.14, CPU).
"""

import time
from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor

from engine_parts.side_by_side import RECIPE, curved_network
from engine_parts.stacked_network import StackedNetwork
from vsearch.data import SearchData
from vsearch.data.augment import EpochPlan, crop_and_flip, epoch_plan, normalise
from vsearch.data.pad import pad_images
from vsearch.models import ResNet
from vsearch.spec.recipe import Recipe
from vsearch.training.graphed import record_graph


class StackedTraining:
    """S networks of one shape, each with its own scales, order of images and learning rate, trained in one step.

    Weights lie in one `(S, P)` tensor, so that SGD is a few launches; `state_dicts` gives the networks back.

    Args:
        compiled: give forward and backward to `torch.compile`.
    """

    def __init__(
        self,
        networks: Sequence[ResNet],
        data: SearchData,
        recipe: Recipe,
        dtype: torch.dtype,
        *,
        compiled: bool = False,
    ) -> None:
        device = self.device = data.train.images.device
        self._network = StackedNetwork(networks, device, dtype)
        parameters = [torch.cat([part.detach().flatten() for part in network.parameters()]) for network in networks]
        self._weights = torch.stack(parameters).to(device).requires_grad_()
        self._momentum = torch.zeros_like(self._weights, requires_grad=False)
        self._data, self._recipe, self._dtype = data, recipe, dtype
        self._padded = pad_images(data.train.images, data.augmentation.pad)
        steps, slots = len(data.train.labels) // recipe.batch_size, len(networks)
        flat = slots * recipe.batch_size
        self._plan = EpochPlan(
            torch.zeros(steps, flat, dtype=torch.int64, device=device),
            torch.zeros(steps, flat, 2, dtype=torch.int64, device=device),
            torch.zeros(steps, flat, dtype=torch.bool, device=device),
        )
        self._rates = torch.zeros(steps, slots, device=device)
        self._number = torch.zeros(1, dtype=torch.int64, device=device)
        self.losses = torch.zeros(steps, slots, device=device)
        """Of the last epoch, `(steps, S)`."""
        self._all_losses: Callable[[Tensor, Tensor, Tensor], Tensor] = (
            torch.compile(self._network.losses) if compiled else self._network.losses
        )

    def begin_epoch(self, plans: Sequence[EpochPlan], rates: Sequence[Sequence[float]]) -> None:
        """Lay out an epoch: a plan and the learning rate of every step for each network."""
        steps, size = len(self._rates), self._recipe.batch_size
        for laid_out, *given in zip(self._plan, *plans, strict=True):
            batches = [part[: steps * size].view(steps, size, *part.shape[1:]) for part in given]
            laid_out.copy_(torch.cat(batches, 1))
        self._rates.copy_(torch.tensor(rates).T)
        self._number.zero_()

    def run(self) -> None:
        """One step of every network."""
        plan = EpochPlan(*(entries.index_select(0, self._number).squeeze(0) for entries in self._plan))
        data, slots = self._data, len(self._weights)
        size = (data.train.images.shape[1], data.train.images.shape[2])
        images = normalise(crop_and_flip(self._padded, plan, size), data.mean, data.std, self._dtype)
        labels = data.train.labels.index_select(0, plan.order).view(slots, -1)
        losses = self._all_losses(self._weights, images.view(slots, -1, *images.shape[1:]), labels)
        (gradient,) = torch.autograd.grad(losses.sum(), self._weights)
        self._update(gradient, self._rates.index_select(0, self._number).view(-1, 1))
        self.losses.index_copy_(0, self._number, losses.detach().unsqueeze(0))
        self._number.add_(1).remainder_(len(self._rates))

    def state_dicts(self) -> list[dict[str, Tensor]]:
        """The weights and statistics of each network, by the names of `ResNet`."""
        slots = len(self._weights)
        named = self._network.named(self._weights.detach())
        named |= {name: statistic.view(slots, -1) for name, statistic in self._network.statistics.items()}
        return [{name: tensor[slot] for name, tensor in named.items()} for slot in range(slots)]

    @torch.no_grad()
    def _update(self, gradient: Tensor, rates: Tensor) -> None:
        """SGD with momentum and weight decay, as torch's."""
        gradient = gradient.add(self._weights, alpha=self._recipe.weight_decay)
        self._momentum.mul_(self._recipe.momentum).add_(gradient)
        self._weights.addcmul_(self._momentum, rates, value=-1)


def stacked_images_per_second(
    data: SearchData,
    depth: int,
    slots: int,
    steps: int,
    *,
    precision: Literal["bf16", "float32"] = "bf16",
    compiled: bool = False,
    on_start: Callable[[], object] = lambda: None,
) -> float:
    """Training images per second of all `slots` networks together over `steps` steps, after a warm-up.

    On a GPU the step is a CUDA graph. `data` lies on the device and fills at least one batch of 128. `on_start` is
    called as the clock starts.
    """
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    networks = [curved_network(depth, data, slot) for slot in range(slots)]
    training = StackedTraining(networks, data, RECIPE, dtype, compiled=compiled)
    plans = [epoch_plan(len(data.train.labels), data.augmentation, seed=slot, epoch=0) for slot in range(slots)]
    rates = [[RECIPE.learning_rate] * (len(data.train.labels) // RECIPE.batch_size)] * slots
    training.begin_epoch(plans, rates)
    run = _ready_to_run(training)
    on_start()
    start = time.perf_counter()
    for _ in range(steps):
        run()
    if not training.losses.sum().isfinite():  # also waits for the device
        raise RuntimeError("a stacked network diverged; the measurement is void")
    return slots * steps * RECIPE.batch_size / (time.perf_counter() - start)


def _ready_to_run(training: StackedTraining) -> Callable[[], None]:
    if training.device.type == "cpu":
        training.run()
        return training.run
    torch.cuda.synchronize()
    stream = torch.cuda.Stream(training.device)  # type: ignore[no-untyped-call]
    run = record_graph(training.run, stream)
    run()
    torch.cuda.synchronize()
    return run
