"""Training as a variant says, in this process."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch

from engine_parts.convolutions import convolution_images_per_second
from engine_parts.side_by_side import (
    RECIPE,
    eager_steps,
    new_training,
    recorded_steps,
    side_by_side_images_per_second,
)
from engine_parts.stacked import stacked_images_per_second
from engine_parts.variants import Task, Variant, benchmark_data
from vsearch.training.device import choose_device
from vsearch.training.graphed import GraphPool
from vsearch.training.layout import Layout
from vsearch.training.probe import fastest
from vsearch.training.steps import EagerSteps, MakeSteps
from vsearch.worker.fleet import core_count

OnStart = Callable[[], object]


class Speed(NamedTuple):
    """Of all trainings of one process together."""

    images_per_second: float
    layout: Layout | None = None
    """What was found fastest, if that was looked for."""


def train(variant: Variant, task: Task, on_start: OnStart) -> Speed:
    """Warm up, call `on_start` as the clock starts, and train the task's steps."""
    device = choose_device(task.device)
    if variant.loop == "plain":
        return Speed(_plain(task, device, on_start))
    if variant.loop == "convolutions":
        dtype = torch.bfloat16 if variant.precision == "bf16" else torch.float32
        return Speed(convolution_images_per_second(task.depth, RECIPE.batch_size, task.steps, dtype, on_start))
    if variant.loop in ("stacked", "stacked, compiled"):
        return Speed(_stacked(variant, task, device, on_start))
    return _side_by_side(variant, task, device, on_start)


def _plain(task: Task, device: torch.device, on_start: OnStart) -> float:
    # It loads torchvision, which takes a second.
    from plain import plain_images_per_second, warm_up_steps

    data = benchmark_data(task.root, task.steps + warm_up_steps(device))
    return plain_images_per_second(data, task.depth, RECIPE.batch_size, device, on_start)


def _stacked(variant: Variant, task: Task, device: torch.device, on_start: OnStart) -> float:
    assert variant.slots is not None
    data = benchmark_data(task.root, task.steps).to(device)
    return stacked_images_per_second(
        data,
        task.depth,
        variant.slots,
        task.steps,
        precision=variant.precision,
        compiled=variant.loop == "stacked, compiled",
        on_start=on_start,
    )


def _side_by_side(variant: Variant, task: Task, device: torch.device, on_start: OnStart) -> Speed:
    data = benchmark_data(task.root, task.steps).to(device)
    begin = partial(new_training, data, task.depth, _steps(variant, device), variant.precision)
    found = None
    if variant.slots is None:
        found = fastest(begin, device, core_count(), threads=variant.threads or None)
    slots, threads = found or Layout(variant.slots or 1, variant.threads)
    trainings = [begin(seed=slot) for slot in range(slots)]
    return Speed(side_by_side_images_per_second(trainings, threads, task.steps, on_start), found)


def _steps(variant: Variant, device: torch.device) -> MakeSteps:
    """vsearch's own for the device, unless the variant is another one."""
    if device.type == "cpu":
        return EagerSteps
    if variant.loop == "eager":
        torch.backends.cudnn.benchmark = True
        return eager_steps
    return recorded_steps(GraphPool())
