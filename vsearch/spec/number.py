"""Checks of the numbers of a spec, which may come from a TOML file or from the API with any type."""

from vsearch.curves.number import check_number
from vsearch.errors import InputError, shorten


def check_whole(name: str, value: object, low: int, high: int) -> int:
    """`value`, if it is a whole number from `low` to `high`; True, text and 3.0 are refused.

    Raises:
        InputError: anything else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InputError(f"{name} is {shown(value)}; it must be a whole number from {low} to {high}")
    return value


def check_interval(
    name: str, value: object, low: float, high: float, *, low_open: bool = False, high_open: bool = False
) -> float:
    """`value` as a float of the interval, whose ends belong to it unless they are open.

    Raises:
        InputError: no finite number, or outside.
    """
    number = check_number(name, value)
    above = number > low if low_open else number >= low
    below = number < high if high_open else number <= high
    if not (above and below):
        brackets = f"{'(' if low_open else '['}{low:g}, {high:g}{')' if high_open else ']'}"
        raise InputError(f"{name} is {number:g}; it must lie in {brackets}")
    return number


def shown(value: object) -> str:
    """`value` as a message shows it: short, and without failing on an enormous number."""
    try:
        return shorten(repr(value))
    except ValueError:  # Python writes out no integer of more than 4,300 digits
        return "an enormous number"
