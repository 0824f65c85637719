"""The workers of a storage: what each trains now, and which gave no sign of life."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from vsearch.errors import InputError, shorten
from vsearch.storage import LeaseRow, Storage
from vsearch.storage.workers import WorkerRow

SILENT_SECONDS = 60.0
"""A worker without a sign of life for so long, and for two leases, is taken for dead."""
POLL_SECONDS = 0.5


class WorkerView(NamedTuple):
    """One worker in a list."""

    worker: str
    host: str
    device: str
    state: str
    """`working`, `idle`, `drain` (asked to end) or `silent`."""
    studies: tuple[str, ...]
    trials: tuple[int, ...]
    """In its slots."""
    epochs: tuple[int, ...]
    """Finished ones of each of these trials, at the last sign of it."""
    images_per_second: float
    """Over its slots; 0 before an epoch has finished."""
    seconds_since_progress: float | None
    """Of the slot that stands still for longest; None if it trains nothing."""
    seconds_silent: float
    """Since its last sign of life."""
    seconds_alive: float
    """Since its start."""


def worker_views(storage: Storage, lease_seconds: float) -> list[WorkerView]:
    """The workers that have not ended in order, oldest first."""
    rows, leases = storage.workers(), storage.running_leases()
    names = {study_id: _study_name(storage, study_id) for study_id in {row.study_id for row in leases if row.fence}}
    return views_of(rows, leases, names, lease_seconds)


def views_of(
    rows: Iterable[WorkerRow], leases: Iterable[LeaseRow], names: Mapping[int, str], lease_seconds: float
) -> list[WorkerView]:
    """The same of what was read already; `names` of the studies by id."""
    held = [lease for lease in leases if lease.fence]
    silent = max(SILENT_SECONDS, 2 * lease_seconds)
    return [_view(row, [lease for lease in held if lease.worker == row.worker], names, silent) for row in rows]


def drain(storage: Storage, host_or_worker: str) -> list[str]:
    """Ask a worker, or all workers of a host, to put their trials back and end; gives their names.

    Raises:
        InputError: there is no such worker or host; names those that there are.
    """
    names = storage.drain_workers(host_or_worker)
    if not names:
        there = ", ".join(row.worker for row in storage.workers()) or "none that lives"
        raise InputError(f"no worker and no host is called {shorten(host_or_worker)!r}; the workers are {there}")
    return names


def wait_until_gone(
    storage: Storage, workers: Collection[str], lease_seconds: float, sleep: Callable[[float], None] = time.sleep
) -> list[str]:
    """Wait until those workers have ended; gives those that did not but are silent, and so taken for dead."""
    while True:
        left = [view for view in worker_views(storage, lease_seconds) if view.worker in workers]
        silent = [view.worker for view in left if view.state == "silent"]
        if len(silent) == len(left):
            return silent
        sleep(POLL_SECONDS)


def _study_name(storage: Storage, study_id: int) -> str:
    try:
        return storage.get_study_name_from_id(study_id)
    except KeyError:
        return "(deleted)"


def _view(row: WorkerRow, leases: list[LeaseRow], names: Mapping[int, str], silent: float) -> WorkerView:
    state = "silent" if row.seconds_silent > silent else row.asked or ("working" if leases else "idle")
    return WorkerView(
        worker=row.worker,
        host=row.host,
        device=row.device,
        state=state,
        studies=tuple(dict.fromkeys(names[lease.study_id] for lease in leases)),
        trials=tuple(lease.number for lease in leases),
        epochs=tuple(lease.epoch for lease in leases),
        images_per_second=round(sum(lease.speed for lease in leases), 1),
        seconds_since_progress=max((round(lease.seconds_since_progress, 1) for lease in leases), default=None),
        seconds_silent=round(row.seconds_silent, 1),
        seconds_alive=round(row.seconds_alive, 1),
    )
