"""A folder of files that is written whole or not at all."""

import contextlib
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from vsearch.errors import DataError, InputError, shorten

FILES = ("weights.safetensors", "curve.json", "CARD.md", "network.py", "model.pt2", "model.onnx")
"""What an export may consist of; only a folder of nothing else is replaced."""


def check_folder(folder: Path, *, force: bool) -> Path:
    """`folder` with its links followed, if an export can be written there.

    Raises:
        InputError: a file, a folder with something in it (with `force`: something that no export wrote), the current
            folder, or a parent that is missing or not writable.
    """
    target, name = Path(os.path.realpath(folder)), repr(shorten(str(folder)))
    try:
        if os.path.lexists(target) and not target.is_dir():
            raise InputError(f"{name} is a file; name a new folder")
        if target == Path.cwd() or not target.name:
            raise InputError(f"{name} is the folder that you are in, or a whole disk; name a new folder")
        inside = sorted(entry.name for entry in target.iterdir()) if target.is_dir() else []
    except OSError as error:
        raise InputError(f"{name} cannot be used ({error.strerror}); name a new folder") from None
    _check_inside(name, inside, force=force)
    if not target.parent.is_dir():
        raise InputError(f"the folder {shorten(str(target.parent))!r} does not exist; make it first, or name another")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise InputError(f"{name} cannot be written; choose a place where you may write")
    return target


def _check_inside(name: str, inside: list[str], *, force: bool) -> None:
    foreign = [entry for entry in inside if entry not in (*FILES, "__pycache__")]
    if foreign:
        shown = shorten(", ".join(foreign[:3]))
        raise InputError(f"the folder {name} holds what no export wrote ({shown}); name a new folder")
    if inside and not force:
        raise InputError(f"the folder {name} holds an export already; say --force to replace it, or name another")


def write_folder(target: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a folder beside `target`, and put it in `target`'s place when it has.

    Whatever `write` raises leaves `target` as it was, and nothing beside it.

    Raises:
        DataError: the disk is full or fails.
    """
    beside = target.with_name(f".vsearch-{secrets.token_hex(6)}.tmp")
    try:
        beside.mkdir()
        write(beside)
        _flush(beside)
        _replace(target, beside)
    except OSError as error:
        raise DataError(
            f"{shorten(str(target))!r} cannot be written ({error.strerror or error}); nothing was left there: "
            "make room, or choose another place"
        ) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _replace(target: Path, beside: Path) -> None:
    """Files that are there go aside first, since a folder takes the place of an empty one only."""
    if not target.is_dir():
        beside.rename(target)
        return
    aside = target.with_name(f".vsearch-{secrets.token_hex(6)}.old")
    target.rename(aside)
    try:
        beside.rename(target)
    except BaseException:
        aside.rename(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _flush(folder: Path) -> None:
    """Onto the disk, where that is not the default."""
    for place in (*folder.iterdir(), folder):
        with contextlib.suppress(PermissionError):
            descriptor = os.open(place, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
