"""A network computes with the fastest functions of the place where it is trained, and its record names them."""

from collections.abc import Iterator

import pytest
import torch
from torch import nn

from vsearch.models import resnet
from vsearch.models.compiled_convolutions import compiled_convolutions, convolutions_version
from vsearch.models.compiled_norms import compiled_norms, norms_version
from vsearch.models.fused_convolutions import FusedConvolutions
from vsearch.models.norms import TORCH_NORMS
from vsearch.models.resnet import Block, torch_convolution
from vsearch.training import functions
from vsearch.training.functions import function_versions, use_fastest

CPU, GPU = torch.device("cpu"), torch.device("cuda", 0)


@pytest.fixture
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def used(device: torch.device) -> tuple[object, object]:
    """The norms and the convolutions of a network's blocks."""
    network = resnet(8, 10)
    use_fastest(network, device)
    block = network.blocks[0]
    assert isinstance(block, Block)
    assert network.norms is block.norms
    return block.norms, block.convolve


@pytest.mark.usefixtures("_threads")
def test_one_thread_of_a_cpu_uses_compiled_functions_and_several_torchs() -> None:
    torch.set_num_threads(1)
    assert used(CPU) == (compiled_norms() or TORCH_NORMS, compiled_convolutions() or torch_convolution)
    torch.set_num_threads(2)
    assert used(CPU) == (TORCH_NORMS, torch_convolution)


def test_a_gpu_uses_fused_functions_where_there_are_some(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which must be there for that device, and may be for another one only."""
    pytest.importorskip("triton")
    fused = (TORCH_NORMS, FusedConvolutions())
    monkeypatch.setattr(functions, "fused_functions", lambda device: fused if device == GPU else None)
    assert used(GPU) == fused
    assert used(torch.device("cuda", 1)) == (TORCH_NORMS, torch_convolution)


def test_another_network_is_left_alone() -> None:
    inside = resnet(8, 10)
    use_fastest(nn.Sequential(inside), CPU)
    assert inside.norms is TORCH_NORMS


def test_the_record_names_what_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert function_versions(CPU) == {"norms": norms_version(), "convolutions": convolutions_version()}
    monkeypatch.setattr(functions, "fused_functions", lambda _: None)
    assert function_versions(GPU) == {"norms": "torch", "convolutions": "torch"}
