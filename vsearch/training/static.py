"""A training step that finds everything at the same place each time, as a recorded CUDA graph must."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from vsearch.data import SearchData
from vsearch.data.augment import EpochPlan, crop_and_flip, normalise
from vsearch.spec.recipe import Recipe
from vsearch.training.functions import use_fastest
from vsearch.training.sgd import SGD


class StaticStep:
    """`run()` trains the next batch of the epoch that `begin_epoch` has laid out, at that epoch's next learning rate.

    Which batch and which rate it is stands in tensors, so that `run` does the same each time and never waits for the
    device. `refill` begins with another network of the same shape, in the same tensors.

    Args:
        network: its tensors become the static ones; moved to the device of `data`.
        dtype: format of the convolutions, bfloat16 or float32.
    """

    def __init__(self, network: nn.Module, data: SearchData, recipe: Recipe, dtype: torch.dtype) -> None:
        device = self.device = data.train.images.device
        steps, size = len(data.train.labels) // recipe.batch_size, recipe.batch_size
        self.network: nn.Module = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        use_fastest(self.network, device)
        self._norms = [module for module in self.network.modules() if isinstance(module, nn.BatchNorm2d)]
        self._seen = _gathered_counts(self._norms, device)
        self._rate = torch.zeros(1, device=device)
        self.optimiser = StaticSGD(self.network, recipe, self._rate)
        self._data, self._dtype = data, dtype
        self._image_size = (data.train.images.shape[1], data.train.images.shape[2])
        self._plan = EpochPlan(
            torch.zeros(steps, size, dtype=torch.int64, device=device),
            torch.zeros(steps, size, 2, dtype=torch.int64, device=device),
            torch.zeros(steps, size, dtype=torch.bool, device=device),
        )
        self._rates = torch.zeros(steps, device=device)
        self._number = torch.zeros(1, dtype=torch.int64, device=device)
        self.losses = torch.zeros(steps, device=device)
        """Of the steps of this epoch that have run, `(steps,)`."""

    def refill(self, state: dict[str, Any]) -> None:
        """Take over the weights, statistics and scales of a network's `state_dict`, with no momentum."""
        self.network.load_state_dict(state)
        self.optimiser.forget()

    def begin_epoch(self, plan: EpochPlan, rates: Sequence[float]) -> None:
        """Lay out the batches and the learning rates of an epoch; the next `run` is its first step."""
        for laid_out, given in zip(self._plan, plan, strict=True):
            part = laid_out[: len(rates)]
            part.copy_(given[: part.shape[0] * part.shape[1]].view_as(part))
        self._rates[: len(rates)].copy_(torch.tensor(rates))
        self._number.zero_()
        self.network.train()

    def run(self) -> None:
        """One step; its loss goes to `losses`."""
        images, labels = self._batch()
        is_bf16 = self._dtype is torch.bfloat16
        # The cache of casts is one for all threads, and each weight is cast once per step anyway.
        autocast = torch.autocast(self.device.type, torch.bfloat16, enabled=is_bf16, cache_enabled=False)
        with autocast, _uncounted(self._norms):
            logits = self.network(images)
        loss = functional.cross_entropy(logits.float(), labels)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._rate.copy_(self._rates.index_select(0, self._number))
        self.optimiser.step()
        self.losses.index_copy_(0, self._number, loss.detach().view(1))
        self._seen.add_(1)
        # Around, as a warm-up may be longer than an epoch.
        self._number.add_(1).remainder_(len(self._rates))

    def _batch(self) -> tuple[Tensor, Tensor]:
        data = self._data
        plan = EpochPlan(*(entries.index_select(0, self._number).squeeze(0) for entries in self._plan))
        images = crop_and_flip(self._data.padded, plan, self._image_size)
        return normalise(images, data.mean, data.std, self._dtype), data.train.labels.index_select(0, plan.order)


class StaticSGD(SGD):
    """SGD whose momentum stays in the same tensors from the first step on, and whose learning rate is a tensor.

    Zero momentum makes a first step as none does. A state that is loaded changes the momentum and nothing else.

    Args:
        rate: `(1,)` float32, read at each step.
    """

    def __init__(self, network: nn.Module, recipe: Recipe, rate: Tensor) -> None:
        super().__init__(
            network.parameters(), lr=rate, momentum=recipe.momentum, weight_decay=recipe.weight_decay, fused=True
        )
        self._momentum = {
            parameter: torch.zeros_like(parameter) for group in self.param_groups for parameter in group["params"]
        }
        self._put_back()

    def forget(self) -> None:
        """Set all momentum to zero."""
        for momentum in self._momentum.values():
            momentum.zero_()

    def state_dict(self) -> dict[str, Any]:
        """As that of an SGD whose learning rate is a number."""
        state = super().state_dict()
        return {**state, "param_groups": [{**group, "lr": float(group["lr"])} for group in state["param_groups"]]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Copy the momentum of `state_dict`; zero where it has none.

        Raises:
            ValueError: it is of another shape.
        """
        settings = [dict(group) for group in self.param_groups]
        try:
            super().load_state_dict(state_dict)
            for parameter, momentum in self._momentum.items():
                loaded = self.state[parameter].get("momentum_buffer")
                _fill(momentum, torch.zeros_like(momentum) if loaded is None else loaded)
        finally:
            for group, setting in zip(self.param_groups, settings, strict=True):
                group.update(setting)
            self._put_back()

    def _put_back(self) -> None:
        self.state.clear()
        if self.param_groups[0]["momentum"]:
            self.state.update({parameter: {"momentum_buffer": kept} for parameter, kept in self._momentum.items()})


def _fill(momentum: Tensor, loaded: Tensor) -> None:
    if loaded.shape != momentum.shape:
        raise ValueError(f"momentum of shape {tuple(loaded.shape)} for weights of shape {tuple(momentum.shape)}")
    momentum.copy_(loaded)


def _gathered_counts(norms: list[nn.BatchNorm2d], device: torch.device) -> Tensor:
    """The counters of all batch norms as one tensor, so that one launch serves for all."""
    counts = torch.zeros(len(norms), dtype=torch.int64, device=device)
    for norm, count in zip(norms, counts, strict=True):
        assert norm.num_batches_tracked is not None
        norm.num_batches_tracked = count.copy_(norm.num_batches_tracked)
    return counts


@contextmanager
def _uncounted(norms: list[nn.BatchNorm2d]) -> Iterator[None]:
    """Batch norms without their counters, which nothing reads where the statistics' momentum is a number."""
    counts = [norm.num_batches_tracked for norm in norms]
    for norm in norms:
        norm.num_batches_tracked = None
    try:
        yield
    finally:
        for norm, count in zip(norms, counts, strict=True):
            norm.num_batches_tracked = count
