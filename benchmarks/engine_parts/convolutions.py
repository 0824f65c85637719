"""The floor under any training loop on a CPU: the convolutions of the network alone, forward and backward."""

import time
from collections.abc import Callable

import torch
from torch import nn

FORMAT = torch.channels_last


def layers(depth: int) -> list[tuple[int, int, int, int]]:
    """(input width, output width, input pixels per side, how many) of the 3×3 convolutions of a CIFAR ResNet."""
    blocks = (depth - 2) // 6
    return [
        (3, 16, 32, 1),
        (16, 16, 32, 2 * blocks),
        (16, 32, 32, 1),
        (32, 32, 16, 2 * blocks - 1),
        (32, 64, 16, 1),
        (64, 64, 8, 2 * blocks - 1),
    ]


def convolution_images_per_second(
    depth: int, batch_size: int, steps: int, dtype: torch.dtype, on_start: Callable[[], object] = lambda: None
) -> float:
    """Images per second if training were nothing but convolutions; `on_start` is called as the clock starts."""
    work = []
    for before, after, side, count in layers(depth):
        stride = 1 if before in (3, after) else 2
        convolution = nn.Conv2d(before, after, 3, stride, 1, bias=False).to(dtype).to(memory_format=FORMAT)
        images = torch.randn(batch_size, before, side, side).to(dtype, memory_format=FORMAT)
        images.requires_grad_(before != 3)
        gradient = torch.randn_like(convolution(images))
        work.append((convolution, images, gradient, count))
    _step(work)
    on_start()
    began = time.perf_counter()
    for _ in range(steps):
        _step(work)
    return steps * batch_size / (time.perf_counter() - began)


def _step(work: list[tuple[nn.Conv2d, torch.Tensor, torch.Tensor, int]]) -> None:
    for convolution, images, gradient, count in work:
        for _ in range(count):
            convolution(images).backward(gradient)
