"""Results that are worth keeping for as long as what they were made from stays the same."""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class _Result(Generic[T]):
    mark: Hashable
    value: T
    made: float
    """When."""
    seconds: float
    """That it took."""


class Kept(Generic[T]):
    """The last results by name, each with a mark of what it was made from; one thread at a time makes one of a name."""

    def __init__(
        self,
        most: int,
        weight: Callable[[T], int] = lambda _: 1,
        rest: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep results whose weights come to no more than `most`; the one made last is always kept.

        `rest`: a result is not made anew before that many times as long has passed as it took to make it.
        """
        self._most, self._weight, self._rest, self._clock = most, weight, rest, clock
        self._results: dict[str, _Result[T]] = {}
        self._making: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, name: str, mark: Hashable, make: Callable[[T | None], T]) -> T:
        """The result of that name and mark; otherwise what `make` makes of the former one of that name, if any."""
        with self._lock:
            making = self._making.setdefault(name, threading.Lock())
        with making:
            former, begun = self._former(name), self._clock()
            if former is not None and (former.mark == mark or begun - former.made < self._rest * former.seconds):
                return former.value
            value = make(None if former is None else former.value)
            end = self._clock()
            self._keep(name, _Result(mark, value, end, end - begun))
        return value

    def _former(self, name: str) -> _Result[T] | None:
        with self._lock:
            former = self._results.pop(name, None)
            if former is not None:
                self._results[name] = former  # the last one to be asked for stands last
        return former

    def _keep(self, name: str, result: _Result[T]) -> None:
        with self._lock:
            self._results.pop(name, None)
            self._results[name] = result
            total = sum(self._weight(kept.value) for kept in self._results.values())
            while total > self._most and len(self._results) > 1:
                total -= self._weight(self._results.pop(next(iter(self._results))).value)
            for other in [other for other, lock in self._making.items() if not lock.locked()]:
                if other not in self._results:
                    del self._making[other]
