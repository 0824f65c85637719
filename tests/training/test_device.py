"""The device and the number format of a training."""

from pathlib import Path
from typing import Any

import pytest
import torch

from vsearch.errors import DeviceError, InputError
from vsearch.training.device import choose_device, choose_precision, has_native_bf16

CPU = torch.device("cpu")
needs_no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")


def test_the_cpu_is_always_there() -> None:
    assert choose_device("cpu") == CPU


def test_auto_takes_the_gpu_where_there_is_one() -> None:
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@needs_no_gpu
@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:1"])
def test_an_absent_gpu_that_was_asked_for_is_an_error_naming_the_torch_build(name: str) -> None:
    with pytest.raises(DeviceError, match=r"torch \d+\.\d+.*use cpu or auto"):
        choose_device(name)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_number_that_is_not_there_is_an_error_naming_those_that_are() -> None:
    with pytest.raises(DeviceError, match=r"no cuda:99; this machine has cuda:0 \("):
        choose_device("cuda:99")


@pytest.mark.parametrize("name", ["", "gpu", "cuda:", "cuda:-1", "cuda:x", "cuda:٣", "CPU", "mps", "cuda:0\n"])
def test_other_names_are_refused_with_the_names_that_exist(name: str) -> None:
    with pytest.raises(InputError, match="it must be auto, cpu, cuda, or cuda:N"):
        choose_device(name)


@pytest.mark.parametrize(
    ("text", "native"),
    [
        ("processor: 0\nflags\t\t: fpu avx2 avx512f avx512_bf16\n", True),
        ("flags\t\t: fpu amx_bf16 amx_tile\n", True),
        ("flags\t\t: fpu avx2 avx512f\n", False),
        ("flags\t\t: fpu avx2\nbugs\t\t: avx512_bf16\n", False),
        ("", False),
    ],
)
def test_native_bf16_is_read_from_the_flags_of_the_cpu(tmp_path: Path, text: str, native: bool) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    assert has_native_bf16(tmp_path / "cpuinfo") is native


def test_a_system_without_cpuinfo_has_no_native_bf16(tmp_path: Path) -> None:
    assert has_native_bf16(tmp_path / "absent") is False


def test_float32_is_always_granted() -> None:
    assert choose_precision("float32", CPU) == choose_precision("float32", torch.device("cuda")) == "float32"


def test_auto_takes_bf16_on_a_gpu_and_on_a_cpu_that_has_it() -> None:
    assert choose_precision("auto", torch.device("cuda")) == "bf16"
    assert choose_precision("auto", CPU) == ("bf16" if has_native_bf16() else "float32")


def test_bf16_on_a_cpu_without_it_is_refused(monkeypatch: Any, tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("flags : fpu avx2\n")
    monkeypatch.setattr("vsearch.training.device.CPUINFO", tmp_path / "cpuinfo")
    with pytest.raises(InputError, match="neither avx512_bf16 nor amx_bf16; use auto or float32"):
        choose_precision("bf16", CPU)
