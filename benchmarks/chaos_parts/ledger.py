"""The ledger: what the database acknowledged to each worker, kept beside the database and flushed to the disk."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from optuna.storages import RDBStorage

from vsearch.storage import Storage


class Acknowledged(NamedTuple):
    """A report whose storing the database confirmed to a worker."""

    worker: str
    trial_id: int
    step: int
    value: float
    fence: int | None = None


class Taking(NamedTuple):
    """A worker that was given a trial, and the fence that it got."""

    worker: str
    trial_id: int
    fence: int


class Ledger:
    """The file of one worker; a line that was written is on the disk."""

    def __init__(self, path: Path, worker: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._worker = worker

    def note(self, event: str, **values: Any) -> None:
        """Append one line."""
        line = {"event": event, "worker": self._worker, "time": time.time(), **values}
        os.write(self._file, json.dumps(line).encode() + b"\n")
        os.fsync(self._file)


class LedgerStorage(Storage):
    """vsearch's storage, noting what it acknowledged."""

    ledger: Ledger

    def enter_worker(self, worker: str, host: str, pid: int, device: str) -> None:
        """Note that the worker is ready: from here on it outlasts a database that goes away."""
        super().enter_worker(worker, host, pid, device)
        self.ledger.note("ready")

    def set_trial_intermediate_value(self, trial_id: int, step: int, intermediate_value: float) -> None:
        """Optuna's method."""
        fence = self._fences.get(trial_id)
        super().set_trial_intermediate_value(trial_id, step, intermediate_value)
        self.ledger.note("reported", trial_id=trial_id, step=step, value=intermediate_value, fence=fence)

    def take_lease(self, study_id: int, trial_id: int, worker: str, seconds: float, *rest: Any, **more: Any) -> int:
        """Note which fence was given."""
        fence = super().take_lease(study_id, trial_id, worker, seconds, *rest, **more)
        self.ledger.note("took", trial_id=trial_id, fence=fence)
        return fence


class LedgerRDBStorage(RDBStorage):
    """Optuna's own storage, likewise."""

    ledger: Ledger

    def set_trial_intermediate_value(self, trial_id: int, step: int, intermediate_value: float) -> None:
        """Optuna's method."""
        super().set_trial_intermediate_value(trial_id, step, intermediate_value)
        self.ledger.note("reported", trial_id=trial_id, step=step, value=intermediate_value, fence=None)


def lines(folder: Path) -> Iterator[dict[str, Any]]:
    """Every whole line of every ledger; a worker that is killed may leave half a line, of nothing acknowledged."""
    for path in sorted(folder.glob("*.ledger")):
        for line in path.read_bytes().split(b"\n")[:-1]:
            yield json.loads(line)


def acknowledged(folder: Path) -> list[Acknowledged]:
    """All acknowledged reports."""
    return [
        Acknowledged(line["worker"], line["trial_id"], line["step"], line["value"], line["fence"])
        for line in lines(folder)
        if line["event"] == "reported"
    ]


def takings(folder: Path) -> list[Taking]:
    """All trials that were taken."""
    return [
        Taking(line["worker"], line["trial_id"], line["fence"]) for line in lines(folder) if line["event"] == "took"
    ]


def training_epoch(folder: Path, worker: str) -> int | None:
    """The epochs of its trial that a worker has reported; None before it has taken one."""
    path = folder / f"{worker}.ledger"
    whole = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    line = json.loads(whole[-1]) if whole else {}
    return {"took": 0, "reported": line.get("step")}.get(line.get("event", ""))


def is_ready(folder: Path, worker: str) -> bool:
    """Whether the worker has begun to serve its study."""
    path = folder / f"{worker}.ledger"
    return path.exists() and b'"ready"' in path.read_bytes()[:400]
