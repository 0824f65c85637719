"""Numbers as users write them: read from text, checked, and written back as short as they were."""

import math
import re
from numbers import Real

from vsearch.errors import InputError, shorten

_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d*,\d+\s*")


def read_number(name: str, text: str) -> float:
    """The number that `text` spells; NaN and infinity are refused.

    Raises:
        InputError: not a number; a decimal comma gets the hint to use a point.
    """
    try:
        number = float(text)
    except ValueError:
        raise _not_a_number(name, text) from None
    return check_number(name, number)


def check_number(name: str, value: object) -> float:
    """`value` as a finite float; text and True are refused.

    Raises:
        InputError: not a finite number.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise _not_a_number(name, value)
    try:
        number = float(value) + 0.0  # -0.0 becomes 0.0: equal curves have equal JSON
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise InputError(f"{name} is {number}; it must be a finite number")
    return number


def check_within(name: str, value: object, domain: tuple[float, float]) -> float:
    """`value` as a float of the closed interval `domain`.

    Raises:
        InputError: not a finite number, or outside.
    """
    low, high = domain
    number = check_number(name, value)
    if not low <= number <= high:
        raise InputError(
            f"{name} is {show_number(number)}; it must lie in {show_number(low)} … {show_number(high)}",
        )
    return number


def show_number(number: float) -> str:
    """The shortest text that reads back as `number`: `8` for 8.0, `0.75` for 0.75."""
    number = float(number)
    return repr(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def _not_a_number(name: str, value: object) -> InputError:
    if not isinstance(value, str):
        return InputError(f"{name} is {shorten(repr(value))}; it must be a number")
    if _DECIMAL_COMMA.fullmatch(value):
        return InputError(f"{name} is {value!r}; use a point: {value.strip().replace(',', '.')}")
    return InputError(f"{name} is the text {shorten(value)!r}; it must be a number")
