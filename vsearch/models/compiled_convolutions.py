"""Convolutions in bf16 whose weights get their gradient from a C function, in float32.

By itself, on one thread of a Zen 5 core, it took a third less time than oneDNN's (128 images of ResNet's three shapes,
torch 2.14, November 2026; studies/LOG.md), and rounds nothing to bf16. It is compiled when vsearch is installed; where
no compiler was there, or the processor lacks its instructions, `compiled_convolutions` gives None.
"""

import ctypes
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from vsearch.models.library import open_library
from vsearch.models.replacements import OneForAll, is_plain_convolution

MODULE = "vsearch.models.kernels._convolution"
VERSION = 1
"""As in convolution.c."""
LANES = 16
"""As in convolution.c."""

_POINTER, _LONG, _INT = ctypes.c_void_p, ctypes.c_long, ctypes.c_int
_ARGUMENTS = (_POINTER, _POINTER, _LONG, _LONG, _LONG, _INT, _INT, _POINTER)


class CompiledConvolutions(OneForAll):
    """A convolution as torch does it, with the compiled gradient of its weights in trainings on one CPU thread."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.version = int(library.vsearch_convolutions_version())
        self._gradient = library.vsearch_weight_gradient
        self._gradient.argtypes, self._gradient.restype = _ARGUMENTS, _INT

    def __call__(self, conv: nn.Conv2d, x: Tensor) -> Tensor:
        """`conv(x)`."""
        if not self._takes(conv, x):
            result: Tensor = conv(x)
            return result
        convolved: Tensor = _Convolution.apply(x, conv.weight, self)
        return convolved

    def weight_gradient(self, x: Tensor, gradient: Tensor) -> Tensor:
        """That of a 3×3 convolution `(N, C, H, W) -> (N, C', H, W)` in bf16: `(C', C, 3, 3)` float32, channels_last.

        Raises:
            MemoryError: there is no room for some images.
        """
        (images, inputs, height, width), outputs = x.shape, gradient.shape[1]
        found = torch.empty(outputs, inputs, 3, 3, memory_format=torch.channels_last)
        pointers = x.data_ptr(), gradient.data_ptr()
        if not self._gradient(*pointers, images, height, width, inputs, outputs, found.data_ptr()):
            raise MemoryError("not enough memory for the gradient of a convolution")
        return found

    def _takes(self, conv: nn.Conv2d, x: Tensor) -> bool:
        return (
            conv.training
            and x.device.type == "cpu"
            and x.dtype == torch.bfloat16
            and torch.is_autocast_enabled("cpu")
            and torch.get_autocast_dtype("cpu") == torch.bfloat16
            and is_plain_convolution(conv)
            and conv.in_channels % LANES == conv.out_channels % LANES == 0
            and x.shape[3] % 2 == 0
            and x.numel() > 0
            and x.is_contiguous(memory_format=torch.channels_last)
        )


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, compiled: CompiledConvolutions) -> Tensor:
        rounded = weight.to(x.dtype)
        ctx.save_for_backward(x, rounded)
        ctx.compiled = compiled
        return torch.conv2d(x, rounded, padding=1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, weight = ctx.saved_tensors
        gradient = gradients[0].to(x.dtype).contiguous(memory_format=torch.channels_last)
        to_x, to_weight = None, None
        if ctx.needs_input_grad[0]:
            ones, zeros, wanted = [1, 1], [0, 0], [True, False, False]
            to_x = torch.ops.aten.convolution_backward(
                gradient, x, weight, None, ones, ones, ones, False, zeros, 1, wanted
            )[0]
        if ctx.needs_input_grad[1]:
            to_weight = ctx.compiled.weight_gradient(x, gradient)
        return to_x, to_weight, None


@cache
def compiled_convolutions() -> CompiledConvolutions | None:
    """Convolutions with the compiled function, None where it cannot be used."""
    library = open_library(MODULE, "vsearch_convolutions_version", VERSION)
    return None if library is None else CompiledConvolutions(library)


def convolutions_version() -> str:
    """What computes the gradients of weights in a bf16 training on one CPU thread here, for its record."""
    convolutions = compiled_convolutions()
    return "torch" if convolutions is None else f"compiled {convolutions.version}"
