"""The ways to train that are measured, and what they are measured with."""

from pathlib import Path
from typing import Literal, NamedTuple

import torch

from engine_parts.side_by_side import RECIPE
from vsearch.data import Augmentation, ImageSet, SearchData, load_search_data

Loop = Literal["plain", "eager", "vsearch", "stacked", "stacked, compiled", "convolutions"]
NumberFormat = Literal["bf16", "float32", "tf32"]

TOGETHER = 8
"""Trainings at a time of the candidates that are tried at one number only."""


class Variant(NamedTuple):
    """A way to train."""

    name: str
    loop: Loop
    number_format: NumberFormat
    """Of its convolutions."""
    processes: int = 1
    threads: int = 0
    """Of the CPU in each training; 0 leaves torch's default."""
    slots: int | None = 1
    """Trainings at a time in each process; None: as many as the probe finds fastest."""

    @property
    def precision(self) -> Literal["bf16", "float32"]:
        """The same as vsearch calls it."""
        return "bf16" if self.number_format == "bf16" else "float32"


class Task(NamedTuple):
    """What every variant trains."""

    depth: int
    steps: int
    """That are timed, of each training."""
    root: Path | None
    """The folder that holds CIFAR-10; None: random images."""
    device: str


PLAIN = "plain PyTorch loop"
AUTO = "vsearch, auto slots"
EAGER = "eager loop, 1 training"


def cpu_variants(cores: int, precision: Literal["bf16", "float32"]) -> list[Variant]:
    """The plain loop, vsearch in one process on all cores and as `study run` works, and the floor under all."""
    each = f"{cores} processes × 1 thread"
    return [
        Variant(f"{PLAIN}, float32", "plain", "float32"),
        Variant(f"vsearch, 1 slot × {cores} threads", "vsearch", precision, threads=cores),
        Variant(AUTO, "vsearch", precision, slots=None),
        Variant(f"vsearch, {each}", "vsearch", precision, cores, 1),
        Variant(f"convolutions alone, {each}", "convolutions", precision, cores, 1),
    ]


def gpu_variants(slots: list[int]) -> list[Variant]:
    """The plain loop, the best simple one, vsearch, and what else was thought of; nothing of that without `slots`."""
    found = [
        Variant(f"{PLAIN}, TF32", "plain", "tf32"),
        Variant(EAGER, "eager", "bf16", threads=1),
        Variant("vsearch, 1 slot", "vsearch", "bf16", threads=1),
        Variant(AUTO, "vsearch", "bf16", threads=1, slots=None),
    ]
    found += [Variant(f"vsearch, {n} slots", "vsearch", "bf16", threads=1, slots=n) for n in slots if n > 1]
    if slots:
        loops: tuple[Loop, ...] = ("stacked", "stacked, compiled")
        found += [Variant(f"{loop}, networks: {TOGETHER}", loop, "bf16", threads=1, slots=TOGETHER) for loop in loops]
    return found


def benchmark_data(root: Path | None, steps: int) -> SearchData:
    """CIFAR-10 images under `root`, or random ones, for `steps` batches; one batch to validate on."""
    size = RECIPE.batch_size
    if root is not None:
        return load_search_data("cifar10", root=root, train_images=steps * size, validation_images=size)
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (steps * size, 32, 32, 3), dtype=torch.uint8, generator=generator)
    part = ImageSet(images, torch.randint(10, (steps * size,), generator=generator))
    few = ImageSet(images[:size], part.labels[:size])
    return SearchData(
        "random", part, few, 10, torch.full((3,), 127.5), torch.full((3,), 73.9), Augmentation(4, True), ""
    )
