"""Try a database call again while that can help, and say plainly when it cannot."""

import logging
import random
import time
from collections.abc import Callable
from typing import NoReturn, TypeVar

from vsearch.errors import StorageAway, StorageError
from vsearch.storage.failure import DATABASE_ERRORS, Failure, classify

T = TypeVar("T")

FIRST_DELAY_SECONDS = 0.05
LONGEST_DELAY_SECONDS = 5.0

_logger = logging.getLogger(__name__)


class Retry:
    """Runs database calls, repeating those that fail for a passing reason for up to `seconds` each."""

    def __init__(self, location: str, seconds: float, after_failure: Callable[[], None] = lambda: None) -> None:
        self.location = location
        self.seconds = seconds
        self._after_failure = after_failure

    def run(self, action: Callable[[], T], again: Callable[[], T] | None = None) -> T:
        """The result of `action()`, or of `again()` once a try failed whose effect may be stored nevertheless.

        Raises:
            StorageAway: the failure lasted for `seconds`, or may pass when somebody has done something.
            StorageError: it is permanent. Other errors pass unchanged.
        """
        start = time.monotonic()
        delay = FIRST_DELAY_SECONDS
        tries = 0
        while True:
            tries += 1
            failure = None
            try:
                return action() if again is None or tries == 1 else again()
            except DATABASE_ERRORS as error:
                failure = classify(error)
                if failure is None:
                    raise
            # Outside the except block: the driver's error, which may show the connection, is not chained.
            self._after_failure()
            left = start + self.seconds - time.monotonic()
            if not failure.is_transient or left <= 0:
                self._give_up(failure, time.monotonic() - start)
            if tries == 1 and self.seconds:
                _logger.warning("%s: %s; trying again for up to %.0f s", self.location, failure.reason, left)
            time.sleep(min(left, delay) * random.uniform(0.5, 1.0))
            delay = min(2 * delay, LONGEST_DELAY_SECONDS)

    def _give_up(self, failure: Failure, waited: float) -> NoReturn:
        if failure.is_transient:
            raise StorageAway(f"database {self.location}: {failure.reason} (tried for {waited:.2g} s)") from None
        kind = StorageAway if failure.may_pass else StorageError
        raise kind(f"database {self.location}: {failure.reason}") from None
