"""Worker processes as the driver sees them: started, signalled, and missed when they are gone."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import vsearch
from chaos_parts.faults import Form
from chaos_parts.ledger import is_ready, training_epoch

ZONES = ("UTC0", "JST-9", "PST8PDT", "IST-5:30", "NZST-12", "NST3:30")
PG_ZONES = ("UTC", "Asia/Tokyo", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Auckland", "America/St_Johns")
HOMES = 3
"""Folders that stand for machines: workers know at once of deaths in their own, and of others by the lease alone."""
GRACE_SECONDS = 40.0


class WorkerEnd(NamedTuple):
    """How a worker process ended."""

    name: str
    code: int
    """As `subprocess` counts: negative for a signal that was not handled."""
    signals: tuple[int, ...] = ()
    """What it was sent, SIGSTOP and SIGCONT left out."""
    last_words: str = ""


@dataclass
class Member:
    """A running worker."""

    name: str
    pid: int
    signals: list[int] = field(default_factory=list)
    asked_at: float | None = None
    """When it was told to end."""
    resumes_at: float | None = None
    """When it is stopped: until when."""


class Fleet:
    """So many workers at any time; whoever is gone is replaced at once, under a new name."""

    def __init__(self, folder: Path, settings: dict[str, Any], form: Form, rng: random.Random) -> None:
        self.folder, self._rng, self._zones = folder, rng, form.zones
        self._last_struck = form.epochs - 1 if form.spares_claims else None
        self.ledgers, self.logs = folder / "ledgers", folder / "logs"
        for path in (self.ledgers, self.logs):
            path.mkdir(parents=True)
        (folder / "settings.json").write_text(
            json.dumps({**settings, "ledgers": str(self.ledgers), "logs": str(self.logs)})
        )
        benchmarks = Path(__file__).resolve().parents[1]
        package = Path(vsearch.__file__).resolve().parents[1]
        environment = {**os.environ, "PYTHONPATH": f"{benchmarks}{os.pathsep}{package}"}
        environment |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        with (folder / "zygote.log").open("wb") as log:
            self._zygote = subprocess.Popen(
                [sys.executable, "-m", "chaos_parts.worker", str(folder / "settings.json")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
        assert self._zygote.stdout is not None
        os.set_blocking(self._zygote.stdout.fileno(), False)
        self._unread = b""
        self._count = 0
        self._wanted, self._coming = form.workers, 0
        self.members: dict[str, Member] = {}
        self.ends: list[WorkerEnd] = []
        self.may_start = True
        """False while the database is away: as a supervisor would, nobody is started into an outage."""

    def tend(self) -> None:
        """Take note of who has ended, wake those whose sleep is over, and fill the fleet up."""
        for event in self._events():
            if "started" in event:
                self._coming -= 1
                self.members[event["started"]] = Member(event["started"], event["pid"])
            else:
                self._ended(self.members.pop(event["ended"]), event["code"])
        now = time.monotonic()
        for member in self.members.values():
            if member.resumes_at is not None and now >= member.resumes_at:
                member.resumes_at = None
                self._send(member, signal.SIGCONT)
            if member.asked_at is not None and now > member.asked_at + GRACE_SECONDS:
                self._send(member, signal.SIGKILL)  # shows as -9 beside the signal that it did not obey
                member.asked_at = None
        while self.may_start and len(self.members) + self._coming < self._wanted:
            self._start()

    def send(self, number: signal.Signals, seconds: float = 0.0) -> str | None:
        """Send a signal to a worker drawn by lot of those that were not sent any; its name, None if there is none.

        SIGSTOP is followed by SIGCONT after `seconds`, and goes to one that trains: just after epoch 1, which is no
        rung. Other signals may find a worker that claims a trial, or ends one, unless the form spares those.
        """
        free = [m for m in self.members.values() if not m.signals and m.resumes_at is None]
        free = [m for m in free if is_ready(self.ledgers, m.name)]
        if number == signal.SIGSTOP:
            free = [m for m in free if training_epoch(self.ledgers, m.name) == 1]
        elif self._last_struck is not None:
            epochs = [training_epoch(self.ledgers, m.name) for m in free]
            pairs = zip(free, epochs, strict=True)
            free = [m for m, epoch in pairs if epoch is not None and epoch <= self._last_struck]
        if not free:
            return None
        member = self._rng.choice(free)
        if number == signal.SIGSTOP:
            member.resumes_at = time.monotonic() + seconds
        else:
            member.signals.append(int(number))
            member.asked_at = time.monotonic()
        self._send(member, number)
        return member.name

    @property
    def all_ready(self) -> bool:
        """Whether the fleet is full and everybody has begun to serve."""
        is_full = len(self.members) == self._wanted
        return is_full and all(is_ready(self.ledgers, name) for name in self.members)

    @property
    def any_stopped(self) -> bool:
        """Whether somebody stands still."""
        return any(member.resumes_at is not None for member in self.members.values())

    def dismiss(self) -> None:
        """Replace nobody any more."""
        self._wanted = 0

    def close(self) -> None:
        """End the zygote, and with it every worker that is left."""
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        with suppress(OSError):
            self._zygote.stdin.close()
        try:
            self._zygote.wait(20)
        except subprocess.TimeoutExpired:
            self._zygote.kill()
            self._zygote.wait()
        self._zygote.stdout.close()

    def _start(self) -> None:
        self._count += 1
        self._coming += 1
        order = {
            "name": f"w{self._count:04d}",
            "home": str(self.folder / f"home-{self._rng.randrange(HOMES)}"),
            "tz": self._rng.choice(ZONES[: self._zones]),
            "pgtz": self._rng.choice(PG_ZONES[: self._zones]),
        }
        assert self._zygote.stdin is not None
        self._zygote.stdin.write(json.dumps(order).encode() + b"\n")
        self._zygote.stdin.flush()

    def _events(self) -> list[dict[str, Any]]:
        assert self._zygote.stdout is not None
        with suppress(BlockingIOError):
            self._unread += os.read(self._zygote.stdout.fileno(), 65536)
        if self._zygote.poll() is not None:
            raise RuntimeError(f"the zygote ended: {(self.folder / 'zygote.log').read_text()[-1000:]}")
        *whole, self._unread = self._unread.split(b"\n")
        return [json.loads(line) for line in whole]

    def _ended(self, member: Member, code: int) -> None:
        text = (self.logs / f"{member.name}.log").read_text(errors="replace").strip()
        self.ends.append(WorkerEnd(member.name, code, tuple(member.signals), (text.splitlines() or [""])[-1][-300:]))

    @staticmethod
    def _send(member: Member, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(member.pid, number)
