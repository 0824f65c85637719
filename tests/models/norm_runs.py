"""Norms and images to try replacements of torch's operations with, and how far off they are."""

from typing import Any

import torch
from torch import Tensor, nn

from vsearch.models.norms import Norms, Scale

SCALE = 1.3


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).to(memory_format=torch.channels_last)


def norm(channels: int) -> nn.BatchNorm2d:
    made = nn.BatchNorm2d(channels)
    with torch.no_grad():
        made.weight.uniform_(0.5, 1.5, generator=torch.Generator().manual_seed(1))
        made.bias.normal_(generator=torch.Generator().manual_seed(2))
    return made


def run(
    norms: Norms,
    x: Tensor,
    shortcut: Tensor | None,
    dtype: torch.dtype,
    made: nn.BatchNorm2d,
    scale: Scale = SCALE,
) -> dict[str, Tensor]:
    """Forward and backward; the results by name."""
    x = x.to(dtype).requires_grad_()
    given = None if shortcut is None else shortcut.to(dtype).requires_grad_()
    y = norms.relu(made, x * 1) if given is None else norms.add_relu(made, x * 1, given, scale)
    y.backward(random(*y.shape, seed=9).bfloat16().to(y.device, y.dtype))  # type: ignore[no-untyped-call]
    found: dict[str, Any] = {"y": y, "x": x.grad, "weight": made.weight.grad, "bias": made.bias.grad}
    found |= {"mean": made.running_mean, "variance": made.running_var, "count": made.num_batches_tracked}
    found |= {} if given is None else {"shortcut": given.grad}
    return {name: value.detach() for name, value in found.items()}


def relative_error(found: Tensor, expected: Tensor) -> float:
    return float((found.double() - expected.double()).norm() / expected.double().norm())
