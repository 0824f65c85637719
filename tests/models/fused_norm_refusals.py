"""What the fused norms leave to torch, where their kernels could run."""

import copy

import torch
from torch import Tensor, nn

from tests.models.fused_norm_checks import factor, fused
from tests.models.interpreted import Check
from tests.models.norm_runs import norm, random
from vsearch.models.norms import TORCH_NORMS


def refusals(device: str) -> dict[str, tuple[nn.BatchNorm2d, Tensor]]:
    """A norm and images that the kernels do not take."""
    plain = random(2, 16, 4, 4)
    made = {
        "evaluation": (norm(16).eval(), plain),
        "other layout": (norm(16), plain.contiguous()),
        "double": (norm(16).double(), plain.double()),
        "no momentum": (nn.BatchNorm2d(16, momentum=None), plain),
        "no statistics": (nn.BatchNorm2d(16, track_running_stats=False), plain),
        "no weight": (nn.BatchNorm2d(16, affine=False), plain),
        "no power of two": (norm(24), random(2, 24, 4, 4)),
        "few channels": (norm(5), random(2, 5, 4, 4)),
        "many channels": (norm(256), random(2, 256, 2, 2)),
    }
    return {name: (norm_of.to(device), x.to(device)) for name, (norm_of, x) in made.items()}


def untaken(name: str) -> Check:
    """Whatever the kernels do not take is left to torch."""

    def check(device: str) -> None:
        made, x = refusals(device)[name]
        assert not fused()._takes(made, x)
        same, scale = copy.deepcopy(made), factor(0.7, device).to(x.dtype)
        assert torch.equal(fused().relu(made, x.clone()), TORCH_NORMS.relu(same, x.clone()))
        found = fused().add_relu(made, x.clone(), x, scale)
        assert torch.equal(found, TORCH_NORMS.add_relu(same, x.clone(), x, scale))
        assert fused().again(found) is found

    return check


def untaken_shortcut(device: str) -> None:
    """A shortcut of another shape is left to torch, though the norm and the images would be taken."""
    x, scale = random(2, 16, 4, 4).to(device), factor(0.7, device)
    row = x[:, :, :1]
    found = fused().add_relu(norm(16).to(device), x.clone(), row, scale)
    assert torch.equal(found, TORCH_NORMS.add_relu(norm(16).to(device), x.clone(), row, scale))


def checks() -> dict[str, Check]:
    """All of them, by their names."""
    return {name: untaken(name) for name in refusals("cpu")} | {"another shortcut": untaken_shortcut}
