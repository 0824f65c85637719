"""Joules that a device has used, by its own counter, where it tells."""

import ctypes
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch

POWERCAP = Path("/sys/class/powercap")
_LIBRARY = "libnvidia-ml.so.1"


class Counter(NamedTuple):
    """A number that grows with the energy used."""

    read: Callable[[], int]
    joules_per_count: float
    wraps_at: int | None
    """Where it begins again at 0."""

    def joules(self, before: int, after: int) -> float:
        """Between two readings."""
        counted = after - before if self.wraps_at is None else (after - before) % self.wraps_at
        return counted * self.joules_per_count


def energy_counters(device: torch.device) -> list[Counter]:
    """NVML's counter of a GPU, or RAPL's of each processor package; none where they cannot be read."""
    if device.type == "cuda":
        return gpu_counters(str(torch.cuda.get_device_properties(device).uuid))
    return package_counters()


def package_counters(folder: Path = POWERCAP) -> list[Counter]:
    """RAPL's counters, which often only root may read."""
    counters = []
    for package in sorted(folder.glob("intel-rapl:?")):
        read = partial(_number, package / "energy_uj")
        try:
            read()
            counters.append(Counter(read, 1e-6, _number(package / "max_energy_range_uj")))
        except (OSError, ValueError):
            return []
    return counters


def _number(file: Path) -> int:
    return int(file.read_text())


def gpu_counters(uuid: str, load: Callable[[str], Any] = ctypes.CDLL) -> list[Counter]:
    """NVML's counter of the GPU with that UUID, in millijoules since the driver was loaded."""
    try:
        library = load(_LIBRARY)
        handle = ctypes.c_void_p()
        name = f"GPU-{uuid.removeprefix('GPU-')}".encode()
        if library.nvmlInit_v2() or library.nvmlDeviceGetHandleByUUID(name, ctypes.byref(handle)):
            return []
        read = partial(_millijoules, library, handle)
        read()
    except (OSError, AttributeError):
        return []
    return [Counter(read, 1e-3, None)]


def _millijoules(library: Any, handle: ctypes.c_void_p) -> int:
    counted = ctypes.c_ulonglong()
    if library.nvmlDeviceGetTotalEnergyConsumption(handle, ctypes.byref(counted)):
        raise OSError("the GPU does not tell how much energy it uses")
    return counted.value


class Meter:
    """Mean power between `start` and `watts`."""

    def __init__(self, counters: Sequence[Counter]) -> None:
        self._counters = counters
        self.start()

    def start(self) -> None:
        """Begin."""
        self._began, self._counts = time.perf_counter(), [counter.read() for counter in self._counters]

    def watts(self) -> float | None:
        """Since then; None if nothing is known."""
        pairs = zip(self._counters, self._counts, strict=True)
        joules = [counter.joules(before, counter.read()) for counter, before in pairs]
        return sum(joules) / (time.perf_counter() - self._began) if joules else None
