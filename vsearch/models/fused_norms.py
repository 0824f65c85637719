"""Batch norm in training with ReLU and the scaled shortcut in a few launches on a GPU: fewer passes over memory.

The kernels are Triton's, compiled when they are first run; where Triton is not installed, `fused_norms` gives None and
torch's operations do it. Nothing waits for the GPU, and the scale is read there: recorded launches can be replayed.
"""

from functools import cache
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from vsearch.models.norms import TORCH_NORMS, Scale
from vsearch.models.replacements import TwoReaders, is_plain_norm, with_second

VERSION = 1
"""To be raised with every change of the kernels that may change a bit of their results."""
FEWEST_CHANNELS, MOST_CHANNELS = 8, 128
MOST_PARTS = 264
"""Of the images, each summed up by one program: two for each multiprocessor of a large GPU."""

_CHANNELS_AT_ONCE = 8
_SUMMED, _SUMMING_WARPS = 4096, 8
_WRITTEN, _WRITING_WARPS = 2048, 4
_FORMATS = (torch.bfloat16, torch.float32)


class FusedNorms(TwoReaders):
    """Triton's kernels for trainings on a GPU; everything else is left to torch's operations."""

    def __init__(self, kernels: ModuleType) -> None:
        self.version = VERSION
        self._kernels = kernels

    def relu(self, norm: nn.BatchNorm2d, x: Tensor) -> Tensor:
        """`relu(norm(x))`."""
        if not self._takes(norm, x):
            return TORCH_NORMS.relu(norm, x)
        return self._apply(norm, x, None, None)

    def add_relu(self, norm: nn.BatchNorm2d, x: Tensor, shortcut: Tensor, scale: Scale) -> Tensor:
        """`relu(norm(x) + scale * shortcut)`; a scale in the GPU's memory is read by each launch anew."""
        if not (self._takes(norm, x) and _is_like(shortcut, x) and _is_number_beside(scale, x)):
            return TORCH_NORMS.add_relu(norm, x, shortcut, scale)
        if not isinstance(scale, Tensor):
            scale = torch.full((1,), scale, dtype=torch.float32, device=x.device)
        return self._apply(norm, x, shortcut.contiguous(memory_format=torch.channels_last), scale)

    def _takes(self, norm: nn.BatchNorm2d, x: Tensor) -> bool:
        """In evaluation only what needs no gradient."""
        return (
            (norm.training or not torch.is_grad_enabled())
            and (x.device.type == "cuda" or self._kernels.INTERPRETED)
            and x.dtype in _FORMATS
            and x.dim() == 4
            and FEWEST_CHANNELS <= x.shape[1] <= MOST_CHANNELS
            and x.shape[1].bit_count() == 1
            and x.shape[1] < x.numel() < 2**31
            and x.is_contiguous(memory_format=torch.channels_last)
            and norm.num_features == x.shape[1]
            and is_plain_norm(norm)
            and norm.weight.device == x.device
        )

    def _apply(self, norm: nn.BatchNorm2d, x: Tensor, shortcut: Tensor | None, scale: Tensor | None) -> Tensor:
        if not norm.training:
            return self._evaluate(norm, x, shortcut, scale)
        if norm.num_batches_tracked is not None:
            norm.num_batches_tracked.add_(1)
        result, second = _NormRelu.apply(x, shortcut, norm.weight, norm.bias, norm, scale, self._kernels)
        return with_second(result, second)

    def _evaluate(self, norm: nn.BatchNorm2d, x: Tensor, shortcut: Tensor | None, scale: Tensor | None) -> Tensor:
        """With the running statistics, in the memory of `x`."""
        mean, variance = norm.running_mean, norm.running_var
        assert mean is not None
        assert variance is not None
        with torch.cuda.device_of(x):  # type: ignore[no-untyped-call]
            _write_images(self._kernels, x, shortcut, scale, x, norm, mean, variance, given_variance=True)
        return x


