"""How trainings share a device."""

from typing import NamedTuple


class Layout(NamedTuple):
    """So many trainings at the same time, each with so many threads of the CPU."""

    slots: int
    threads: int


MOST_SLOTS = 32
"""On a GPU: torch has so many streams, and each recorded step needs one of its own."""


def cpu_layouts(cores: int, slots: int | None = None, threads: int | None = None) -> list[Layout]:
    """What may be fastest on so many cores, fewest slots first; never more threads than cores unless that is given.

    Two processes of two threads each on two cores trained at half the speed of one (ResNet-32, Zen 5).
    """
    if slots is not None:
        return [Layout(slots, threads or max(1, cores // slots))]
    if threads is not None:
        return [Layout(max(1, cores // threads), threads)]
    counts = [1 << power for power in range(cores.bit_length()) if 1 << power <= cores]
    return [Layout(count, cores // count) for count in sorted({*counts, cores})]


def gpu_layouts(slots: int | None = None, threads: int | None = None) -> list[Layout]:
    """What may be fastest on a GPU: powers of two, fewest first."""
    counts = [slots] if slots is not None else [1 << power for power in range(MOST_SLOTS.bit_length())]
    return [Layout(count, threads or 1) for count in counts]
