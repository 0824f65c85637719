"""Workers in SQL: who lives, on which device, and what each is asked to do."""

from typing import Any, NamedTuple

import sqlalchemy as sa

from vsearch.storage.clock import now
from vsearch.storage.own_tables import own_tables

DRAIN = "drain"
FORGOTTEN_SECONDS = 86_400.0
"""A worker that gave no sign of life for so long is not listed any more."""


class WorkerRow(NamedTuple):
    """One worker as the database knows it."""

    worker: str
    host: str
    pid: int
    device: str
    seconds_alive: float
    """Since its start."""
    seconds_silent: float
    """Since its last sign of life."""
    asked: str
    """`drain`, or empty."""


def enter(connection: sa.Connection, worker: str, host: str, pid: int, device: str) -> None:
    """Note that a worker has started; asked again it changes nothing."""
    table = own_tables(connection.dialect.name).workers
    connection.execute(sa.delete(table).where(table.c.seen < now(connection) - FORGOTTEN_SECONDS))
    if connection.execute(sa.select(table.c.pid).where(table.c.worker == worker)).first() is not None:
        return
    clock = now(connection)
    row: dict[str, Any] = {"worker": worker, "host": host, "pid": pid, "device": device, "asked": ""}
    connection.execute(sa.insert(table).values(**row, started=clock, seen=clock))


def beat(connection: sa.Connection, worker: str) -> str:
    """Note a sign of life; what the worker is asked to do, empty for nothing."""
    table = own_tables(connection.dialect.name).workers
    is_worker = table.c.worker == worker
    connection.execute(sa.update(table).where(is_worker).values(seen=now(connection)))
    asked = connection.execute(sa.select(table.c.asked).where(is_worker)).scalar_one_or_none()
    return asked or ""


def leave(connection: sa.Connection, worker: str) -> None:
    """Forget a worker that has ended."""
    table = own_tables(connection.dialect.name).workers
    connection.execute(sa.delete(table).where(table.c.worker == worker))


def drain(connection: sa.Connection, host_or_worker: str) -> list[str]:
    """Ask a worker, or all workers of a host, to end; gives their names."""
    table = own_tables(connection.dialect.name).workers
    is_meant = sa.or_(table.c.worker == host_or_worker, table.c.host == host_or_worker)
    names = list(connection.execute(sa.select(table.c.worker).where(is_meant).order_by(table.c.worker)).scalars())
    connection.execute(sa.update(table).where(table.c.worker.in_(names)).values(asked=DRAIN))
    return names


def all_workers(connection: sa.Connection) -> list[WorkerRow]:
    """The workers that have not ended in order, oldest first."""
    table = own_tables(connection.dialect.name).workers
    clock = now(connection)
    query = sa.select(
        table.c.worker,
        table.c.host,
        table.c.pid,
        table.c.device,
        clock - table.c.started,
        clock - table.c.seen,
        table.c.asked,
    ).order_by(table.c.started, table.c.worker)
    return [WorkerRow(*row) for row in connection.execute(query)]
