"""The benchmark of the engine: every loop is measured, and no failure or limit takes more than itself."""

import importlib
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

Load = Callable[[str], ModuleType]
PLAIN = "plain PyTorch loop"


def test_the_benchmark_prints_a_table(table: Callable[..., list[list[str]]]) -> None:
    heads, *measured = table(
        "engine", "--device", "cpu", "--depths", "8", "--steps", "1", "--rounds", "1", "--only", PLAIN
    )
    assert [row[:3] for row in measured] == [["8", f"{PLAIN}, float32", "1"]]
    found = dict(zip(heads, measured[0], strict=True))
    assert found["times the plain loop of the same round"] == "1.00 / 1.00 / 1.00"
    assert float(found["epochs/hour"]) > 0
    assert float(found["memory, MiB"]) > 100
    assert float(found["% of the roofline"]) > 0


class Fake:
    """Stands for the processes: notes what is measured, and ends as it was told."""

    def __init__(self, loaded: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        self.loaded, self.measured = loaded, list[tuple[int, str]]()
        self.ends: dict[int, BaseException] = {}
        """Instead of the n-th measurement."""
        monkeypatch.setattr(loaded, "measure", self.measure)
        monkeypatch.setattr(loaded, "run_together", self.ceilings)

    def measure(self, variant: Any, task: Any, _: float) -> Any:
        self.measured.append((task.depth, variant.loop))
        if len(self.measured) in self.ends:
            raise self.ends[len(self.measured)]
        return self.loaded.Sample(100.0, 200.0)

    def ceilings(self, *_: object) -> list[list[Any]]:
        return [[self.loaded.Ceilings({"float32": 1e12, "bf16": 1e12}, 1e10)]]


@pytest.fixture
def fake(module: Load, monkeypatch: pytest.MonkeyPatch) -> Fake:
    return Fake(module("engine"), monkeypatch)


ARGUMENTS = ("--device", "cpu", "--depths", "8", "14", "--rounds", "2", "--only", PLAIN, "1 slot", "auto")


def test_every_second_round_is_in_reverse(fake: Fake) -> None:
    assert fake.loaded.main(ARGUMENTS) == 0
    forth = ["plain", "vsearch", "vsearch"]
    assert fake.measured == [(depth, loop) for order in (forth, forth[::-1]) for depth in (8, 14) for loop in order]


@pytest.mark.parametrize("is_over", [True, False])
def test_what_was_measured_before_the_end_is_printed(
    fake: Fake, is_over: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """The time is over, or a person stops it."""
    fake.ends[9] = fake.loaded.TimeOver() if is_over else KeyboardInterrupt()
    assert fake.loaded.main(ARGUMENTS) == 0
    out = capsys.readouterr().out
    counts = [line.split(" | ")[2] for line in out.splitlines() if line.startswith(("| 8 ", "| 14 "))]
    assert counts == ["1", "2", "2", "1", "1", "1"]
    assert ("The time was over in round 2." if is_over else "Stopped in round 2.") in out


def test_a_loop_that_fails_is_named_and_left_out(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    fake.ends[3] = fake.loaded.Failed("ended with 1")
    assert fake.loaded.main(ARGUMENTS) == 1
    assert "- ResNet-8, vsearch, auto slots: a process ended with 1 in round 1" in capsys.readouterr().out
    assert len(fake.measured) == 11


def test_every_loop_of_a_cpu_is_measured(module: Load) -> None:
    """In this process, side by side with nothing; the number of slots that was found is told."""
    variants, processes = module("engine_parts/variants"), module("engine_parts/processes")
    task, threads = variants.Task(8, 1, None, "cpu"), torch.get_num_threads()
    measured = {}
    try:
        for variant in variants.cpu_variants(2, "float32"):
            measured[variant.name] = processes.measure_here(variant, task, threading.Barrier(1))
    finally:
        torch.set_num_threads(threads)
    assert list(measured) == [
        "plain PyTorch loop, float32",
        "vsearch, 1 slot × 2 threads",
        "vsearch, auto slots",
        "vsearch, 2 processes × 1 thread",
        "convolutions alone, 2 processes × 1 thread",
    ]
    assert min(sample.images_per_second for sample in measured.values()) > 0
    assert {name for name, sample in measured.items() if sample.layout} == {"vsearch, auto slots"}


def test_a_gpu_has_the_simple_loops_vsearch_and_the_candidates(module: Load) -> None:
    """Without slots to try there are no candidates."""
    variants = module("engine_parts/variants")
    names = [variant.name for variant in variants.gpu_variants([1, 2, 32])]
    ours = ["plain PyTorch loop, TF32", "eager loop, 1 training", "vsearch, 1 slot", "vsearch, auto slots"]
    assert names == [
        *ours,
        "vsearch, 2 slots",
        "vsearch, 32 slots",
        "stacked, networks: 8",
        "stacked, compiled, networks: 8",
    ]
    assert [variant.name for variant in variants.gpu_variants([])] == ours


@pytest.fixture
def processes(module: Load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """Under the name by which new processes find it; they also find `works` there."""
    (tmp_path / "works.py").write_text(
        "import os, pathlib, time\n"
        "def meet(ready):\n    ready.wait()\n    return os.getpid()\n"
        "def sleep(ready):\n    time.sleep(600)\n"
        "def fail_in_one(ready):\n"
        "    try:\n        pathlib.Path(__file__).with_name('marker').touch(exist_ok=False)\n"
        "    except FileExistsError:\n        ready.wait()\n"
        "    else:\n        raise SystemExit(7)\n"
    )
    module("engine_parts/processes")
    monkeypatch.syspath_prepend(tmp_path)
    return importlib.import_module("engine_parts.processes")


@pytest.fixture
def works(processes: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.delitem(sys.modules, "works", raising=False)
    return importlib.import_module("works")


def test_processes_begin_together_and_each_answers(processes: ModuleType, works: ModuleType) -> None:
    found = processes.run_together(works.meet, 2, time.monotonic() + 60)
    assert len({os.getpid(), *found}) == 3


def test_a_process_that_ends_takes_the_others_with_it(processes: ModuleType, works: ModuleType) -> None:
    """Also one that waits for it: were it not ended, the time would be over first."""
    with pytest.raises(processes.Failed, match="ended with 7"):
        processes.run_together(works.fail_in_one, 2, time.monotonic() + 200)


def test_no_process_outlives_the_time(processes: ModuleType, works: ModuleType) -> None:
    began = time.monotonic()
    with pytest.raises(processes.TimeOver):
        processes.run_together(works.sleep, 1, began)
    with pytest.raises(processes.TimeOver):
        processes.run_together(works.sleep, 1, began + 1)
    assert time.monotonic() < began + 300  # they would sleep for ten minutes
