"""Batch norm in training with ReLU and the scaled shortcut in one function: fewer passes over memory.

By itself, in bf16 on one thread of a Zen 5 core, it took 2.9 to 5.2 times less than torch's operations one after
another (128 images of ResNet's three shapes, torch 2.14, November 2026; studies/LOG.md). The functions are C, compiled
when vsearch is installed; where no compiler was there, `compiled_norms` gives None and torch's operations do it.
"""

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from vsearch.models.library import open_library
from vsearch.models.norms import TORCH_NORMS, Scale
from vsearch.models.replacements import TwoReaders, is_plain_norm, with_second

MODULE = "vsearch.models.kernels._norm"
VERSION = 3
"""As in norm.c."""
MOST_CHANNELS = 1024
"""As in norm.c."""

_POINTER, _FLOAT, _LONG, _INT = ctypes.c_void_p, ctypes.c_float, ctypes.c_long, ctypes.c_int
_FORWARD = [_POINTER, _POINTER, _FLOAT, _LONG, _INT, *[_POINTER] * 4, _FLOAT, _FLOAT, *[_POINTER] * 3]
_BACKWARD = [*[_POINTER] * 4, _FLOAT, _LONG, _INT, *[_POINTER] * 8]
_FORMATS = {torch.bfloat16: "bf16", torch.float32: "float"}

Functions = dict[torch.dtype, tuple[Callable[..., None], Callable[..., None]]]
"""Forward and backward, by the format of the images."""


class CompiledNorms(TwoReaders):
    """Compiled functions for trainings on one CPU thread; everything else is left to torch's operations."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.version = int(library.vsearch_norms_version())
        self._functions: Functions = {dtype: _functions(library, name) for dtype, name in _FORMATS.items()}

    def relu(self, norm: nn.BatchNorm2d, x: Tensor) -> Tensor:
        """`relu(norm(x))`."""
        if not self._takes(norm, x):
            return TORCH_NORMS.relu(norm, x)
        return self._apply(norm, x, None, 1.0)

    def add_relu(self, norm: nn.BatchNorm2d, x: Tensor, shortcut: Tensor, scale: Scale) -> Tensor:
        """`relu(norm(x) + scale * shortcut)`."""
        if isinstance(scale, Tensor) or shortcut.dtype != x.dtype or not self._takes(norm, x):
            return TORCH_NORMS.add_relu(norm, x, shortcut, scale)
        return self._apply(norm, x, shortcut.contiguous(memory_format=torch.channels_last), scale)

    def _takes(self, norm: nn.BatchNorm2d, x: Tensor) -> bool:
        return (
            norm.training
            and x.device.type == "cpu"
            and x.dtype in self._functions
            and x.shape[1] <= MOST_CHANNELS
            and x.numel() > x.shape[1]
            and x.is_contiguous(memory_format=torch.channels_last)
            and is_plain_norm(norm)
        )

    def _apply(self, norm: nn.BatchNorm2d, x: Tensor, shortcut: Tensor | None, scale: float) -> Tensor:
        if norm.num_batches_tracked is not None:
            norm.num_batches_tracked.add_(1)
        functions = self._functions[x.dtype]
        result, second = _NormRelu.apply(x, shortcut, norm.weight, norm.bias, norm, scale, functions)
        return with_second(result, second)


class _NormRelu(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        shortcut: Tensor | None,
        weight: Tensor,
        bias: Tensor,
        norm: nn.BatchNorm2d,
        scale: float,
        functions: tuple[Callable[..., None], Callable[..., None]],
    ) -> tuple[Tensor, Tensor]:
        y, mean, inverse_deviation = torch.empty_like(x), torch.empty_like(weight), torch.empty_like(weight)
        functions[0](
            x.data_ptr(),
            None if shortcut is None else shortcut.data_ptr(),
            scale,
            x.numel() // x.shape[1],
            x.shape[1],
            *_pointers(weight, bias, norm.running_mean, norm.running_var),
            norm.momentum,
            norm.eps,
            *_pointers(y, mean, inverse_deviation),
        )
        ctx.save_for_backward(x, None if shortcut is None else y, weight, bias, mean, inverse_deviation)
        ctx.scale, ctx.backward_function = scale, functions[1]
        ctx.set_materialize_grads(False)
        return y, y.detach()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        x, y, weight, bias, mean, inverse_deviation = ctx.saved_tensors
        given = [g.to(x.dtype).contiguous(memory_format=torch.channels_last) for g in gradients if g is not None]
        if not given:
            return (None,) * 7
        first, second = given if len(given) == 2 else (given[0], None)
        to_x, to_shortcut = torch.empty_like(x), None if y is None else torch.empty_like(x)
        to_weight, to_bias = torch.empty_like(weight), torch.empty_like(bias)
        ctx.backward_function(
            *_pointers(first, second, x, y),
            ctx.scale,
            x.numel() // x.shape[1],
            x.shape[1],
            *_pointers(weight, bias, mean, inverse_deviation, to_x, to_shortcut, to_weight, to_bias),
        )
        return to_x, to_shortcut, to_weight, to_bias, None, None, None


def _pointers(*tensors: Tensor | None) -> list[int | None]:
    return [None if tensor is None else tensor.data_ptr() for tensor in tensors]


def _functions(library: ctypes.CDLL, name: str) -> tuple[Callable[..., None], Callable[..., None]]:
    forward, backward = (getattr(library, f"vsearch_{way}_{name}") for way in ("forward", "backward"))
    forward.argtypes, backward.argtypes = _FORWARD, _BACKWARD
    forward.restype = backward.restype = None
    return forward, backward


@cache
def compiled_norms() -> CompiledNorms | None:
    """The compiled functions, None if vsearch was installed where no C compiler was."""
    library = open_library(MODULE, "vsearch_norms_version", VERSION)
    return None if library is None else CompiledNorms(library)


def norms_version() -> str:
    """What computes the norms of a training on one CPU thread here, for its record: it decides over the last bits."""
    norms = compiled_norms()
    return "torch" if norms is None else f"compiled {norms.version}"
