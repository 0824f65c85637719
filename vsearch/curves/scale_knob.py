"""The knobs and checks that several families share: levels, peak and floor, and lists of scales."""

from collections.abc import Iterable, Sequence

from vsearch.curves.curve import SCALE_DOMAIN, SCALE_RANGE
from vsearch.curves.knob import FloatKnob
from vsearch.curves.number import check_within, show_number
from vsearch.errors import InputError, shorten

PEAK = FloatKnob("peak", 1.0, 1.6, SCALE_DOMAIN, doc="largest shortcut scale")
FLOOR = FloatKnob("floor", 0.5, 1.0, SCALE_DOMAIN, doc="smallest shortcut scale")


def level_knobs(count: int) -> tuple[FloatKnob, ...]:
    """`level_1` to `level_<count>`, each a shortcut scale without a default."""
    return tuple(
        FloatKnob(f"level_{number}", *SCALE_RANGE, SCALE_DOMAIN, doc=f"shortcut scale number {number} of {count}")
        for number in range(1, count + 1)
    )


def check_peak_and_floor(family: str, peak: float, floor: float) -> None:
    """InputError where the peak lies below the floor; equal values are allowed and give a constant."""
    if peak < floor:
        raise InputError(
            f"{family} has its peak {show_number(peak)} below its floor {show_number(floor)}; "
            "the peak must be the larger one (equal makes a constant curve)",
        )


def check_items(name: str, values: object, domain: tuple[float, float]) -> tuple[float, ...]:
    """`values` as a tuple of floats inside `domain`.

    Raises:
        InputError: no list, or an item that is no number of the domain; items are counted from 1.
    """
    if not isinstance(values, Iterable) or isinstance(values, str | bytes | dict):
        raise InputError(f"{name}s are {shorten(repr(values))}; they must be a list of numbers")
    return tuple(check_within(f"{name} {number}", value, domain) for number, value in enumerate(values, start=1))


def check_count(what: str, values: Sequence[float], low: int, high: int) -> None:
    """InputError where there are fewer than `low` or more than `high` values."""
    if not low <= len(values) <= high:
        raise InputError(f"{what} has {len(values)} levels; it takes {low} to {high}")
