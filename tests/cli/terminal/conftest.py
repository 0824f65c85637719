"""Commands beside others that run meanwhile, with what they write gathered, in pipes and on terminals of their own."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Cli


class Watching:
    """A process whose output is gathered while it runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.out: list[str] = []
        self.err: list[str] = []
        self._readers = [
            Thread(target=lambda: self.out.extend(process.stdout or ())),
            Thread(target=self._read_errors),
        ]
        for reader in self._readers:
            reader.start()

    def _read_errors(self) -> None:
        for line in self.process.stderr or ():
            self.err.append(line)

    def wait(self) -> int:
        code = self.process.wait(timeout=200)
        for reader in self._readers:
            reader.join()
        return code


def _take_terminal() -> None:
    """In a new process: make its terminal the one whose Ctrl-C reaches it, were the tests begun in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, home: Path, *arguments: str, columns: int = 80, lines: int = 24, **environ: str) -> None:
        plain = {key: value for key, value in os.environ.items() if not key.startswith(("VSEARCH_", "NO_COLOR"))}
        plain |= {"VSEARCH_HOME": str(home), "TERM": "xterm-256color", "OMP_NUM_THREADS": "1"}
        for name in ("COLUMNS", "LINES", "COLORTERM", "FORCE_COLOR"):
            plain.pop(name, None)
        self._own, theirs = pty.openpty()
        self.resize(columns, lines)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "vsearch", *arguments],
            env=plain | environ,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(theirs)
        self._pieces: list[bytes] = []
        self._reader = Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                piece = os.read(self._own, 65536)
            except OSError:  # nobody has the other side open any more
                return
            if not piece:
                return
            self._pieces.append(piece)

    @property
    def text(self) -> str:
        """All that was written so far."""
        return b"".join(self._pieces).decode(errors="replace")

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._own, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, keys: str) -> None:
        os.write(self._own, keys.encode())

    def wait(self) -> int:
        code = self.process.wait(timeout=200)
        self._reader.join()
        os.close(self._own)
        return code


@pytest.fixture
def begun(cli: "Cli") -> Iterator[Callable[..., Watching]]:
    """Starts a command as a process; killed at the end of the test."""
    started: list[Watching] = []

    def start(*arguments: str, environ: dict[str, str] | None = None) -> Watching:
        started.append(Watching(cli.start(*arguments, environ=environ)))
        return started[-1]

    yield start
    for watching in started:
        watching.process.kill()
        watching.wait()


@pytest.fixture
def screen(cli: "Cli") -> Iterator[Callable[..., Terminal]]:
    """Starts a command on a terminal; killed at the end of the test."""
    started: list[Terminal] = []

    def start(*arguments: str, home: Path = cli.home, **options: object) -> Terminal:
        started.append(Terminal(home, *arguments, **options))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for terminal in started:
        if terminal.process.poll() is None:
            terminal.process.kill()
            terminal.wait()
