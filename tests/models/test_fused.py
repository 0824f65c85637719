"""The functions of a GPU are used only where they can be compiled and give what double precision gives."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from vsearch.models import fused
from vsearch.models.fused import fused_functions
from vsearch.models.fused_norms import FusedNorms
from vsearch.models.norms import TORCH_NORMS
from vsearch.models.resnet import torch_convolution

CPU = torch.device("cpu")


class Norms:
    """Exact ones: what rounds before it adds is off by more than is allowed."""

    def __init__(self, factor: float = 1.0) -> None:
        self.factor = factor

    def add_relu(self, norm: nn.BatchNorm2d, x: Tensor, shortcut: Tensor, scale: Tensor) -> Tensor:
        found = TORCH_NORMS.add_relu(norm, x.float(), shortcut.float(), scale)
        return (self.factor * found).to(x.dtype)


@pytest.fixture(autouse=True)
def _uncached() -> Iterator[None]:
    fused_functions.cache_clear()
    yield
    fused_functions.cache_clear()


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`found(norms, convolve)`: what there is if these are the functions."""

    def use(norms: Any, convolve: Any = torch_convolution) -> Any:
        monkeypatch.setattr(fused, "fused_norms", lambda: norms)
        monkeypatch.setattr(fused, "fused_convolutions", lambda: convolve)
        return fused_functions(CPU)

    return use


def test_functions_that_give_the_right_numbers_are_used(found: Any, caplog: pytest.LogCaptureFixture) -> None:
    norms = Norms()
    assert found(norms) == (norms, torch_convolution)
    assert caplog.text == ""


@pytest.mark.parametrize("factor", [1.02, float("nan")])
def test_functions_that_are_off_are_not(found: Any, caplog: pytest.LogCaptureFixture, factor: float) -> None:
    with caplog.at_level(logging.WARNING):
        assert found(Norms(factor)) is None
    assert "half as fast" in caplog.text
    assert f"off by {'nan' if factor != factor else '0.02'}" in caplog.text


def test_convolutions_that_are_off_are_not_used_either(found: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert found(Norms(), lambda conv, x: 1.02 * conv(x)) is None
    assert "off by 0.02" in caplog.text


def test_what_cannot_be_compiled_is_told_in_one_line(found: Any, caplog: pytest.LogCaptureFixture) -> None:
    def refuse(conv: nn.Conv2d, x: Tensor) -> Tensor:
        raise RuntimeError("Failed to find C compiler.\nPlease specify via CC environment variable")

    assert found(Norms(), refuse) is None
    (record,) = caplog.records
    assert "compiles nothing (Failed to find C compiler.)" in record.getMessage()


def test_a_full_device_is_no_reason_against_them(found: Any, caplog: pytest.LogCaptureFixture) -> None:
    """It is asked again when there may be room."""
    is_full = True

    def convolve(conv: nn.Conv2d, x: Tensor) -> Tensor:
        if is_full:
            raise torch.OutOfMemoryError
        return torch_convolution(conv, x)

    norms = Norms()
    with pytest.raises(torch.OutOfMemoryError):
        found(norms, convolve)
    is_full = False
    assert found(norms, convolve) == (norms, convolve)
    assert caplog.text == ""


@pytest.mark.parametrize("functions", [(None, torch_convolution), (Norms(), None)], ids=["norms", "convolutions"])
def test_without_triton_there_are_none(found: Any, caplog: pytest.LogCaptureFixture, functions: Any) -> None:
    assert found(*functions) is None
    assert "there is no triton" in caplog.text


def test_it_is_told_once(found: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert found(None) is None
    assert fused_functions(CPU) is None
    assert len(caplog.records) == 1


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_on_a_gpu_there_are_some() -> None:
    functions = fused_functions(torch.device("cuda", 0))
    assert functions is not None
    assert isinstance(functions.norms, FusedNorms)
