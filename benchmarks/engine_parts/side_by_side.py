"""One network per slot, each with a thread of its own and on a GPU a recorded step, as a worker trains them."""

import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

import torch
from torch import nn

from vsearch.data import SearchData
from vsearch.models import ResNet, num_blocks, resnet
from vsearch.spec.recipe import Recipe
from vsearch.training.graphed import GraphedSteps, GraphPool
from vsearch.training.loop import Training
from vsearch.training.slots import Slots
from vsearch.training.steps import EagerSteps, MakeSteps, Steps

RECIPE = Recipe("benchmark", learning_rate=0.01)
WARM_UP_STEPS = {"cpu": 2, "cuda": 20}


def curved_network(depth: int, data: SearchData, seed: int) -> ResNet:
    """A network for `data` with a curve on its shortcuts."""
    blocks, channels = num_blocks(depth), data.train.images.shape[-1]
    scales = [0.8 + 0.5 * block / blocks for block in range(blocks)]
    generator = torch.Generator().manual_seed(seed)
    return resnet(depth, data.num_classes, scales, in_channels=channels, generator=generator)


def recorded_steps(pool: GraphPool) -> MakeSteps:
    """Recorded steps, and nothing else: where a recording fails, so does the measurement."""

    def make(network: nn.Module, data: SearchData, recipe: Recipe, dtype: torch.dtype) -> Steps:
        steps = pool.take(network, data, recipe, dtype)
        if not isinstance(steps, GraphedSteps):
            raise RuntimeError("a step could not be recorded; the log says why")
        return steps

    return make


def eager_steps(network: nn.Module, data: SearchData, recipe: Recipe, dtype: torch.dtype) -> Steps:
    """Each operation by itself, all of them torch's own: as whoever tunes a loop by hand has it."""
    # In a container it is no network of ours, whose functions would be replaced.
    return EagerSteps(nn.Sequential(network), data, recipe, dtype)


def new_training(
    data: SearchData, depth: int, make_steps: MakeSteps, precision: Literal["bf16", "float32"], seed: int = 0
) -> Training:
    """A training of one epoch over `data`, which lies on the device."""
    device = data.train.images.device
    network = curved_network(depth, data, seed)
    return Training(
        network, data, RECIPE, epochs=1, seed=seed, device=device, precision=precision, make_steps=make_steps
    )


def side_by_side_images_per_second(
    trainings: Sequence[Training], threads: int, steps: int, on_start: Callable[[], object] = lambda: None
) -> float:
    """Training images per second of all together over `steps` steps each, an epoch at most, after a warm-up.

    `on_start` is called as the clock starts; `threads` are those of the CPU for each.

    Raises:
        RuntimeError: a network diverged.
    """
    slots = Slots(len(trainings), threads)
    try:
        _run(slots, trainings, WARM_UP_STEPS[trainings[0].device.type])
        on_start()
        start = time.perf_counter()
        _run(slots, trainings, steps)
        seconds = time.perf_counter() - start
    finally:
        slots.close()
    if not all(math.isfinite(training.evaluate(training.data.validation).loss) for training in trainings):
        raise RuntimeError("a network diverged; the measurement is void")
    return len(trainings) * steps * RECIPE.batch_size / seconds


def _run(slots: Slots, trainings: Sequence[Training], steps: int) -> None:
    for future in [slots.submit(partial(training.run_steps, steps)) for training in trainings]:
        future.result()
