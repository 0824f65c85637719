"""Measurements in fresh processes, so that none finds what another left behind, and none outlives the time there is."""

import multiprocessing
import resource
import time
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple, TypeVar

import torch

from engine_parts.energy import Meter, energy_counters
from engine_parts.loops import train
from engine_parts.variants import Task, Variant
from vsearch.training.allocator import keep_freed_memory
from vsearch.training.device import choose_device
from vsearch.training.layout import Layout

T = TypeVar("T")


class Failed(Exception):
    """A process ended before its time; it has said why on stderr."""


class TimeOver(Exception):
    """There was no time to finish."""


class Sample(NamedTuple):
    """One measurement: sums over its processes."""

    images_per_second: float
    memory_mib: float
    """Of a GPU what torch reserved at most, else the largest resident sets."""
    watts: float | None = None
    """Of the whole device while it trained."""
    layout: Layout | None = None
    """What was found fastest, if that was looked for."""


def measure(variant: Variant, task: Task, ends_at: float) -> Sample:
    """One measurement of a variant.

    Raises:
        Failed: one of its processes ended.
        TimeOver: at `ends_at`, by the monotonic clock.
    """
    samples = run_together(partial(measure_here, variant, task), variant.processes, ends_at)
    watts = [sample.watts for sample in samples if sample.watts is not None]
    return Sample(
        sum(sample.images_per_second for sample in samples),
        sum(sample.memory_mib for sample in samples),
        sum(watts) / len(watts) if watts else None,  # each has seen the whole device
        samples[0].layout,
    )


def measure_here(variant: Variant, task: Task, ready: Any) -> Sample:
    """The part of one process; `ready` is waited for before the clock starts."""
    device = choose_device(task.device)
    if variant.loop != "plain":
        keep_freed_memory()
    if variant.threads:
        torch.set_num_threads(variant.threads)
    meter = Meter(energy_counters(device))

    def on_start() -> None:
        ready.wait()
        meter.start()

    speed = train(variant, task, on_start)
    return Sample(speed.images_per_second, _memory_mib(device), meter.watts(), speed.layout)


def run_together(work: Callable[[Any], T], processes: int, ends_at: float) -> list[T]:
    """What `work(barrier)` gives in each of several new processes.

    Raises:
        Failed: one of them ended with an error; the others are ended too.
        TimeOver: at `ends_at`, by the monotonic clock; likewise.
    """
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(processes), context.SimpleQueue()
    started = [context.Process(target=_answer, args=(work, barrier, answers)) for _ in range(processes)]
    if time.monotonic() >= ends_at:
        raise TimeOver
    try:
        for process in started:
            process.start()
        _wait_for(started, ends_at)
        return [answers.get() for _ in started]
    finally:
        for process in started:
            if process.is_alive():
                process.kill()
                process.join()


def _answer(work: Callable[[Any], T], ready: Any, answers: Any) -> None:
    answers.put(work(ready))


def _wait_for(processes: Sequence[BaseProcess], ends_at: float) -> None:
    running = list(processes)
    while running:
        if not wait([process.sentinel for process in running], max(0.0, ends_at - time.monotonic())):
            raise TimeOver
        for process in [process for process in running if not process.is_alive()]:
            process.join()
            running.remove(process)
            if process.exitcode:
                raise Failed(f"ended with {process.exitcode}")


def _memory_mib(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
