"""Local workers: one process each, with its own threads, started, watched and stopped together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from vsearch.errors import DataError, InputError, StorageError, VsearchError
from vsearch.settings import Settings, inherited_environment

RESTARTS = 3
"""Of one worker that was killed or crashed, before the fleet gives up on it."""
MAX_WORKERS = 256
GRACE_SECONDS = 30.0


def core_count() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Crew(NamedTuple):
    """So many workers, each with so many trainings at the same time, each of these with so many threads."""

    workers: int
    threads: int | None
    """None: found by the worker together with its slots."""
    slots: str
    """A number or `auto`."""


def choose_crew(
    device: str, workers: int | None = None, threads: int | None = None, slots: int | Literal["auto"] | None = None
) -> Crew:
    """Who trains on a device of that name: what is not given is what was measured to be fastest.

    On a CPU a process per core with one training each, as fast as one process with a slot per core and there at once.
    On a GPU, and where slots are asked for, one process; on a GPU with as many slots as it finds best.

    Raises:
        VsearchError: the device is not there.
    """
    on_gpu = is_gpu(device)
    if workers is None:
        workers = 1 if on_gpu or slots not in (None, 1) else core_count()
    if slots is None:
        slots = "auto" if on_gpu else 1
    if threads is None and slots != "auto":
        threads = 1
    return Crew(workers, threads, str(slots))


def is_gpu(device: str) -> bool:
    """Whether a device of that name is a GPU.

    Raises:
        VsearchError: it is not there.
    """
    # A machine without a GPU is spared the second that loading torch takes.
    if device == "cpu" or (device == "auto" and not any(Path("/dev").glob("nvidia[0-9]*"))):
        return False
    from vsearch.training.device import choose_device

    return choose_device(device).type == "cuda"


def check_workers(workers: int) -> int:
    """`workers`, if so many processes make sense.

    Raises:
        InputError: less than 1 or more than `MAX_WORKERS`.
    """
    if not 1 <= workers <= MAX_WORKERS:
        raise InputError(f"workers is {workers}; give 1 to {MAX_WORKERS} (this machine has {core_count()} cores)")
    return workers


@dataclass
class _Member:
    process: subprocess.Popen[bytes]
    log: Path
    starts: int = 1


@dataclass
class Fleet:
    """Local workers that serve one study, each in a process group of its own: a Ctrl-C reaches them through us."""

    study: str
    settings: Settings
    workers: int
    threads: int | None
    """Of each training; None: found by each worker with its slots."""
    slots: str = "1"
    """Trainings at the same time in each worker, a number or `auto`."""
    download: bool = False
    _members: list[_Member] = field(default_factory=list)

    def start(self) -> None:
        """Start the processes.

        Raises:
            DataError: their logs cannot be written.
        """
        check_workers(self.workers)
        for index in range(self.workers):
            log = self.settings.home_path / "logs" / f"{self.study}-{index + 1}.log"
            try:
                log.parent.mkdir(parents=True, exist_ok=True)
                log.write_bytes(b"")
            except OSError as error:
                raise DataError(
                    f"cannot write {log}: {error.strerror or error}; set VSEARCH_HOME to a folder of yours"
                ) from None
            self._members.append(_Member(self._spawn(log), log))

    def is_running(self) -> bool:
        """Whether any worker still runs; starts those again that were killed.

        Raises:
            VsearchError: a worker ended with an error, in its words and with its exit code.
        """
        running = False
        for member in self._members:
            code = member.process.poll()
            if code is None:
                running = True
            elif code != 0:
                self._recover(member, code)
                running = True
        return running

    def stop(self) -> None:
        """Ask every worker to put its trial back and end; returns when they have, or after `GRACE_SECONDS`."""
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        for member in self._members:
            try:
                member.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                member.process.kill()
                member.process.wait()

    def kill(self) -> None:
        """End every worker at once; their trials go on from their last checkpoints."""
        self._signal(signal.SIGKILL)
        for member in self._members:
            member.process.wait()

    def _signal(self, number: int) -> None:
        for member in self._members:
            if member.process.poll() is None:
                member.process.send_signal(number)

    def _recover(self, member: _Member, code: int) -> None:
        """Restart a worker that was killed; an error that would come again is passed on."""
        words = _last_line(member.log)
        if code == StorageError.exit_code:
            raise StorageError(words)
        if code in (InputError.exit_code, DataError.exit_code):
            raise DataError(words) if code == DataError.exit_code else InputError(words)
        if member.starts > RESTARTS:
            raise VsearchError(f"a worker ended {member.starts} times with code {code} ({words}); see {member.log}")
        member.starts += 1
        member.process = self._spawn(member.log)

    def _layout(self) -> list[str]:
        return ["--slots", self.slots, *([] if self.threads is None else ["--threads", str(self.threads)])]

    def _spawn(self, log: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "vsearch", "worker", "--study", self.study, *self._layout()]
        command += ["--parent", str(os.getpid())] + (["--download"] if self.download else [])
        # Set before torch is loaded: it sizes its pools from them. The storage's URL never goes on a command line.
        limits = {
            name: str(self.threads or 1) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        }
        with log.open("ab") as output:
            return subprocess.Popen(
                command,
                env=inherited_environment() | limits | self.settings.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )


def _last_line(log: Path) -> str:
    lines: Sequence[str] = log.read_text(errors="replace").strip().splitlines()
    return lines[-1].removeprefix("vsearch: ") if lines else "it said nothing"
