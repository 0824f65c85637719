"""The one tree of errors: each says what was got, what is allowed and what to do.

The command line prints an error as one line on stderr and exits with the error's `exit_code`.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class VsearchError(Exception):
    """Anything that vsearch tells its user instead of showing a traceback."""

    exit_code = 1


class InputError(VsearchError, ValueError):
    """A value that the user gave is not allowed."""

    exit_code = 2


class StorageError(VsearchError):
    """The database cannot be reached, read or written."""

    exit_code = 3


class StorageAway(StorageError):
    """The database did not answer, or not in time; it may do so later."""


class LeaseLost(VsearchError):
    """Another worker has the trial by now; what this one writes to it is refused."""


class DataError(VsearchError):
    """Images are missing, unreadable or not what they should be."""

    exit_code = 4


class DeviceError(VsearchError):
    """The device that was asked for cannot be used."""

    exit_code = 4


def unknown_name(kind: str, got: str, known: Iterable[str]) -> InputError:
    """The error for a name that is none of `known`, with the nearest one if there is one.

    >>> str(unknown_name("curve family", "triangel", ["ramp", "triangle"]))
    "no curve family is called 'triangel'; there are ramp, triangle. Did you mean 'triangle'?"
    """
    names = sorted(known)
    near = get_close_matches(got, names, n=1)
    listed = f"there are {', '.join(names)}" if names else f"there is no {kind} yet"
    hint = f". Did you mean {near[0]!r}?" if near else ""
    return InputError(f"no {kind} is called {shorten(got)!r}; {listed}{hint}")


def shorten(text: str, limit: int = 60) -> str:
    """`text` cut to `limit` characters, so that a message stays one line."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
