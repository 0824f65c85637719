"""3×3 convolutions in bf16 on a GPU, compiled by triton when they are first used.

cuDNN takes several times as long as memory would for so few channels (16 to 64). These round the float32 weights as
they read them, and give their gradient in float32. Sums are in the same order each time. Where triton is missing
`fused_convolutions` gives None.
"""

from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from vsearch.models.replacements import OneForAll, is_plain_convolution

VERSION = 1
"""Of what they compute, to the last bit."""
_PIXELS = {16: (1024, 128), 32: (256, 128), 64: (128, 32)}
"""Whose part of the gradient of weights one program adds up, and that it reads at a time, by channels: the fastest of
several for 128 images of ResNet's three shapes on an H200."""
CHANNELS = tuple(_PIXELS)
MOST_NUMBERS = 2**31
"""In a set of images: they are counted with 32 bits."""


class FusedConvolutions(OneForAll):
    """Convolutions without a bias that keep the size of the images; everything else is left to torch.

    Args:
        device_type: of the images that are taken; the CPU only under triton's interpreter.
        dtype: their format.
    """

    def __init__(self, device_type: str = "cuda", dtype: torch.dtype = torch.bfloat16) -> None:
        from vsearch.models.kernels import convolution_triton

        self.version = VERSION
        self.device_type, self.dtype = device_type, dtype
        self._kernels = convolution_triton

    def __call__(self, conv: nn.Conv2d, x: Tensor) -> Tensor:
        """`conv(x)`."""
        if not self.takes(conv, x):
            result: Tensor = conv(x)
            return result
        convolved: Tensor = _Convolution.apply(x, conv.weight, self)
        return convolved

    def convolve(self, x: Tensor, weight: Tensor, *, backward: bool = False) -> Tensor:
        """`(N, C, H, W) -> (N, C', H, W)`, all channels_last; backward from the gradient of `C'` channels to `C`."""
        images, taken, height, width = x.shape
        given = weight.shape[1] if backward else weight.shape[0]
        shape = (images, given, height, width)
        y = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=torch.channels_last)
        pixels, block = images * height * width, min(128, 4096 // max(taken, given))
        with torch.cuda.device_of(x):  # type: ignore[no-untyped-call]
            self._kernels.convolve[(-(-pixels // block),)](
                x, weight, y, pixels,
                H=height, W=width, FROM=taken, TO=given, BACKWARD=backward, BLOCK=block, num_warps=4,
            )  # fmt: skip
        return y

    def weight_gradient(self, x: Tensor, gradient: Tensor) -> Tensor:
        """That of a convolution of `x` whose result has `gradient`: `(C', C, 3, 3)` float32, channels_last."""
        (images, inputs, height, width), outputs = x.shape, gradient.shape[1]
        pixels, per_part, block = images * height * width, *_PIXELS[inputs]
        parts = torch.empty(-(-pixels // per_part), outputs, 3, 3, inputs, dtype=torch.float32, device=x.device)
        with torch.cuda.device_of(x):  # type: ignore[no-untyped-call]
            self._kernels.weight_gradient[(len(parts), 3)](
                x, gradient, parts, pixels,
                H=height, W=width, IN=inputs, OUT=outputs, PER_PART=per_part, BLOCK=block,
                num_warps=8 if inputs == 64 else 4,
            )  # fmt: skip
        return parts.sum(0).permute(0, 3, 1, 2)

    def takes(self, conv: nn.Conv2d, x: Tensor) -> bool:
        """Whether `self(conv, x)` is computed here, and not left to torch."""
        return (
            x.device.type == self.device_type
            and x.dtype is self.dtype
            and (self.dtype is torch.float32 or torch.is_autocast_enabled(self.device_type))
            and is_plain_convolution(conv)
            and conv.in_channels in CHANNELS
            and conv.out_channels in CHANNELS
            and 0 < x.numel() < MOST_NUMBERS
            and x.is_contiguous(memory_format=torch.channels_last)
            and conv.weight.is_contiguous(memory_format=torch.channels_last)
        )


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, fused: FusedConvolutions) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.fused = fused
        return fused.convolve(x, weight)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, weight = ctx.saved_tensors
        gradient = gradients[0].to(x.dtype).contiguous(memory_format=torch.channels_last)
        to_x = ctx.fused.convolve(gradient, weight, backward=True) if ctx.needs_input_grad[0] else None
        to_weight = ctx.fused.weight_gradient(x, gradient) if ctx.needs_input_grad[1] else None
        return to_x, to_weight, None


@cache
def fused_convolutions() -> FusedConvolutions | None:
    """Convolutions for a GPU, None where triton is missing."""
    try:
        return FusedConvolutions()
    except ImportError:
        return None
