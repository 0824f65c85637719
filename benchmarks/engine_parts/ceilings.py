"""What a device computes and copies at most, measured.

Arithmetic is the faster of a large matrix product and a wide convolution: on AMD's processors torch's float32 product
is half as fast as its convolutions, which come from another library (Zen 5, one thread: 77 and 173 GFLOP/s).
"""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from engine_parts.roofline import Ceilings

SECONDS = 0.3
WINDOWS = 3
"""In which everything is measured; neighbours may slow some of them down."""
SIDE = {"cpu": 2048, "cuda": 8192}
IMAGES = {"cpu": 16, "cuda": 256}
CHANNELS, PIXELS = 256, 16 * 16
COPIED_BYTES = {"cpu": 1 << 28, "cuda": 1 << 31}
"""Many times what caches hold."""
CALLS = {"cpu": 1, "cuda": 20}
"""Between two looks at the clock."""


def measure_ceilings(
    device: torch.device, formats: Sequence[str], threads: int, ready: Any, *, seconds: float = SECONDS
) -> list[Ceilings]:
    """Rates of this process in each window, with so many threads (0: torch's default).

    `ready` is waited for before each window, so that processes which began together measure the same at the same time.
    """
    if threads:
        torch.set_num_threads(threads)
    torch.set_float32_matmul_precision("high" if "tf32" in formats else "highest")
    works = {name: [_product(device, name), _convolution(device, name)] for name in formats}
    copy, windows = _copy(device), []
    for _ in range(WINDOWS):
        ready.wait()
        operations = {name: max(_operations(work, device, seconds) for work in works[name]) for name in formats}
        windows.append(Ceilings(operations, 2 * COPIED_BYTES[device.type] * _per_second(copy, device, seconds)))
    return windows


def added(processes: Sequence[Sequence[Ceilings]]) -> list[Ceilings]:
    """Of processes that ran together, window by window."""
    return [_sum(parts) for parts in zip(*processes, strict=True)]


def _sum(parts: Sequence[Ceilings]) -> Ceilings:
    return Ceilings(
        {name: sum(part.operations[name] for part in parts) for name in parts[0].operations},
        sum(part.bytes for part in parts),
    )


def highest(found: Sequence[Ceilings]) -> Ceilings:
    """The best that was seen of each."""
    return Ceilings(
        {name: max(one.operations[name] for one in found) for name in found[0].operations},
        max(one.bytes for one in found),
    )


class _Arithmetic(NamedTuple):
    run: Callable[[], object]
    operations: int


def _product(device: torch.device, name: str) -> _Arithmetic:
    side = SIDE[device.type]
    left, right = _random(device, name, side, side), _random(device, name, side, side)
    result = torch.empty_like(left)
    return _Arithmetic(_warm(lambda: torch.mm(left, right, out=result)), 2 * side**3)


def _convolution(device: torch.device, name: str) -> _Arithmetic:
    count, side = IMAGES[device.type], math.isqrt(PIXELS)
    images, kernels = (
        _random(device, name, *shape).to(memory_format=torch.channels_last)
        for shape in ((count, CHANNELS, side, side), (CHANNELS, CHANNELS, 3, 3))
    )
    operations = 2 * count * PIXELS * CHANNELS * CHANNELS * 9
    return _Arithmetic(_warm(lambda: functional.conv2d(images, kernels, padding=1)), operations)


def _random(device: torch.device, name: str, *shape: int) -> Tensor:
    return torch.randn(shape, device=device).to(torch.bfloat16 if name == "bf16" else torch.float32)


def _operations(work: _Arithmetic, device: torch.device, seconds: float) -> float:
    return work.operations * _per_second(work.run, device, seconds)


def _copy(device: torch.device) -> Callable[[], object]:
    source = torch.ones(COPIED_BYTES[device.type], dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return _warm(lambda: target.copy_(source))


def _warm(work: Callable[[], object]) -> Callable[[], object]:
    work()
    return work


def _per_second(work: Callable[[], object], device: torch.device, seconds: float) -> float:
    """How often in a second, over about `seconds`."""
    calls = 0
    _wait(device)
    began = time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        for _ in range(CALLS[device.type]):
            work()
        _wait(device)
        calls += CALLS[device.type]
    return calls / passed


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
