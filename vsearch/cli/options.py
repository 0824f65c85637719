"""Options that several commands share."""

import os
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

from vsearch.cli.output import note
from vsearch.errors import DataError, InputError, shorten
from vsearch.settings import OPTIONS, Settings, resolve

F = TypeVar("F", bound=Callable[..., Any])

_PASSWORD = re.compile(r"://[^/@\s]*:[^@]+@|password=", re.IGNORECASE)
STORAGE = ("home", "storage", "storage-timeout")
TRAINING = ("data-dir", "checkpoints", "lease", "outage", "device")
_METAVARS = {
    "storage": "URL",
    "storage-timeout": "SECONDS",
    "checkpoints": "PLACE",
    "lease": "SECONDS",
    "outage": "SECONDS",
    "device": "DEVICE",
}


def settings_options(*names: str) -> Callable[[F], F]:
    """Give a command these settings as options, and hand it one `settings: Settings`."""

    def decorate(function: F) -> F:
        @wraps(function)
        def with_settings(**arguments: Any) -> Any:
            flags = {name: arguments.pop(name.replace("-", "_")) for name in names}
            _quiet_optuna()
            settings = resolve(flags)
            _warn_of_shown_password(settings)
            return function(settings=settings, **arguments)

        decorated: Any = with_settings
        for option in reversed([option for option in OPTIONS if option.name in names]):
            text = f"{option.doc[0].upper()}{option.doc[1:]}. [{option.variable}; default: {option.default}]"
            decorated = click.option(f"--{option.name}", metavar=_METAVARS.get(option.name, "FOLDER"), help=text)(
                decorated
            )
        return decorated  # type: ignore[no-any-return]

    return decorate


def _warn_of_shown_password(settings: Settings) -> None:
    """Every user of a machine may read the command lines of all its processes."""
    for setting, other in ((settings.storage, "VSEARCH_STORAGE"), (settings.checkpoints, "VSEARCH_CHECKPOINTS")):
        if setting.origin == "flag" and _PASSWORD.search(setting.value):
            note(f"warning: others on this machine can read the password on this command line; set {other} instead")


def _quiet_optuna() -> None:
    """Keep Optuna's notes on each study and trial from between our own lines."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)


def make_home(settings: Settings) -> None:
    """Make the home folder, for a command that is about to write into it; the URL is checked first.

    Raises:
        InputError: the storage is no database that vsearch knows.
        DataError: the folder cannot be made or written.
    """
    from vsearch.storage import parse_url

    parse_url(settings.storage.value)
    folder = settings.home_path
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"the home folder {folder} cannot be made: {error.strerror or error}; "
            "set --home or VSEARCH_HOME to a folder of yours"
        ) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DataError(f"the home folder {folder} cannot be written; set --home or VSEARCH_HOME to a folder of yours")


storage_options = settings_options(*STORAGE)
all_options = settings_options(*STORAGE, *TRAINING)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON with a versioned schema.")

__all__ = ["Settings", "all_options", "json_option", "make_home", "settings_options", "storage_options"]


MOST = 1024
"""Slots, or threads of each: more than any device takes."""


def check_threads(threads: int) -> None:
    """Refuse a number of threads that no machine has.

    Raises:
        InputError: less than 1 or more than 1024.
    """
    if not 1 <= threads <= MOST:
        raise InputError(f"threads is {threads}; give 1 to {MOST}")


def parse_slots(text: str) -> int | None:
    """The number that `--slots` gives, None for `auto`.

    Raises:
        InputError: it is neither `auto` nor a number from 1 to 1024.
    """
    if text == "auto":
        return None
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
    if not 1 <= number <= MOST:
        raise InputError(f"slots is {shorten(repr(text))}; give auto, or 1 to {MOST}")
    return number
