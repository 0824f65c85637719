"""Checkpoints in the database itself, for fleets that share nothing else."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

import sqlalchemy as sa

from vsearch.errors import DataError, LeaseLost, StorageError
from vsearch.storage import leases
from vsearch.storage.checkpoints.names import Key
from vsearch.storage.clock import now
from vsearch.storage.own_tables import own_tables
from vsearch.storage.storage import Storage

T = TypeVar("T")

MAX_BYTES = 200_000_000
"""PostgreSQL ends at 1 GB, and psycopg2 sends two characters for each byte."""

_PROBE = -1
"""No trial has this id."""


class DatabaseStore:
    """Rows of the table `checkpoints`; a write by a worker that has lost its trial is refused."""

    seconds = 60.0

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.place = f"database {storage.location}"

    def __repr__(self) -> str:
        return f"DatabaseStore({self.place!r})"

    def write(self, key: Key, content: bytes) -> None:
        """Store a checkpoint in place of the trial's older ones, in one transaction.

        Raises:
            LeaseLost: another worker has the trial by now; nothing is changed.
            DataError: it is larger than `MAX_BYTES`, or the database refuses.
        """
        if len(content) > MAX_BYTES:
            raise DataError(
                f"the checkpoint of trial {key.number} has {len(content) / 1e6:.0f} MB, and the database takes "
                f"{MAX_BYTES / 1e6:.0f}; set VSEARCH_CHECKPOINTS to a shared folder or to s3://bucket/folder"
            )
        self._run("write a checkpoint to", partial(_write, key=key, content=content))

    def read(self, key: Key) -> Iterator[tuple[str, bytes]]:
        """The trial's checkpoints, newest first, each with its table and row."""
        for fence in self._run("read the checkpoints in", partial(_fences, key=key)):
            content = self._run("read the checkpoints in", partial(_content, trial_id=key.trial_id, fence=fence))
            if content is not None:
                yield f"{self.place}, trial {key.number}, fence {fence}", content

    def delete(self, key: Key) -> None:
        """Delete the trial's checkpoints up to the key's fence."""
        self._run("delete checkpoints in", partial(_delete, key=key))

    def delete_study(self, study: str, study_id: int) -> None:  # noqa: ARG002
        """Delete the checkpoints of all trials of a study."""

        def delete(connection: sa.Connection) -> None:
            table = own_tables(connection.dialect.name).checkpoints
            connection.execute(sa.delete(table).where(table.c.study_id == study_id))

        self._run("delete checkpoints in", delete)

    def probe(self) -> None:
        """Write a row and delete it, in one transaction."""

        def try_out(connection: sa.Connection) -> None:
            key = Key("", _PROBE, _PROBE, _PROBE, 0)
            _delete(connection, key)
            _insert(connection, key, b"probe")
            _delete(connection, key)

        self._run("write checkpoints to", try_out)

    def _run(self, action: str, work: Callable[[sa.Connection], T]) -> T:
        try:
            return self._storage.in_transaction(work)
        except StorageError as error:  # its message names the database, the reason and what to do
            raise DataError(f"cannot {action} the database: {error}") from None


def _write(connection: sa.Connection, key: Key, content: bytes) -> None:
    # Deleting goes first: on SQLite only a change takes the lock that keeps the lease as it is until the end.
    _delete(connection, key)
    if not leases.is_held(connection, key.trial_id, key.fence):
        raise LeaseLost(f"trial {key.number} was given to another worker; this one's checkpoint is dropped")
    _insert(connection, key, content)


def _insert(connection: sa.Connection, key: Key, content: bytes) -> None:
    table = own_tables(connection.dialect.name).checkpoints
    row = {"trial_id": key.trial_id, "fence": key.fence, "study_id": key.study_id, "content": content}
    connection.execute(sa.insert(table).values(**row, saved=now(connection)))


def _delete(connection: sa.Connection, key: Key) -> None:
    table = own_tables(connection.dialect.name).checkpoints
    connection.execute(sa.delete(table).where(table.c.trial_id == key.trial_id, table.c.fence <= key.fence))


def _fences(connection: sa.Connection, key: Key) -> list[int]:
    """The fences under which the trial has checkpoints, newest first."""
    table = own_tables(connection.dialect.name).checkpoints
    # With the study too: SQLite gives the ids of deleted trials again.
    is_ours = sa.and_(table.c.trial_id == key.trial_id, table.c.study_id == key.study_id, table.c.fence <= key.fence)
    query = sa.select(table.c.fence).where(is_ours).order_by(table.c.fence.desc())
    return list(connection.execute(query).scalars())


def _content(connection: sa.Connection, trial_id: int, fence: int) -> bytes | None:
    table = own_tables(connection.dialect.name).checkpoints
    query = sa.select(table.c.content).where(table.c.trial_id == trial_id, table.c.fence == fence)
    found = connection.execute(query).scalar_one_or_none()
    return None if found is None else bytes(found)
