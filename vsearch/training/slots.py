"""Room for several trainings at the same time on one device."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

T = TypeVar("T")


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

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Do `work` in a slot as soon as one is free."""
        return self._pool.submit(work)

    def close(self) -> None:
        """End the threads once their work is done; nothing can be submitted any more."""
        self._pool.shutdown()
