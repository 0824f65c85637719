"""Rows that neither vsearch nor Optuna wrote: they are noticed where they are read, and told in one line.

Everything in a database is data: whoever may write to it can make a study unreadable, but runs no code by it.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from vsearch.errors import StorageError, shorten
from vsearch.search import attributes

LONGEST = 10_000
"""Entries of a list; there are no more epochs of a trial, and fewer blocks."""


class DamagedRow(StorageError):
    """A row of the database holds what vsearch cannot have written; trying again does not help."""


@contextmanager
def reading(what: str, passing: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Inside the block, values of a wrong kind are told as damage of `what`; errors of `passing` go through.

    Raises:
        DamagedRow: in place of the error that they caused.
    """
    try:
        yield
    except passing:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        reason = shorten(" ".join(str(error).split()) or type(error).__name__, 160)
        raise DamagedRow(
            f"{what} cannot be read: {reason}; vsearch did not write that: restore the row from a backup, or delete it"
        ) from error


def check_attributes(attrs: Mapping[str, Any]) -> None:
    """Refuse attributes of a trial whose values vsearch cannot have written.

    Raises:
        TypeError: names the attribute and shows its value.
    """
    for name, is_sound in _SOUND.items():
        if name in attrs and not is_sound(attrs[name]):
            raise TypeError(f"its {name} is {shorten(repr(attrs[name]))}")


def is_number(value: object) -> bool:
    """A finite number; True is none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_whole(value: object) -> bool:
    """A whole number from 0 to 2**63 - 1, as databases and seeds have them."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number_or_none(value: object) -> bool:
    return value is None or is_number(value)


def is_list(is_item: Callable[[object], bool]) -> Callable[[object], bool]:
    """The check of a list, not too long, whose items pass that check."""

    def is_sound(value: object) -> bool:
        return isinstance(value, list) and len(value) <= LONGEST and all(map(is_item, value))

    return is_sound


def _is_table_of_texts(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_text, value.values()))


_SOUND: dict[str, Callable[[object], bool]] = {
    attributes.SCALES: is_list(is_number),
    attributes.SEEDS: is_list(is_whole),
    attributes.ACCURACIES: is_list(is_number),
    attributes.SEED_CURVES: is_list(is_list(is_number)),
    attributes.TRAIN_LOSSES: is_list(_is_number_or_none),
    attributes.VALIDATION_LOSSES: is_list(_is_number_or_none),
    attributes.LOG: is_list(_is_text),
    attributes.WEIGHTS_DIGESTS: is_list(_is_text),
    attributes.VERSIONS: _is_table_of_texts,
    **dict.fromkeys((attributes.EPOCHS, attributes.THREADS, attributes.PARAMETERS, attributes.PAIR), is_whole),
    **dict.fromkeys((attributes.SECONDS, attributes.IMAGES_PER_SECOND), is_number),
    **dict.fromkeys((attributes.MEAN, attributes.GEOMETRIC_MEAN, attributes.PRODUCT), _is_number_or_none),
    **dict.fromkeys(
        (
            *(attributes.ROLE, attributes.LABEL, attributes.SCALES_KEY),
            *(attributes.REASON, attributes.DETAIL, attributes.WORKER),
            *(attributes.DEVICE, attributes.PRECISION, attributes.COMMIT, attributes.SPLIT, attributes.SPEC_DIGEST),
        ),
        _is_text,
    ),
}
