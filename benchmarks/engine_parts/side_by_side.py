"""One network per slot, each with a thread of its own and on a GPU a recorded step, as a worker trains them."""

import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from vsearch.data import SearchData
from vsearch.models import ResNet, num_blocks, resnet
from vsearch.models.resnet import Block
from vsearch.spec.recipe import Recipe
from vsearch.training.graphed import GraphedSteps, GraphPool
from vsearch.training.loop import Training
from vsearch.training.slots import Slots
from vsearch.training.steps import MakeSteps, Steps

RECIPE = Recipe("benchmark", learning_rate=0.01)
WARM_UP_STEPS = {"cpu": 2, "cuda": 20}


class PureBlock(nn.Module):
    """A block whose scale is its buffer `factor` and which writes nothing in place, for `torch.compile` to fuse."""

    def __init__(self, block: Block) -> None:
        super().__init__()
        self.block = block

    def forward(self, x: Tensor) -> Tensor:
        """`relu(factor * h(x) + F(x))`, the sum reckoned in float32."""
        block = self.block
        branch = functional.relu(block.bn1(block.conv1(x)))
        branch = block.bn2(block.conv2(branch))
        added = torch.addcmul(branch.float(), block.shortcut(x).float(), block.factor)
        return functional.relu(added.to(branch.dtype))


def compiled_network(network: ResNet) -> ResNet:
    """`network` itself, compiled as a whole; further networks of its shape take the same code."""
    for index, block in enumerate(network.blocks):
        if isinstance(block, Block):
            network.blocks[index] = PureBlock(block)
    network.compile(fullgraph=True, dynamic=False)
    return network


def curved_network(depth: int, data: SearchData, seed: int) -> ResNet:
    """A network for `data` with a curve on its shortcuts."""
    blocks, channels = num_blocks(depth), data.train.images.shape[-1]
    scales = [0.8 + 0.5 * block / blocks for block in range(blocks)]
    generator = torch.Generator().manual_seed(seed)
    return resnet(depth, data.num_classes, scales, in_channels=channels, generator=generator)


def recorded_steps(pool: GraphPool, prepare: Callable[[ResNet], ResNet] = lambda network: network) -> MakeSteps:
    """Recorded steps of `prepare(network)`, and nothing else: where a recording fails, so does the measurement."""

    def make(network: nn.Module, data: SearchData, recipe: Recipe, dtype: torch.dtype) -> Steps:
        assert isinstance(network, ResNet)
        steps = pool.take(prepare(network), data, recipe, dtype)
        if not isinstance(steps, GraphedSteps):
            raise RuntimeError("a step could not be recorded; the log says why")
        return steps

    return make


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
