"""What one training image costs, counted from the network that is trained, and the speed no engine can pass with it.

Operations: two for each multiplication with its addition, in the convolutions and the classifier: once forward, once
for the gradient of the weights and once for that of the input, which the first layer does not need.

Bytes: what each operation reads and writes if none is fused with another and nothing stays in a cache:

| operation | forward | backward |
| --- | --- | --- |
| convolution | reads its input, writes its output | twice: of the input's gradient, of the weights' |
| batch norm | reads for the statistics, reads, writes | reads twice for its sums, reads twice, writes |
| ReLU, in place | reads, writes | reads gradient and output, writes |
| scaled addition, in place | reads branch and shortcut, writes | reads, writes (the shortcut's gradient) |
| two uses of a block's input | | reads both gradients, writes their sum |
| mean over pixels | reads | writes |
| crop, flip, normalise | reads and writes uint8, reads uint8, writes | |
| weights, once for a batch, float32 | | writes the gradient; SGD reads three tensors, writes two |

Batch norm's 3 + 5 passes are those of torch's kernels. Casts of weights are left out (0.2 %).

The floor of the time is the larger of arithmetic and traffic, not their sum: in a device full of trainings one of them
computes while another one waits for memory. A cache that holds whole activations (4 MiB each at the widest, for a batch
of 128 in bf16) can do better than the traffic's ceiling, which is that of the memory behind it: more than 100 % then.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from vsearch.models import ResNet, resnet
from vsearch.models.resnet import Block

BATCH_NORM, RELU, SCALED_ADDITION, SUM_OF_GRADIENTS = 3 + 5, 2 + 3, 3 + 2, 3
WEIGHTS = 1 + 5
ELEMENT_BYTES = {"bf16": 2, "float32": 4, "tf32": 4}


class Work(NamedTuple):
    """Of one training image."""

    operations: int
    bytes: float


class Ceilings(NamedTuple):
    """What the device does at most in a second, as measured."""

    operations: dict[str, float]
    """Of a matrix product or a convolution, by number format."""
    bytes: float
    """Read and written, of a large copy."""

    def images_per_second(self, work: Work, number_format: str) -> tuple[float, float]:
        """What arithmetic alone, and traffic alone, would allow; the smaller one is the roofline."""
        return self.operations[number_format] / work.operations, self.bytes / work.bytes


class _Layer(NamedTuple):
    module: nn.Module
    inputs: int
    outputs: int
    """Numbers per image."""


def training_work(depth: int, number_format: str, batch_size: int, size: int = 32) -> Work:
    """Operations and bytes of one training image of a CIFAR ResNet on images of `size` × `size` pixels."""
    network = resnet(depth, 10)
    layers = _layers(network, torch.zeros(1, 3, size, size))
    element = ELEMENT_BYTES[number_format]
    pixels = 3 * size * size
    images = 3 * pixels + element * pixels
    weights = 4 * WEIGHTS * sum(part.numel() for part in network.parameters()) / batch_size
    return Work(_training_operations(layers), element * _passes(layers) + images + weights)


def forward_operations(depth: int, size: int = 32) -> int:
    """Operations of one image forward."""
    return sum(map(_operations, _layers(resnet(depth, 10), torch.zeros(1, 3, size, size))))


def _layers(network: ResNet, image: Tensor) -> list[_Layer]:
    """Every module that the image passes, in order, with the numbers that it takes and gives."""
    layers: list[_Layer] = []

    def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        layers.append(_Layer(module, inputs[0].numel(), output.numel()))

    for module in network.modules():
        module.register_forward_hook(note)
    with torch.no_grad():
        network.eval()(image)
    return layers


def _operations(layer: _Layer) -> int:
    """Forward, of convolutions and the classifier; each weight but a bias serves every pixel of an output channel."""
    if isinstance(layer.module, nn.Conv2d | nn.Linear):
        return 2 * layer.module.weight[0].numel() * layer.outputs
    return 0


def _training_operations(layers: Sequence[_Layer]) -> int:
    forward = [_operations(layer) for layer in layers]
    return 3 * sum(forward) - next(filter(None, forward))


def _passes(layers: Sequence[_Layer]) -> int:
    """Numbers of activations and their gradients that are read or written."""
    convolutions = [layer for layer in layers if isinstance(layer.module, nn.Conv2d)]
    norms = [layer for layer in layers if isinstance(layer.module, nn.BatchNorm2d)]
    blocks = [layer for layer in layers if isinstance(layer.module, Block)]
    first, last = convolutions[0], blocks[-1]
    passes = sum(3 * (layer.inputs + layer.outputs) for layer in convolutions) - (first.inputs + first.outputs)
    passes += sum((BATCH_NORM + RELU) * layer.outputs for layer in norms)  # a ReLU for each, some after the addition
    passes += sum(SCALED_ADDITION * layer.outputs + SUM_OF_GRADIENTS * layer.inputs for layer in blocks)
    return passes + 2 * last.outputs
