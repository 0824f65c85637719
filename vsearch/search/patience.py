"""Calls to a database that may be away for a while: the work goes on, and the call is made again later."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from vsearch.errors import StorageAway
from vsearch.storage import Storage

T = TypeVar("T")

FIRST_SECONDS = 5.0
"""A call waits for a database that was there until now: long enough for a restart or a failover."""
AGAIN_SECONDS = 5.0
"""Between two calls to one that is away; each is tried once."""
LONGEST_SECONDS = 60.0
"""Between two calls, at most: the last one may only seem to have hung, because the process was stopped meanwhile."""

log = logging.getLogger("vsearch.worker")


class Patience:
    """Tells whether the database is worth a call now, and takes note of its absence."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.error: StorageAway | None = None
        """What the last call said that failed, until one succeeds."""
        self._away_since: float | None = None
        self._next = 0.0

    @property
    def is_worth_a_call(self) -> bool:
        """Whether the database was there at the last call, or that was some seconds ago."""
        return time.monotonic() >= self._next

    @property
    def seconds_away(self) -> float:
        """For how long no call has succeeded; 0 if the last one did."""
        return 0.0 if self._away_since is None else time.monotonic() - self._away_since

    def call(self, action: Callable[[], T]) -> T | None:
        """The result of `action()`, or None if the database is away.

        Raises:
            StorageError: the database is there and refuses.
        """
        begun = time.monotonic()
        try:
            with self._storage.patience(FIRST_SECONDS if self._away_since is None else 0.0):
                result = action()
        except StorageAway as error:
            if self._away_since is None:
                self._away_since = begun
                log.warning("%s; training goes on, and what it finds is kept", error)
            self.error = error
            # A call that hangs must not take more than a fifth of the time.
            hung = time.monotonic() - begun
            self._next = time.monotonic() + min(max(AGAIN_SECONDS, 4 * hung), LONGEST_SECONDS)
            return None
        if self._away_since is not None:
            log.warning("the database is back after %.0f s", self.seconds_away)
            self._away_since, self._next, self.error = None, 0.0, None
        return result
