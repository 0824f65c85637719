"""What a checkpoint is called: by its trial and the fence of the worker that wrote it."""

import re
import uuid
from collections.abc import Iterable
from typing import NamedTuple

_NAME = re.compile(r"(?P<dot>\.?)trial-(?P<number>[0-9]{1,9})\.(?P<fence>[0-9]{1,9})\.ckpt(?P<end>\.[^/]+\.tmp)?")


class Key(NamedTuple):
    """Whose checkpoint it is."""

    study: str
    study_id: int
    number: int
    """Of the trial in its study, from 0."""
    trial_id: int
    fence: int
    """Of the worker that writes or reads it; grows with each taking of the trial."""


class Name(NamedTuple):
    """A file of a store, as its name tells."""

    file: str
    number: int
    fence: int
    is_whole: bool
    """False for what an interrupted write left behind."""


def file_name(key: Key) -> str:
    """The file of a checkpoint: `trial-3.2.ckpt` is trial 3 by the worker with fence 2."""
    return f"trial-{key.number}.{key.fence}.ckpt"


def unfinished_name(key: Key) -> str:
    """A name of its own for a file that is being written."""
    return f".{file_name(key)}.{uuid.uuid4().hex[:12]}.tmp"


def parse_names(files: Iterable[str]) -> list[Name]:
    """The names among `files` that this module made, highest fence first; foreign files are left out."""
    found = []
    for file in files:
        match = _NAME.fullmatch(file)
        if match is not None and bool(match["dot"]) == bool(match["end"]):
            found.append(Name(file, int(match["number"]), int(match["fence"]), is_whole=not match["dot"]))
    return sorted(found, key=lambda name: -name.fence)


def readable(files: Iterable[str], key: Key) -> list[str]:
    """The whole checkpoints of the key's trial up to its fence, newest first."""
    names = parse_names(files)
    return [name.file for name in names if name.is_whole and name.number == key.number and name.fence <= key.fence]


def outdated(files: Iterable[str], key: Key, *, with_own: bool = False) -> list[str]:
    """What lies there of the key's trial with a lower fence (`with_own`: or the same one), oldest first.

    The oldest goes first, so that a deletion broken off in the middle leaves the newest.
    """
    highest = key.fence if with_own else key.fence - 1
    names = [name for name in parse_names(files) if name.number == key.number and name.fence <= highest]
    return [name.file for name in reversed(names)]
