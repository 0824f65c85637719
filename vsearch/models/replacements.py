"""What all replacements of torch's operations share: the compiled ones of a CPU and the fused ones of a GPU."""

from typing import Any, Self

import torch
from torch import Tensor, nn

_SECOND = "vsearch_second"
"""Of a result: the same images, as autograd sees them a second output."""


class OneForAll:
    """A replacement that holds nothing of a network."""

    def __deepcopy__(self, _: Any) -> Self:
        """There is one for all networks."""
        return self


class TwoReaders(OneForAll):
    """Norms whose function reads the gradients of both readers of its result itself; autograd does not add them up."""

    def again(self, y: Tensor) -> Tensor:
        """The same images, for the second reader."""
        second: Tensor = getattr(y, _SECOND, y)
        return second


def with_second(result: Tensor, second: Tensor) -> Tensor:
    """`result`, of which `TwoReaders.again` gives `second`."""
    setattr(result, _SECOND, second)
    return result


def is_plain_convolution(conv: nn.Conv2d) -> bool:
    """Whether it is 3×3, without a bias, keeps the size of the images, and has float32 weights."""
    return (
        conv.weight.dtype == torch.float32
        and conv.bias is None
        and conv.kernel_size == (3, 3)
        and conv.stride == conv.padding == conv.dilation == (1, 1)
        and conv.groups == 1
        and conv.padding_mode == "zeros"
    )


def is_plain_norm(norm: nn.BatchNorm2d) -> bool:
    """Whether it has float32 weights and running statistics that move by a fixed share."""
    return norm.affine and norm.weight.dtype == torch.float32 and norm.momentum is not None and norm.track_running_stats
