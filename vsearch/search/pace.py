"""How fast the trials of a study go by."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from vsearch.search.trials import TrialResult

WINDOW_SECONDS = 600.0
"""What lies further back does not count: workers come and go."""
ENOUGH_TRIALS = 2.0
ENOUGH_SECONDS = 60.0
"""After so much of either, what was seen is believed more than what others wrote down."""
LAST_TRIALS = 20


class Pace:
    """Trials per second, seen by looking at how many are done from time to time; parts of trials count as such."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, float]] = deque()

    def see(self, done: float) -> None:
        """Note how many trials are done now."""
        now = self._clock()
        if self._seen and done < self._seen[-1][1] - 1:  # trials were excluded: what went before says nothing
            self._seen.clear()
        self._seen.append((now, done))
        while self._seen[0][0] < now - WINDOW_SECONDS:
            self._seen.popleft()

    @property
    def per_second(self) -> float | None:
        """Over the last minutes; None before enough was seen, or if nothing moved."""
        if not self._seen:
            return None
        (begun, first), (now, last) = self._seen[0], self._seen[-1]
        gained, seconds = last - first, now - begun
        if gained <= 0 or (gained < ENOUGH_TRIALS and seconds < ENOUGH_SECONDS):
            return None
        return gained / seconds


def pace_of(trials: Iterable[TrialResult], now: datetime | None = None) -> float | None:
    """Trials per second by the times at which the last ones ended; None where fewer than two have ended."""
    ends = sorted(aware(trial.ended) for trial in trials if trial.state in ("finished", "pruned") and trial.ended)
    ends = ends[-LAST_TRIALS:]
    if len(ends) < 2:
        return None
    seconds = (max(now or datetime.now(UTC), ends[-1]) - ends[0]).total_seconds()
    return (len(ends) - 1) / seconds if seconds > 0 else None


def aware(time: datetime) -> datetime:
    """A time of the database, which means UTC, with its zone."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time