class _NormRelu(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        shortcut: Tensor | None,
        weight: Tensor,
        bias: Tensor,
        norm: nn.BatchNorm2d,
        scale: Tensor | None,
        kernels: ModuleType,
    ) -> tuple[Tensor, Tensor]:
        channels = x.shape[1]
        rows = x.numel() // channels
        parts, steps = _parts(rows, channels)
        y, mean, inverse_deviation = torch.empty_like(x), torch.empty_like(weight), torch.empty_like(weight)
        counts, means, squares = weight.new_empty(parts), *weight.new_empty(2, parts, channels)
        assert norm.momentum is not None
        with torch.cuda.device_of(x):  # type: ignore[no-untyped-call]
            kernels.sum_up_images[(parts,)](
                x, counts, means, squares, rows, parts,
                STEPS=steps, C=channels, ROWS=_SUMMED // channels, num_warps=_SUMMING_WARPS,
            )  # fmt: skip
            kernels.finish_statistics[(channels // _CHANNELS_AT_ONCE,)](
                counts, means, squares, mean, inverse_deviation, norm.running_mean, norm.running_var,
                parts, 1 / rows, 1 / (rows - 1), float(norm.eps), float(norm.momentum),
                C=channels, PARTS=_power_of_two(parts), CHANNELS=_CHANNELS_AT_ONCE, num_warps=_SUMMING_WARPS,
            )  # fmt: skip
            _write_images(kernels, x, shortcut, scale, y, norm, mean, inverse_deviation, given_variance=False)
        saved_y, saved_scale = (None, None) if shortcut is None else (y, scale)
        ctx.save_for_backward(x, saved_y, saved_scale, weight, bias, mean, inverse_deviation)
        ctx.kernels = kernels
        ctx.set_materialize_grads(False)
        return y, y.detach()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        x, y, scale, weight, bias, mean, inverse_deviation = ctx.saved_tensors
        given = [g.to(x.dtype).contiguous(memory_format=torch.channels_last) for g in gradients if g is not None]
        if not given:
            return (None,) * 7
        kernels, channels = ctx.kernels, x.shape[1]
        rows = x.numel() // channels
        parts, steps = _parts(rows, channels)
        first, second = given[0], given[-1]
        wants_shortcut = y is not None and ctx.needs_input_grad[1]
        to_x, to_shortcut = torch.empty_like(x), torch.empty_like(x) if wants_shortcut else None
        to_weight, to_bias = torch.empty_like(weight), torch.empty_like(bias)
        sums, products = weight.new_empty(2, parts, channels)
        two, add = len(given) == 2, y is not None
        # Of what there is not, the kernels read nothing.
        y, scale = (y, scale) if add else (x, mean)
        with torch.cuda.device_of(x):  # type: ignore[no-untyped-call]
            kernels.sum_up_gradients[(parts,)](
                first, second, x, y, weight, bias, mean, inverse_deviation, sums, products, rows, parts,
                STEPS=steps, TWO=two, ADD=add, C=channels, ROWS=_SUMMED // channels, num_warps=_SUMMING_WARPS,
            )  # fmt: skip
            kernels.finish_gradients[(channels // _CHANNELS_AT_ONCE,)](
                sums, products, inverse_deviation, to_weight, to_bias, parts,
                C=channels, PARTS=_power_of_two(parts), CHANNELS=_CHANNELS_AT_ONCE, num_warps=_SUMMING_WARPS,
            )  # fmt: skip
            kernels.write_gradients[(_tiles(rows, _WRITTEN // channels),)](
                first, second, x, y, scale, weight, bias, mean, inverse_deviation, to_weight, to_bias,
                to_x, to_x if to_shortcut is None else to_shortcut, rows, 1 / rows,
                TWO=two, ADD=add, TO_SHORTCUT=wants_shortcut,
                C=channels, ROWS=_WRITTEN // channels, num_warps=_WRITING_WARPS,
            )  # fmt: skip
        return to_x, to_shortcut, to_weight, to_bias, None, None, None


def _write_images(
    kernels: ModuleType,
    x: Tensor,
    shortcut: Tensor | None,
    scale: Tensor | None,
    y: Tensor,
    norm: nn.BatchNorm2d,
    mean: Tensor,
    deviation: Tensor,
    *,
    given_variance: bool,
) -> None:
    channels = x.shape[1]
    rows = x.numel() // channels
    kernels.write_images[(_tiles(rows, _WRITTEN // channels),)](
        x, x if shortcut is None else shortcut, mean if scale is None else scale, y,
        norm.weight, norm.bias, mean, deviation, rows, float(norm.eps),
        ADD=shortcut is not None, GIVEN_VARIANCE=given_variance,
        C=channels, ROWS=_WRITTEN // channels, num_warps=_WRITING_WARPS,
    )  # fmt: skip


def _is_like(shortcut: Tensor, x: Tensor) -> bool:
    return shortcut.dtype == x.dtype and shortcut.device == x.device and shortcut.shape == x.shape


def _is_number_beside(scale: Scale, x: Tensor) -> bool:
    if not isinstance(scale, Tensor):
        return True
    return scale.numel() == 1 and scale.dtype == torch.float32 and scale.device == x.device


def _tiles(rows: int, height: int) -> int:
    return -(-rows // height)


def _parts(rows: int, channels: int) -> tuple[int, int]:
    """How many there are, and how many tiles each of them takes, if that many are left."""
    tiles = _tiles(rows, _SUMMED // channels)
    steps = _tiles(tiles, MOST_PARTS)
    return _tiles(tiles, steps), steps


def _power_of_two(number: int) -> int:
    """The next that is no smaller, and at least 16."""
    return max(16, 1 << (number - 1).bit_length())


@cache
def fused_norms() -> FusedNorms | None:
    """The kernels, None where Triton is not installed."""
    try:
        import vsearch.models.kernels.norm_triton as kernels
    except ImportError:
        return None
    return FusedNorms(kernels)
