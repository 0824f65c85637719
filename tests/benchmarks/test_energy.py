"""Energy is read from the device's own counters, and a device without them is no error."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

Load = Callable[[str], ModuleType]


@pytest.fixture
def energy(module: Load) -> ModuleType:
    return module("engine_parts/energy")


def package(folder: Path, number: int, microjoules: int) -> None:
    place = folder / f"intel-rapl:{number}"
    place.mkdir(exist_ok=True)
    (place / "energy_uj").write_text(f"{microjoules}\n")
    (place / "max_energy_range_uj").write_text("1000000\n")


def test_power_is_the_sum_of_the_packages_over_time(
    energy: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a counter begins again meanwhile; parts of a package are not counted twice."""
    package(tmp_path, 0, 100_000)
    package(tmp_path, 1, 900_000)
    (tmp_path / "intel-rapl:0:0").mkdir()
    clock = iter([10.0, 10.0, 12.0])
    monkeypatch.setattr(energy.time, "perf_counter", lambda: next(clock))
    meter = energy.Meter(energy.package_counters(tmp_path))
    meter.start()
    package(tmp_path, 0, 400_000)
    package(tmp_path, 1, 100_000)
    assert meter.watts() == pytest.approx((0.3 + 0.2) / 2)


def test_a_machine_that_does_not_tell_gives_no_power(energy: ModuleType, tmp_path: Path) -> None:
    assert energy.package_counters(tmp_path) == []
    (tmp_path / "intel-rapl:0").mkdir()
    assert energy.package_counters(tmp_path) == []
    assert energy.Meter([]).watts() is None


class FakeLibrary(SimpleNamespace):
    """NVML with one GPU; each call gives 0, or `refusal` where that is its name."""

    refusal = ""
    millijoules = 5_000

    def nvmlInit_v2(self) -> int:
        return int(self.refusal == "init")

    def nvmlDeviceGetHandleByUUID(self, uuid: bytes, _: Any) -> int:
        assert uuid == b"GPU-12ab"
        return int(self.refusal == "handle")

    def nvmlDeviceGetTotalEnergyConsumption(self, _: Any, counted: Any) -> int:
        counted._obj.value = self.millijoules
        return int(self.refusal == "energy")


def test_a_gpu_counts_millijoules(energy: ModuleType) -> None:
    library = FakeLibrary()
    (counter,) = energy.gpu_counters("12ab", lambda _: library)
    before = counter.read()
    library.millijoules += 3_000
    assert counter.joules(before, counter.read()) == 3.0


@pytest.mark.parametrize("refusal", ["init", "handle", "energy"])
def test_a_gpu_that_does_not_tell_has_no_counter(energy: ModuleType, refusal: str) -> None:
    assert energy.gpu_counters("GPU-12ab", lambda _: FakeLibrary(refusal=refusal)) == []


def test_no_driver_means_no_counter(energy: ModuleType) -> None:
    def missing(_: str) -> Any:
        raise OSError("libnvidia-ml.so.1: cannot open shared object file")

    assert energy.gpu_counters("12ab", missing) == []
    assert energy.gpu_counters("12ab", lambda _: object()) == []
