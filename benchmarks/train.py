"""Images per second of vsearch's training loop against a plain PyTorch loop, in alternating rounds.

    python benchmarks/train.py --depths 32 56 --rounds 5 >> benchmarks/RESULTS.md

Every measurement is a process of its own (or several, started together) that warms up, waits for the others, and then
trains one epoch on CIFAR-10 images from `--data` or on random ones of that shape. Validation is not counted. The last
row is the floor: no loop in float32 can be faster than the convolutions of the network by themselves. Peak memory is
the largest resident set of each training process, added up; the plain loop's loader processes are left out.
"""

import argparse
import multiprocessing
import os
import platform
import resource
import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from convolutions import convolution_images_per_second
from plain import plain_images_per_second

from vsearch.data import Augmentation, ImageSet, SearchData, load_search_data
from vsearch.models import resnet
from vsearch.spec.recipe import Recipe
from vsearch.training.allocator import keep_freed_memory
from vsearch.training.device import choose_precision
from vsearch.training.loop import Training

CPU = torch.device("cpu")
RECIPE = Recipe("benchmark", learning_rate=0.01)
WARM_UP_STEPS = 2


class Variant(NamedTuple):
    """A way to train: `processes` at once with `threads` each; 0 threads leaves torch's default."""

    name: str
    loop: str
    processes: int
    threads: int


class Sample(NamedTuple):
    """Images per second and peak MiB of one process, or the sums over several."""

    images_per_second: float
    peak_mib: float


def variants(cores: int) -> list[Variant]:
    """The plain loop, vsearch in one process on all cores and as `study run` works, and the floor under both."""
    return [
        Variant("plain PyTorch loop", "plain", 1, 0),
        Variant(f"vsearch, 1 process × {cores} threads", "vsearch", 1, cores),
        Variant(f"vsearch, {cores} processes × 1 thread", "vsearch", cores, 1),
        Variant(f"float32 convolutions alone, {cores} processes × 1 thread", "convolutions", cores, 1),
    ]


def benchmark_data(root: Path | None, steps: int, batch_size: int) -> SearchData:
    """CIFAR-10 images under `root`, or random ones, for `steps` batches."""
    count = steps * batch_size
    if root is not None:
        return load_search_data("cifar10", root=root, train_images=count, validation_images=1000)
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (count, 32, 32, 3), dtype=torch.uint8, generator=generator)
    part = ImageSet(images, torch.randint(10, (count,), generator=generator))
    few = ImageSet(images[:batch_size], part.labels[:batch_size])
    return SearchData(
        "random", part, few, 10, torch.full((3,), 127.5), torch.full((3,), 73.9), Augmentation(4, True), ""
    )


