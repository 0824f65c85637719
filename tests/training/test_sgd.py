"""torch's SGD without its compiler: the same numbers, and a start that is a second shorter."""

import subprocess
import sys

import pytest
import torch
from torch import nn

from vsearch.training.sgd import SGD

STEPS = """
import sys, torch
from vsearch.training.sgd import SGD
weight = torch.ones(3, requires_grad=True)
optimiser = SGD([weight], lr=0.1, momentum=0.9, weight_decay=1e-4, fused=True)
for _ in range(2):
    optimiser.zero_grad(set_to_none=True)
    (weight ** 2).sum().backward()
    optimiser.step()
optimiser.load_state_dict(optimiser.state_dict())
print([name for name in ("torch._dynamo", "sympy") if name in sys.modules])
"""


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_its_numbers_are_torchs_own(momentum: float) -> None:
    def trained(kind: type[torch.optim.SGD]) -> tuple[list[torch.Tensor], dict[str, object]]:
        torch.manual_seed(0)
        network = nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 3))
        optimiser = kind(network.parameters(), lr=0.1, momentum=momentum, weight_decay=1e-2, fused=True)
        for step in range(6):
            if step == 3:  # go on as from a checkpoint
                state, optimiser = (
                    optimiser.state_dict(),
                    kind(network.parameters(), lr=9, momentum=momentum, fused=True),
                )
                optimiser.load_state_dict(state)
            optimiser.zero_grad(set_to_none=True)
            network(torch.randn(4, 5)).square().sum().backward()
            optimiser.step()
        return list(network.parameters()), optimiser.state_dict()["param_groups"][0]

    (weights, group), (expected, expected_group) = trained(SGD), trained(torch.optim.SGD)
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(weights, expected, strict=True))
    assert group == expected_group
    assert all(weight.requires_grad for weight in weights)


def test_no_compiler_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", STEPS], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "[]\n"
