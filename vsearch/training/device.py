"""The device and the number format that a training takes on this machine."""

import re
from pathlib import Path
from typing import Literal

import torch

from vsearch.errors import DeviceError, InputError, shorten
from vsearch.spec.recipe import Precision

# Elsewhere bf16 is emulated, and 0.6 times as fast as float32.
NATIVE_BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})
CPUINFO = Path("/proc/cpuinfo")


def choose_device(name: str) -> torch.device:
    """The device called `auto`, `cpu`, `cuda` or `cuda:N`; `auto` is the GPU where there is one, else the CPU.

    Raises:
        InputError: a name of another form.
        DeviceError: CUDA was asked for, and this torch or this machine does not have that device.
    """
    if name == "cpu":
        return torch.device("cpu")
    if name == "auto":
        return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")
    match = re.fullmatch(r"cuda(?::(\d{1,4}))?", name, re.ASCII)
    if not match:
        raise InputError(f"device is {shorten(name)!r}; it must be auto, cpu, cuda, or cuda:N such as cuda:1")
    return _cuda_device(int(match[1] or 0))


def _cuda_device(index: int) -> torch.device:
    if torch.version.cuda is None and torch.version.hip is None:
        raise DeviceError(f"cuda was asked for, but torch {torch.__version__} is built without it; use cpu or auto")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if count == 0:
        raise DeviceError(
            f"cuda was asked for, but torch {torch.__version__} (CUDA {torch.version.cuda}) finds no GPU here; "
            "use cpu or auto"
        )
    if index >= count:
        present = ", ".join(f"cuda:{number} ({torch.cuda.get_device_name(number)})" for number in range(count))
        raise DeviceError(f"there is no cuda:{index}; this machine has {present}")
    return torch.device("cuda", index)


def choose_precision(asked: Precision, device: torch.device) -> Literal["bf16", "float32"]:
    """The number format of the convolutions on `device`: `auto` takes bf16 where it gains time.

    Raises:
        InputError: bf16 was asked for on a CPU that only emulates it.
    """
    gains = device.type == "cuda" or has_native_bf16(CPUINFO)
    if asked == "bf16" and not gains:
        raise InputError("precision is bf16, but this CPU has neither avx512_bf16 nor amx_bf16; use auto or float32")
    return "bf16" if gains and asked != "float32" else "float32"


def has_native_bf16(cpuinfo: Path = CPUINFO) -> bool:
    """Whether the CPU multiplies bf16 numbers itself; False where `cpuinfo` cannot be read."""
    try:
        text = cpuinfo.read_text(errors="replace")
    except OSError:
        return False
    flags = next((line for line in text.splitlines() if line.startswith("flags")), "")
    return not NATIVE_BF16_FLAGS.isdisjoint(flags.split())
