"""Signals that ask a worker to stop: noted always, and breaking off the training in progress but never a write."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
"""Slurm tells of a preemption by SIGUSR1, container engines and Kubernetes by SIGTERM, a person by Ctrl-C."""


class Stopped(BaseException):
    """A training must stop; its text says why, and is empty where the worker itself was asked to."""


class Interrupts:
    """What signals have asked for since it was installed.

    Args:
        keep_going: asked before each breakable part; False asks to stop as a SIGTERM does.
    """

    def __init__(self, keep_going: Callable[[], bool] = lambda: True) -> None:
        self.received: int | None = None
        """The number of the signal, None while there was none."""
        self.is_drained = False
        """Whether a person asked the worker to end, through the database."""
        self._keep_going = keep_going
        self._breakable = False

    @classmethod
    @contextmanager
    def installed(cls, keep_going: Callable[[], bool] = lambda: True) -> Iterator["Interrupts"]:
        """Handle `STOP_SIGNALS` inside the block, and put the former handlers back after it."""
        interrupts = cls(keep_going)
        former = {number: signal.signal(number, interrupts._note) for number in STOP_SIGNALS}
        try:
            yield interrupts
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)

    @property
    def exit_code(self) -> int:
        """128 and the signal's number, 0 where there was none."""
        return 0 if self.received is None else 128 + self.received

    @contextmanager
    def breakable(self) -> Iterator[None]:
        """Inside the block a signal raises `Stopped` at once, and so does entering it after one."""
        self._breakable = True
        try:
            if not self.may_go_on():
                raise Stopped
            yield
        finally:
            self._breakable = False

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds.

        Raises:
            Stopped: a signal came meanwhile, or before.
        """
        with self.breakable():
            time.sleep(seconds)

    def may_go_on(self) -> bool:
        """Whether nothing has asked to stop."""
        if not self._keep_going():
            self.stop()
        return self.received is None and not self.is_drained

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Ask to stop as a signal would, at the next breakable place."""
        self.received = self.received or number

    def drain(self) -> None:
        """Ask to stop for the sake of a person, at the next breakable place; it is no failure."""
        self.is_drained = True

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.received = number
        if self._breakable:
            self._breakable = False
            raise Stopped