def vsearch_images_per_second(data: SearchData, depth: int, ready: Any) -> float:
    """Train one epoch with a curve on the shortcuts, after a warm-up on a few batches."""
    curve = [0.8 + 0.5 * block / ((depth - 2) // 2) for block in range((depth - 2) // 2)]
    few = ImageSet(*(part[: WARM_UP_STEPS * RECIPE.batch_size] for part in data.train))
    last_batch = ImageSet(*(part[: RECIPE.batch_size] for part in data.validation))
    precision = choose_precision("auto", CPU)
    speed = 0.0
    for part in (few, data.train):
        if part is data.train:
            ready.wait()
        training = Training(
            resnet(depth, data.num_classes, curve),
            replace(data, train=part, validation=last_batch),
            RECIPE,
            epochs=1,
            seed=0,
            device=CPU,
            precision=precision,
        )
        speed = next(training.epochs()).images_per_second
    return speed


def run_one(variant: Variant, depth: int, steps: int, root: Path | None, ready: Any, answers: Any) -> None:
    """The body of one process: put its sample into `answers`."""
    if variant.loop != "plain":
        keep_freed_memory()
    if variant.threads:
        torch.set_num_threads(variant.threads)
    if variant.loop == "plain":
        data = benchmark_data(root, steps + WARM_UP_STEPS, RECIPE.batch_size)
        speed = plain_images_per_second(data, depth, RECIPE.batch_size, ready)
    elif variant.loop == "convolutions":
        speed = convolution_images_per_second(depth, RECIPE.batch_size, steps, ready)
    else:
        speed = vsearch_images_per_second(benchmark_data(root, steps, RECIPE.batch_size), depth, ready)
    answers.put(Sample(speed, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def measure(variant: Variant, depth: int, steps: int, root: Path | None) -> Sample:
    """Run `variant` once, in fresh processes; the sum over them."""
    context = multiprocessing.get_context("spawn")
    ready, answers = context.Barrier(variant.processes), context.SimpleQueue()
    processes = [
        context.Process(target=run_one, args=(variant, depth, steps, root, ready, answers))
        for _ in range(variant.processes)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        if process.exitcode:
            raise SystemExit(f"a process of '{variant.name}' ended with {process.exitcode}")
    samples = [answers.get() for _ in processes]
    return Sample(sum(sample.images_per_second for sample in samples), sum(sample.peak_mib for sample in samples))


def measure_depth(depth: int, rounds: int, steps: int, root: Path | None) -> list[str]:
    """Table rows of one depth; the order of the variants turns about from round to round."""
    tried = variants(os.cpu_count() or 1)
    found: dict[Variant, list[Sample]] = {variant: [] for variant in tried}
    for number in range(rounds):
        for variant in tried if number % 2 == 0 else reversed(tried):
            found[variant].append(measure(variant, depth, steps, root))
    plain = [sample.images_per_second for sample in found[tried[0]]]
    return [table_row(depth, variant, found[variant], plain) for variant in tried]


def table_row(depth: int, variant: Variant, samples: Sequence[Sample], plain: Sequence[float]) -> str:
    """One row: speed, ratio to the plain loop of the same round, and memory."""
    speeds = [sample.images_per_second for sample in samples]
    ratios = [speed / base for speed, base in zip(speeds, plain, strict=True)]
    peak = max(sample.peak_mib for sample in samples)
    return f"| {depth} | {variant.name} | {spread(speeds, 0)} | {spread(ratios, 2)} | {peak:.0f} |"


def spread(values: Sequence[float], digits: int) -> str:
    """`min / median / max`."""
    return " / ".join(f"{value:.{digits}f}" for value in (min(values), statistics.median(values), max(values)))


def heading(rounds: int, steps: int, root: Path | None) -> str:
    """What a reader needs to judge the table."""
    import torchvision

    images = "CIFAR-10" if root is not None else "random images of CIFAR's shape"
    precision = choose_precision("auto", CPU)
    return (
        f"{images}, batch {RECIPE.batch_size}, {precision}, {rounds} alternating rounds of {steps} "
        f"steps; {cpu_name()}, {os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}; "
        f"torch {torch.__version__}, torchvision {torchvision.__version__}, "
        f"Python {platform.python_version()}, {platform.system()}\n\n"
        "| depth | loop | images/s (min / median / max) | times the plain loop (min / median / max) | peak MiB |\n"
        "| --- | --- | --- | --- | --- |"
    )


def cpu_name() -> str:
    """The processor's name and the widest vector unit that torch uses on it."""
    names = [
        line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    return f"{names[0] if names else platform.processor()} ({torch.backends.cpu.get_cpu_capability()})"


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description="Measure images per second of training against a plain PyTorch loop.")
    parser.add_argument("--depths", type=int, nargs="+", default=[32, 56], help="network depths, 6n + 2")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each loop")
    parser.add_argument("--steps", type=int, default=16, help="timed steps per measurement")
    data = os.environ.get("VSEARCH_DATA_DIR")
    parser.add_argument("--data", type=Path, default=Path(data) if data else None, help="folder that holds CIFAR-10")
    given = parser.parse_args()
    print(heading(given.rounds, given.steps, given.data), flush=True)
    for depth in given.depths:
        print("\n".join(measure_depth(depth, given.rounds, given.steps, given.data)), flush=True)


if __name__ == "__main__":
    main()
