"""The functions of a GPU, tried on it before they are trusted."""

import logging
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor, nn

from vsearch.models.fused_convolutions import FusedConvolutions, fused_convolutions
from vsearch.models.fused_norms import FusedNorms, fused_norms
from vsearch.models.norms import TORCH_NORMS, Norms
from vsearch.models.resnet import Convolve, torch_convolution

log = logging.getLogger("vsearch.worker")

CHANNELS = 16
IMAGES = (8, CHANNELS, 8, 8)
LARGEST_ERROR = 0.01
"""Relative, of bf16 results; rounding them gives 0.0017."""


class Fused(NamedTuple):
    """What `ResNet.use` takes."""

    norms: FusedNorms
    convolve: FusedConvolutions


@cache
def fused_functions(device: torch.device) -> Fused | None:
    """The functions for trainings on that GPU; None, with a warning that says why, where they cannot be used.

    Triton compiles them when they are first called, which wants a C compiler and a GPU of compute capability 8 or more.
    They are called here once, forward and backward, and must give what double precision gives.

    Raises:
        torch.OutOfMemoryError: the device is full; another time there may be room.
    """
    norms, convolve = fused_norms(), fused_convolutions()
    fused = None if norms is None or convolve is None else Fused(norms, convolve)
    fault = "there is no triton" if fused is None else _fault(fused, device)
    if fault:
        log.warning("training on the GPU is about half as fast as it could be: %s", fault)
        return None
    return fused


def _fault(fused: Fused, device: torch.device) -> str:
    """Why they cannot be used there; empty if they can."""
    try:
        error = _largest_error(fused, device)
    except torch.OutOfMemoryError:
        raise
    except Exception as refusal:  # whatever a compiler that is not there, or not for this GPU, may raise
        reason = (str(refusal).strip() or type(refusal).__name__).splitlines()[0]
        return f"triton compiles nothing ({reason})"
    # Nor is NaN.
    return "" if error <= LARGEST_ERROR else f"triton's results are off by {error:.3g}"


def _largest_error(fused: Fused, device: torch.device) -> float:
    """Of a convolution, and of what follows one, with all their gradients, relative to double precision."""
    generator = torch.Generator().manual_seed(0)
    x, shortcut, gradient, weight = (
        torch.randn(shape, generator=generator).bfloat16().to(device, memory_format=torch.channels_last)
        for shape in (*[IMAGES] * 3, (CHANNELS, CHANNELS, 3, 3))
    )
    found, exact = (
        [*_convolved(convolve, x.to(dtype), weight, gradient), *_normed(norms, x.to(dtype), shortcut, gradient)]
        for norms, convolve, dtype in (
            (*fused, torch.bfloat16),
            (TORCH_NORMS, torch_convolution, torch.float64),
        )
    )
    errors = [(one.double() - other).norm() / other.norm() for one, other in zip(found, exact, strict=True)]
    return float(torch.stack(errors).max())  # NaN is the largest


def _convolved(convolve: Convolve, x: Tensor, weight: Tensor, gradient: Tensor) -> list[Tensor]:
    conv = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, bias=False, device=x.device).to(_parameters(x))
    conv = conv.to(memory_format=torch.channels_last)
    conv.weight.data.copy_(weight)
    x = x.detach().requires_grad_()
    with torch.enable_grad(), torch.autocast(x.device.type, torch.bfloat16, enabled=x.dtype is torch.bfloat16):
        y = convolve(conv, x)
        y.backward(gradient.to(y.dtype))  # type: ignore[no-untyped-call]
    return [tensor.detach() for tensor in (y, x.grad, conv.weight.grad) if tensor is not None]


def _normed(norms: Norms, x: Tensor, shortcut: Tensor, gradient: Tensor) -> list[Tensor]:
    norm = nn.BatchNorm2d(CHANNELS, device=x.device).to(_parameters(x))
    x, shortcut = (given.detach().to(x.dtype).requires_grad_() for given in (x, shortcut))
    scale = torch.full((1, 1, 1, 1), 0.8, device=x.device, dtype=_parameters(x))
    with torch.enable_grad():
        # What is given may be overwritten, and no leaf can be.
        y = norms.add_relu(norm, x * 1, shortcut, scale)
        y.backward(gradient.to(y.dtype))  # type: ignore[no-untyped-call]
    found = (y, x.grad, shortcut.grad, norm.weight.grad, norm.bias.grad, norm.running_mean, norm.running_var)
    return [tensor.detach() for tensor in found if tensor is not None]


def _parameters(x: Tensor) -> torch.dtype:
    """The format of the parameters of a network for images like `x`."""
    return torch.float64 if x.dtype is torch.float64 else torch.float32
