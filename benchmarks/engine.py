"""How fast a device trains: a plain PyTorch loop, vsearch with one slot and with as many as it finds best, the floor.

    python benchmarks/engine.py >> benchmarks/RESULTS.md                                      # a CPU
    python benchmarks/engine.py --depths 32 --rounds 3 --seconds-limit 540 >> benchmarks/RESULTS.md  # a GPU

One table per device, on CIFAR-10 images from `--data` or on random ones of that shape. Every measurement is a process
of its own (or several, started together) that warms up, waits for the others, and then trains the same number of
steps; validation is not counted. The rounds alternate: each measures every loop once, every second one in reverse.
On a GPU there are also other ways to share it (numbers of slots, stacked networks).

Memory is, on a GPU, the most that torch reserved there, else the largest resident set of each training process, added
up; the plain loop's loader processes are left out. Joules are those of the whole device (of a CPU's packages) while it
trained, a dash where it does not tell. The roofline is derived in `engine_parts/roofline.py` from the two ceilings
that each round measures, of which the best count. At the time limit, or with Ctrl-C, it prints what it has.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import torch
from engine_parts.ceilings import added, highest, measure_ceilings
from engine_parts.processes import Failed, Sample, TimeOver, measure, run_together
from engine_parts.roofline import Ceilings
from engine_parts.side_by_side import RECIPE
from engine_parts.tables import Case, remarks, table
from engine_parts.variants import Task, Variant, cpu_variants, gpu_variants

from vsearch.errors import VsearchError
from vsearch.training.device import choose_device, choose_precision
from vsearch.worker.fleet import core_count

STEPS = {"cpu": 16, "cuda": 300}
DAY = 86_400.0


class Benchmark:
    """The rounds of one table, and what they found so far."""

    def __init__(self, given: argparse.Namespace, device: torch.device) -> None:
        self._given, self._device = given, device
        self.steps: int = given.steps or STEPS[device.type]
        self._ends_at = time.monotonic() + given.seconds_limit
        self._variants = _variants(device, given.slots, given.only)
        self.found: dict[Case, dict[int, Sample]] = {
            Case(depth, variant): {} for depth in given.depths for variant in self._variants
        }
        self.ceilings: list[Ceilings] = []
        self.problems: dict[Case, str] = {}
        self.end = ""
        """Why not all was measured."""

    def run(self) -> None:
        """Measure until all rounds are done, the time is over, or a person stops it."""
        number = 0
        try:
            for number in range(self._given.rounds):
                self._measure_ceilings()
                for depth in self._given.depths:
                    cases = [case for case in self.found if case.depth == depth]
                    for case in cases if number % 2 == 0 else reversed(cases):
                        self._measure(case, number)
        except TimeOver:
            self.end = f"The time was over in round {number + 1}."
        except KeyboardInterrupt:
            self.end = f"Stopped in round {number + 1}."

    def report(self) -> str:
        """The table and the lines under it."""
        lines = []
        if self.ceilings:
            ceilings = highest(self.ceilings)
            lines = [*table(self.found, ceilings), "", *remarks(self.found, ceilings)]
        lines += [f"- ResNet-{case.depth}, {case.variant.name}: {words}" for case, words in self.problems.items()]
        return "\n".join([*lines, *([f"- {self.end}"] if self.end else [])])

    def _measure_ceilings(self) -> None:
        formats = list(dict.fromkeys(variant.number_format for variant in self._variants))
        cores = core_count()
        ways = {(1, cores), (cores, 1)} if self._device.type == "cpu" else {(1, 0)}
        for processes, threads in sorted(ways):
            work: Callable[[object], list[Ceilings]] = partial(measure_ceilings, self._device, formats, threads)
            self.ceilings += added(run_together(work, processes, self._ends_at))

    def _measure(self, case: Case, number: int) -> None:
        if case in self.problems:
            return
        task = Task(case.depth, self.steps, self._given.data, str(self._device))
        try:
            sample = self.found[case][number] = measure(case.variant, task, self._ends_at)
        except Failed as error:
            self.problems[case] = f"a process {error} in round {number + 1}"
            return
        words = f"round {number + 1}, ResNet-{case.depth}, {case.variant.name}: {sample.images_per_second:.0f} images/s"
        print(words, file=sys.stderr, flush=True)


def _variants(device: torch.device, slots: list[int], only: Sequence[str]) -> list[Variant]:
    if device.type == "cuda":
        variants = gpu_variants(slots)
    else:
        variants = cpu_variants(core_count(), choose_precision("auto", device))
    return [variant for variant in variants if not only or any(text in variant.name for text in only)]


def heading(device: torch.device, rounds: int, steps: int, root: Path | None) -> str:
    """What a reader needs to judge the table."""
    # Not for every process that is measured.
    import torchvision

    from vsearch.worker.workplace import commit, device_name

    images = "CIFAR-10" if root is not None else "random images of CIFAR's shape"
    vectors = f" ({torch.backends.cpu.get_cpu_capability()})" if device.type == "cpu" else ""
    cuda = f", CUDA {torch.version.cuda}" if device.type == "cuda" else ""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}: {device_name(device)}{vectors}, {core_count()} cores, load before "
        f"{os.getloadavg()[0]:.1f}; {images}, batch {RECIPE.batch_size}, {rounds} alternating rounds of {steps} steps; "
        f"torch {torch.__version__}{cuda}, torchvision {torchvision.__version__}, "
        f"Python {platform.python_version()}, {platform.system()}. At {(commit() or 'an installed vsearch')[:7]}.\n"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a Markdown table; 1 if a loop could not be measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--depths", type=int, nargs="+", default=[32, 56], help="network depths, 6n + 2")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each loop")
    parser.add_argument("--steps", type=int, help=f"timed steps per measurement (default {STEPS})")
    parser.add_argument(
        "--slots", type=int, nargs="*", default=[2, 4, 8, 16, 32], help="to try on a GPU; without any no candidates"
    )
    parser.add_argument("--only", nargs="*", default=[], metavar="TEXT", help="loops whose names have one of these")
    parser.add_argument("--device", default="auto")
    data = os.environ.get("VSEARCH_DATA_DIR")
    parser.add_argument("--data", type=Path, default=Path(data) if data else None, help="folder that holds CIFAR-10")
    parser.add_argument("--seconds-limit", type=float, default=DAY, help="end then, with what was measured")
    given = parser.parse_args(arguments)
    try:
        device = choose_device(given.device)
    except VsearchError as error:
        parser.error(str(error))
    benchmark = Benchmark(given, device)
    print(heading(device, given.rounds, benchmark.steps, given.data), flush=True)
    benchmark.run()
    print(benchmark.report(), flush=True)
    return 1 if benchmark.problems else 0


if __name__ == "__main__":
    sys.exit(main())
