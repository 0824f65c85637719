"""Room for several trainings at the same time on one device."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import torch

T = TypeVar("T")


class InSlot(Future[T]):
    """The result of what is done in a slot."""

    most_at_once = 0
    """The slots in use at a time, this one included, since it began; 0 before."""


class Slots:
    """A thread for each training, which computes with CPU threads of its own.

    A network on a GPU only waits for it in there, and one on the CPU computes outside of Python's lock, so that
    trainings go on side by side. Their numbers do not depend on how many there are: each has its own `threads`.

    Args:
        count: trainings at the same time; what is submitted beyond waits for its turn.
        threads: of the CPU, for each.
    """

    def __init__(self, count: int, threads: int = 1) -> None:
        self.count, self.threads = count, threads
        # Torch keeps this number for each thread of the program.
        self._pool = ThreadPoolExecutor(count, "slot", initializer=torch.set_num_threads, initargs=(threads,))
        self._lock = threading.Lock()
        self._waiting: deque[tuple[InSlot[Any], Callable[[], Any]]] = deque()
        self._running: set[InSlot[Any]] = set()
        self._open = 0
        """Threads that look for work."""

    def submit(self, work: Callable[[], T]) -> InSlot[T]:
        """Do `work` in a slot as soon as one is free."""
        result: InSlot[T] = InSlot()
        with self._lock:
            self._waiting.append((result, work))
            if self._open < self.count:
                self._pool.submit(self._serve)
                self._open += 1
        return result

    def lower(self, count: int) -> None:
        """Do no more than so many works at the same time from now on; what has begun goes on."""
        with self._lock:
            self.count = max(1, min(self.count, count))

    def close(self) -> None:
        """End the threads once their work is done; nothing can be submitted any more."""
        self._pool.shutdown()

    def _serve(self) -> None:
        while (taken := self._next()) is not None:
            self._do(*taken)

    def _next(self) -> tuple[InSlot[Any], Callable[[], Any]] | None:
        """What waits longest and was not cancelled; None if this slot has nothing to do any more."""
        with self._lock:
            while self._waiting and self._open <= self.count:
                result, work = self._waiting.popleft()
                if result.set_running_or_notify_cancel():
                    self._running.add(result)
                    for each in self._running:
                        each.most_at_once = max(each.most_at_once, len(self._running))
                    return result, work
            self._open -= 1
            return None

    def _do(self, result: InSlot[Any], work: Callable[[], Any]) -> None:
        try:
            found = work()
        except BaseException as error:
            self._end(result)
            result.set_exception(error)
        else:
            self._end(result)
            result.set_result(found)
        finally:
            # An error holds on to this frame: not to itself as well, and the memory of its training, in a circle.
            del result, work

    def _end(self, result: InSlot[Any]) -> None:
        """Before the result is there, so that who waited for it finds the slot free."""
        with self._lock:
            self._running.remove(result)
