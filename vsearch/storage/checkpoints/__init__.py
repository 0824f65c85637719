"""Where checkpoints lie: a folder, any place that fsspec reaches, or the database. What they hold is not known here.

A checkpoint belongs to a trial and to the fence under which its worker held the trial. Each store shows a checkpoint
whole or not at all, and an interrupted write takes nothing away.
"""

import re
from collections.abc import Iterator
from typing import Protocol

from vsearch.errors import DataError, InputError
from vsearch.storage.checkpoints.database import DatabaseStore
from vsearch.storage.checkpoints.folder import FolderStore
from vsearch.storage.checkpoints.names import Key
from vsearch.storage.checkpoints.remote import RemoteStore
from vsearch.storage.storage import Storage
from vsearch.storage.url import redact

DATABASE = "database"
"""The place that means the storage itself."""


class CheckpointStore(Protocol):
    """Keeps the checkpoints of running trials.

    Each method raises `DataError` when the place cannot be reached, read or written, with the place, the reason and
    what to do in one line. After a failed `read` nothing is known: it does not mean that there is no checkpoint.
    """

    @property
    def place(self) -> str:
        """For people, without a password."""
        ...

    @property
    def seconds(self) -> float:
        """How long to wait between two writes of a trial, so that they cost little."""
        ...

    def write(self, key: Key, content: bytes) -> None:
        """Store a checkpoint; then delete those of lower fences, as far as that works.

        Raises:
            LeaseLost: another worker has the trial (only a database can tell).
        """
        ...

    def read(self, key: Key) -> Iterator[tuple[str, bytes]]:
        """What is stored for the trial by this fence and lower ones, newest first, each with a name for messages.

        Take the first that can be used: another study may have left a checkpoint of the same name.
        """
        ...

    def delete(self, key: Key) -> None:
        """Delete what this fence and lower ones stored for the trial, after the trial's end was accepted.

        A worker that lost the trial must not ask for it: who adopted the trial may not have read the checkpoint yet.
        """
        ...

    def delete_study(self, study: str, study_id: int) -> None:
        """Delete what is stored for all trials of a study."""
        ...

    def probe(self) -> None:
        """Find out whether the place can be written; leaves nothing behind."""
        ...


def open_store(place: str, storage: Storage | None) -> CheckpointStore:
    """The store of a place: a folder, an fsspec URL, or `database` for the storage itself; connects to nothing yet.

    Raises:
        InputError: an unknown protocol, or one whose Python package is missing.
    """
    if place == DATABASE:
        if storage is None:
            raise DataError("checkpoints go to the database, which cannot be used; correct VSEARCH_STORAGE")
        return DatabaseStore(storage)
    protocol, separator, rest = place.partition("://")
    if not separator:
        return FolderStore(_checked_folder(place))
    if protocol in ("file", "local"):
        return FolderStore(f"/{rest.lstrip('/')}")  # which also outlasts a power cut
    return RemoteStore(place)


def _checked_folder(place: str) -> str:
    if re.match(r"[a-z][a-z0-9+]+:/", place):
        raise InputError(f"checkpoints cannot go to {redact(place)!r}; a URL has two slashes: s3://bucket/folder")
    return place


__all__ = ["DATABASE", "CheckpointStore", "DatabaseStore", "FolderStore", "Key", "RemoteStore", "open_store"]
