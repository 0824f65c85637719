"""The fused convolutions of a GPU are used only where torch computes the same; `test_kernels.py` has their numbers."""

import copy
import sys
from importlib.util import find_spec
from typing import Any

import pytest
import torch
from torch import nn

from tests.models import fused_convolution_checks as checks
from tests.models.fused_convolution_checks import images
from vsearch.models.fused_convolutions import FusedConvolutions, fused_convolutions

pytestmark = pytest.mark.skipif(find_spec("triton") is None, reason="no Triton here")
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


@needs_gpu
@pytest.mark.gpu
@pytest.mark.parametrize("shape", checks.REAL_SHAPES)
def test_batches_of_real_size_on_a_gpu(shape: tuple[int, int, int, int, int]) -> None:
    checks.exact(shape)("cuda")


def test_without_triton_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    fused_convolutions.cache_clear()
    monkeypatch.setitem(sys.modules, "vsearch.models.kernels.convolution_triton", None)
    monkeypatch.delattr("vsearch.models.kernels.convolution_triton", raising=False)
    assert fused_convolutions() is None
    fused_convolutions.cache_clear()


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
