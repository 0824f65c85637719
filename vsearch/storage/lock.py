"""The lock between processes under which trials are claimed: a file beside SQLite, an advisory lock in PostgreSQL."""

import logging
import random
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import filelock
import sqlalchemy

from vsearch.errors import StorageAway, StorageError
from vsearch.storage.engine import Target, let_go
from vsearch.storage.retry import Retry

ADVISORY_CLASS = 0x76736561
"""First half of our advisory locks' key ("vsea"), so that they collide with no other program's."""
WHOLE_DATABASE = 0
"""The key that stands for no study: Optuna counts studies from 1."""

POOLED_SECONDS = 30.0
"""Behind a pooler a lock is waited for so long, or for as long as the storage repeats its calls."""
LONGEST_PAUSE_SECONDS = 1.0

_logger = logging.getLogger(__name__)


class ClaimLock(Protocol):
    """A lock between processes and threads; the thread that holds it may take it again."""

    def hold(self, study_id: int) -> AbstractContextManager[None]:
        """Run the body of `with` while nobody else claims trials of the study."""


class FileClaimLock:
    """One lock file per database: SQLite has a single writer anyway. The kernel frees it when its holder dies."""

    def __init__(self, database: Path, seconds: float) -> None:
        self.path = database.with_name(database.name + ".lock")
        self.seconds = seconds
        # A singleton, so that two storages of one process and thread do not wait for each other for ever.
        self._lock = filelock.FileLock(self.path, is_singleton=True, poll_interval=0.01)

    @contextmanager
    def hold(self, study_id: int) -> Iterator[None]:  # noqa: ARG002
        """Run the body of `with` while nobody else claims trials of any study in this database.

        Raises:
            StorageError: another process holds the lock too long, or the lock file cannot be written.
        """
        reason = self._acquire()
        if reason is not None:
            raise StorageError(f"the lock file {self.path} {reason}")
        try:
            yield
        finally:
            self._lock.release()

    def _acquire(self) -> str | None:
        try:
            self._lock.acquire(timeout=self.seconds)
        except filelock.Timeout:
            return f"has been held by another process for {self.seconds:.0f} s; look for one that is stopped"
        except OSError as error:
            return f"cannot be used ({error.strerror}); check the permissions of its folder"
        return None


class AdvisoryClaimLock:
    """A PostgreSQL advisory lock per study, on a connection of its own; the server frees it with the connection.

    It lasts for one transaction, so that it also works behind a pgbouncer that hands out connections by transaction.
    There who waits asks again and again: waiting on the server would take the pool's connections from the holder.
    """

    def __init__(self, engine: sqlalchemy.Engine, retry: Retry) -> None:
        self._engine = engine
        self._retry = retry
        self._held = threading.local()
        # One thread at a time holds or awaits a lock, so that one of a process's two connections is left for the work.
        self._threads = threading.RLock()
        self._is_pooled: bool | None = None

    @contextmanager
    def hold(self, study_id: int) -> Iterator[None]:
        """Run the body of `with` while nobody else claims trials of the study.

        Raises:
            StorageError: the server cannot be reached, or another process holds the lock too long.
        """
        held: set[int] = self._held.__dict__.setdefault("studies", set())
        if study_id in held:
            yield
            return
        with self._threads:
            connection = self._acquire(study_id)
            held.add(study_id)
            try:
                yield
            finally:
                held.discard(study_id)
                self._release(connection)

    def _acquire(self, study_id: int) -> sqlalchemy.Connection:
        end, pause = time.monotonic() + max(POOLED_SECONDS, self._retry.seconds), 0.02
        while True:
            connection = self._retry.run(lambda: self._try(study_id))
            if connection is not None:
                return connection
            if time.monotonic() > end:
                raise StorageAway(f"database {self._retry.location}: another process holds a lock for too long")
            time.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _try(self, study_id: int) -> sqlalchemy.Connection | None:
        """A connection that holds the lock; None where another one does and the server cannot be let wait."""
        connection = self._engine.connect()
        try:
            if self._is_pooled is None:
                self._is_pooled = _is_pooled(connection)
            function = sqlalchemy.func
            lock = function.pg_try_advisory_xact_lock if self._is_pooled else function.pg_advisory_xact_lock
            answer = connection.execute(sqlalchemy.select(lock(ADVISORY_CLASS, study_id))).scalar_one()
        except BaseException:
            connection.close()
            raise
        if answer is not False:  # who waits is answered with nothing
            return connection
        let_go(connection)
        return None

    def _release(self, connection: sqlalchemy.Connection) -> None:
        if not let_go(connection):
            # What the body stored is stored; failing now would orphan it.
            _logger.warning("%s: the connection that held a lock was lost", self._retry.location)


def _is_pooled(connection: sqlalchemy.Connection) -> bool:
    """Whether a pooler stands between: to each client it gives a made-up number for the server's process."""
    process = connection.execute(sqlalchemy.select(sqlalchemy.func.pg_backend_pid())).scalar_one()
    told: int = connection.connection.get_backend_pid()
    return bool(process != told)


def claim_lock(target: Target, engine: sqlalchemy.Engine, retry: Retry) -> ClaimLock:
    """The lock that suits the database."""
    return FileClaimLock(target.path, retry.seconds) if target.path else AdvisoryClaimLock(engine, retry)
