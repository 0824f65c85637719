"""One network per slot, each with its recorded step on a stream and a thread of its own, as a worker trains them."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from vsearch.data import SearchData
from vsearch.data.augment import EpochPlan, epoch_plan
from vsearch.models import ResNet, num_blocks, resnet
from vsearch.models.resnet import Block
from vsearch.spec.recipe import Recipe
from vsearch.training.graphed import GraphedSteps, GraphPool, record_graph
from vsearch.training.steps import Steps

RECIPE = Recipe("benchmark", learning_rate=0.01)


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


def graphed_images_per_second(
    data: SearchData,
    depth: int,
    slots: int,
    steps: int,
    *,
    precision: Literal["bf16", "float32"] = "bf16",
    compiled: bool = False,
) -> float:
    """Training images per second of all `slots` networks together over `steps` steps each, after a warm-up.

    `data` lies on the device and fills at least `steps` batches of 128. On a CPU the steps are run without a graph.

    Raises:
        RuntimeError: a step could not be recorded, or a network diverged.
    """
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    pool = GraphPool(record_graph if data.train.images.is_cuda else _as_it_is)
    taken: list[Steps] = []
    for slot in range(slots):
        network = curved_network(depth, data, slot)
        taken.append(pool.take(compiled_network(network) if compiled else network, data, RECIPE, dtype))
    if not all(isinstance(one, GraphedSteps) for one in taken):
        raise RuntimeError("a step could not be recorded; the log says why")
    plan = epoch_plan(len(data.train.labels), data.augmentation, seed=0, epoch=0)
    with ThreadPoolExecutor(slots) as threads:
        list(threads.map(lambda one: _train(one, plan, 1), taken))
        start = time.perf_counter()
        losses = list(threads.map(lambda one: _train(one, plan, steps), taken))
        seconds = time.perf_counter() - start
    if not torch.tensor(losses).isfinite().all():
        raise RuntimeError("a network diverged; the measurement is void")
    return slots * steps * RECIPE.batch_size / seconds


def _train(taken: Steps, plan: EpochPlan, steps: int) -> float:
    with taken.in_order():
        return float(taken.train(plan, [RECIPE.learning_rate] * steps, lambda: None).mean())


def _as_it_is(step: Callable[[], None], stream: torch.cuda.Stream | None) -> Callable[[], None]:
    assert stream is None
    return step
