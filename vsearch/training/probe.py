"""Finding by a short measurement how many trainings a device takes at the same time."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import wait
from functools import partial

import torch

from vsearch.training.layout import Layout, cpu_layouts, gpu_layouts
from vsearch.training.loop import Training
from vsearch.training.slots import Slots

log = logging.getLogger("vsearch.worker")

WARM_UP_STEPS = 2
SECONDS = 1.5
"""Of training in each layout; a step of ResNet-32 takes a quarter of a second on one thread of a CPU."""
WORTH_IT = 1.03
"""Times the speed of fewer slots: what more of them must bring, since each takes memory."""
LARGEST_SHARE = 0.9
"""Of the device's memory that trainings may take."""


def fastest(
    sample: Callable[[], Training],
    device: torch.device,
    cores: int,
    slots: int | None = None,
    threads: int | None = None,
) -> Layout:
    """The layout with the most training images per second in total.

    Args:
        sample: makes a training of the kind in question.
        slots: only layouts with so many; `threads`: likewise.
    """
    is_gpu = device.type == "cuda"
    layouts = gpu_layouts(slots, threads) if is_gpu else cpu_layouts(cores, slots, threads)
    best, best_speed = layouts[0], 0.0
    if len(layouts) == 1:
        return best
    for layout in layouts:
        speed = _speed_or_none(sample, layout)
        if speed is None:
            break
        log.info("%d at once, %d threads each: %.0f images/s in total", *layout, speed)
        if speed > best_speed * WORTH_IT:
            best, best_speed = layout, speed
        elif is_gpu:
            break
        if is_gpu and not _fits_twice(device):
            break
    log.info("training %d at once with %d threads each", *best)
    return best


def total_speed(sample: Callable[[], Training], layout: Layout, seconds: float = SECONDS) -> float:
    """Training images per second of so many trainings side by side, added up."""
    trainings = [sample() for _ in range(layout.slots)]
    slots = Slots(*layout)
    try:
        ready = [slots.submit(partial(training.run_steps, WARM_UP_STEPS)) for training in trainings]
        for future in ready:
            future.result()
        end = time.monotonic() + seconds
        speeds = [slots.submit(partial(_speed_until, training, end)) for training in trainings]
        wait(speeds)
        return sum(future.result() for future in speeds)
    finally:
        slots.close()
        for training in trainings:
            training.close()


def _speed_until(training: Training, end: float) -> float:
    """Train until about then; images per second."""
    begun, steps = time.monotonic(), 0
    while steps == 0 or time.monotonic() < end:
        training.run_steps(WARM_UP_STEPS)
        steps += WARM_UP_STEPS
    return steps * training.recipe.batch_size / (time.monotonic() - begun)


def _speed_or_none(sample: Callable[[], Training], layout: Layout) -> float | None:
    """None if the device has no memory for so many."""
    try:
        return total_speed(sample, layout)
    except (torch.OutOfMemoryError, MemoryError):
        log.info("no memory for %d trainings at once", layout.slots)
        return None


def _fits_twice(device: torch.device) -> bool:
    """Whether twice as many trainings would leave a part of the device's memory."""
    free, total = torch.cuda.mem_get_info(device)
    return free > torch.cuda.max_memory_allocated(device) + (1 - LARGEST_SHARE) * total
