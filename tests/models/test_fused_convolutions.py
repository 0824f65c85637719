"""The fused convolutions of a GPU: right, and used only where torch would compute the same."""

import copy
from importlib.util import find_spec
from typing import Any

import pytest
import torch
from torch import nn

from tests.models.convolution_checks import GPU, conv, images, largest_error
from tests.models.interpreted import checks, run_interpreted
from vsearch.models.fused_convolutions import FusedConvolutions, fused_convolutions

pytestmark = pytest.mark.skipif(find_spec("triton") is None, reason="no triton")
MODULE = "tests.models.convolution_checks"
CHECKS = checks(MODULE)
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


@pytest.fixture(scope="module")
def outcomes() -> dict[str, str]:
    return run_interpreted(MODULE)


@pytest.mark.parametrize("check", CHECKS)
def test_under_the_interpreter(outcomes: dict[str, str], check: str) -> None:
    assert outcomes[check] == ""


@pytest.mark.gpu
@needs_gpu
@pytest.mark.parametrize("shape", GPU)
def test_on_a_gpu_results_and_gradients_are_those_of_double_precision(shape: tuple[int, int, int, int, int]) -> None:
    """Within the rounding of bf16."""
    fused = fused_convolutions()
    assert fused is not None
    assert largest_error(fused, shape) < 4e-3


@pytest.mark.gpu
@needs_gpu
def test_a_gpu_gives_the_same_bits_each_time() -> None:
    fused = fused_convolutions()
    assert fused is not None
    x, made = images((64, 32, 16, 16), "cuda", torch.bfloat16), conv(32, 32, "cuda")
    gradient = images((64, 32, 16, 16), "cuda", torch.bfloat16, seed=3)
    first, second = ((fused.convolve(x, made.weight), fused.weight_gradient(x, gradient)) for _ in range(2))
    assert all(torch.equal(*pair) for pair in zip(first, second, strict=True))


def other(**changes: Any) -> nn.Conv2d:
    made = nn.Conv2d(16, 16, **({"kernel_size": 3, "padding": 1, "bias": False} | changes))
    return made.to(memory_format=torch.channels_last)


OTHERS = {
    "a bias": (other(bias=True), (2, 16, 4, 4)),
    "a stride": (other(stride=2), (2, 16, 4, 4)),
    "no padding": (other(padding=0), (2, 16, 4, 4)),
    "another padding": (other(padding_mode="circular"), (2, 16, 4, 4)),
    "groups": (other(groups=2), (2, 16, 4, 4)),
    "a larger window": (other(kernel_size=5, padding=2), (2, 16, 4, 4)),
    "a dilation": (other(dilation=2, padding=2), (2, 16, 4, 4)),
    "weights of double precision": (other().double(), (2, 16, 4, 4)),
}


@pytest.mark.parametrize("what", OTHERS)
def test_what_is_another_convolution_is_left_to_torch(what: str) -> None:
    made, shape = OTHERS[what]
    fused = FusedConvolutions("cpu", torch.float64 if made.weight.dtype == torch.float64 else torch.float32)
    x = images(shape, "cpu", made.weight.dtype)
    assert not fused.takes(made, x)
    assert torch.equal(fused(made, x), made(x))


def test_what_lies_elsewhere_or_otherwise_is_left_to_torch() -> None:
    fused = FusedConvolutions("cpu", torch.float32)
    made, x = other(), images((2, 16, 4, 4), "cpu", torch.float32)
    assert fused.takes(made, x)
    assert not FusedConvolutions().takes(made, x)
    assert not fused.takes(made, x.contiguous(memory_format=torch.contiguous_format))
    assert not fused.takes(made, x.double())
    assert not fused.takes(made, x[:0])
    assert not fused.takes(nn.Conv2d(3, 16, 3, padding=1, bias=False).to(memory_format=torch.channels_last),
                           images((2, 3, 4, 4), "cpu", torch.float32))  # fmt: skip


def test_without_autocast_bf16_images_are_torchs() -> None:
    """It would refuse weights of another format."""
    fused, made = FusedConvolutions("cpu", torch.bfloat16), other()
    x = images((2, 16, 4, 4), "cpu", torch.bfloat16)
    assert not fused.takes(made, x)
    with torch.autocast("cpu", torch.bfloat16):
        assert fused.takes(made, x)


def test_all_networks_share_one() -> None:
    fused = FusedConvolutions()
    assert copy.deepcopy(fused) is fused
