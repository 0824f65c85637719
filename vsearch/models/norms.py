"""What stands between the convolutions of a residual network: batch norm, the scaled shortcut, and ReLU."""

from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

# In float32, or the gradient of `addcmul` would round the scale.
_ONE = torch.ones(())

Scale = float | Tensor
"""Of a shortcut: a number, or on a GPU a `(1, 1, 1, 1)` float32 tensor, which recorded launches read anew each time."""


class Norms(Protocol):
    """A way to compute it; `x` may be overwritten, and is `(N, C, H, W)`."""

    def relu(self, norm: nn.BatchNorm2d, x: Tensor) -> Tensor:
        """`relu(norm(x))`."""

    def add_relu(self, norm: nn.BatchNorm2d, x: Tensor, shortcut: Tensor, scale: Scale) -> Tensor:
        """`relu(norm(x) + scale * shortcut)`; the scale has no gradient."""

    def again(self, y: Tensor) -> Tensor:
        """The images that one of these gave, for a second reader; neither may write to them."""


class TorchNorms:
    """Torch's own operations, one after another: the way for a GPU, for evaluation, and wherever else is none."""

    def relu(self, norm: nn.BatchNorm2d, x: Tensor) -> Tensor:
        """`relu(norm(x))`."""
        return functional.relu(norm(x), inplace=True)

    def add_relu(self, norm: nn.BatchNorm2d, x: Tensor, shortcut: Tensor, scale: Scale) -> Tensor:
        """`relu(norm(x) + scale * shortcut)`."""
        branch = norm(x)
        add = add_scaled if isinstance(scale, Tensor) else _add_by_number
        return functional.relu(add(branch, shortcut, scale), inplace=True)  # type: ignore[arg-type]

    def again(self, y: Tensor) -> Tensor:
        """The very same."""
        return y


TORCH_NORMS = TorchNorms()


def add_scaled(branch: Tensor, shortcut: Tensor, factor: Tensor) -> Tensor:
    """`branch + factor * shortcut` in `branch`'s memory, for a `(1, 1, 1, 1)` float32 factor that bf16 does not round.

    The factor has no gradient.
    """
    added: Tensor = _ScaledAddition.apply(branch, shortcut, factor)
    return added


class _ScaledAddition(torch.autograd.Function):
    """Autograd's own gradient of `addcmul_` would write the shortcut's gradient in float32 first, then round it."""

    @staticmethod
    def forward(ctx: Any, branch: Tensor, shortcut: Tensor, factor: Tensor) -> Tensor:
        ctx.mark_dirty(branch)
        ctx.save_for_backward(factor)
        # Not of zero dimensions: such a factor would be rounded to the branch's dtype.
        return branch.addcmul_(shortcut, factor)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        (gradient,), (factor,) = gradients, ctx.saved_tensors
        return gradient, torch.mul(gradient, factor, out=torch.empty_like(gradient)), None


def _add_by_number(branch: Tensor, shortcut: Tensor, scale: float) -> Tensor:
    """`branch + scale * shortcut`, in one pass and in `branch`'s memory; bf16 numbers do not round `scale`."""
    if branch.dtype is torch.bfloat16 and branch.device.type == "cpu":
        # There `add_` rounds its alpha to bf16 (torch 2.15), `addcmul_` does not.
        return branch.addcmul_(shortcut, _ONE, value=scale)
    return branch.add_(shortcut, alpha=scale)
