"""Attempts in SQL: each time that a worker took a trial, for how long, and why it ended."""

from collections.abc import Collection
from typing import Any, NamedTuple

import sqlalchemy as sa
from optuna.trial import TrialState

from vsearch.storage.clock import now
from vsearch.storage.own_tables import own_tables
from vsearch.storage.tables import REPORTS, TRIALS

LOST = "lost"
"""The reason of an attempt whose worker died or stood still: it ended with its last progress."""


class Attempt(NamedTuple):
    """One time that a worker took a trial; times are seconds since 1970 by the database's clock."""

    fence: int
    worker: str
    device: str
    started: float
    ended: float | None
    """None while it goes on."""
    reason: str
    """Empty while it goes on."""
    detail: str
    epoch: int
    """The last reported epoch at its end."""


class Spent(NamedTuple):
    """What a study has spent so far, and what it has promised to trials that were begun."""

    epochs: int
    """Reported epochs of ended trials; one that was trained twice counts once."""
    begun: int
    """Trials that run, or wait to go on after they had begun: each may still need all its epochs."""
    device_seconds: float
    """Time for which workers held its trials, lost attempts up to their last progress."""
    running: int
    """Trials that a worker holds now."""


def begin(connection: sa.Connection, study_id: int, trial_id: int, fence: int, worker: str, device: str) -> None:
    """Note that a worker took a trial."""
    attempts = own_tables(connection.dialect.name).attempts
    row: dict[str, Any] = {"trial_id": trial_id, "fence": fence, "study_id": study_id, "worker": worker}
    row |= {"device": device, "started": now(connection), "reason": "", "detail": "", "epoch": 0}
    connection.execute(sa.insert(attempts).values(**row))


def end(connection: sa.Connection, trial_id: int, reason: str, detail: str) -> None:
    """Note why the attempt of a trial that goes on has ended; nothing where none does."""
    tables = own_tables(connection.dialect.name)
    attempts, leases = tables.attempts, tables.leases
    ended: Any = now(connection)
    if reason == LOST:
        ended = sa.select(leases.c.progress).where(leases.c.trial_id == trial_id).scalar_subquery()
    connection.execute(
        sa.update(attempts)
        .where(attempts.c.trial_id == trial_id, attempts.c.ended.is_(None))
        .values(ended=ended, reason=reason, detail=detail, epoch=_last_epoch(trial_id))
    )


def of_trial(connection: sa.Connection, trial_id: int) -> list[Attempt]:
    """The attempts of a trial, first to last."""
    table = own_tables(connection.dialect.name).attempts
    columns = [table.c[name] for name in Attempt._fields]
    query = sa.select(*columns).where(table.c.trial_id == trial_id).order_by(table.c.fence)
    return [Attempt(*row) for row in connection.execute(query)]


def crashes(connection: sa.Connection, trial_id: int, reasons: Collection[str]) -> int:
    """How often the trial ended its attempt by one of those reasons.

    Of the lost ones only those count that got no further than the trial is now: a fault of the trial comes again at
    the same place, while a machine that is taken away leaves progress behind.
    """
    table = own_tables(connection.dialect.name).attempts
    is_counted = sa.or_(table.c.reason != LOST, table.c.epoch == _last_epoch(trial_id))
    query = sa.select(sa.func.count()).where(table.c.trial_id == trial_id, table.c.reason.in_(reasons), is_counted)
    return int(connection.execute(query).scalar_one())


def spent(connection: sa.Connection, study_id: int) -> Spent:
    """What the study has spent so far."""
    tables = own_tables(connection.dialect.name)
    attempts, leases = tables.attempts, tables.leases
    is_open = TRIALS.c.state.in_((TrialState.RUNNING, TrialState.WAITING))
    reports = REPORTS.join(TRIALS, REPORTS.c.trial_id == TRIALS.c.trial_id)
    epochs = sa.select(sa.func.count()).select_from(reports).where(TRIALS.c.study_id == study_id, ~is_open)
    was_begun = sa.exists().where(attempts.c.trial_id == TRIALS.c.trial_id)
    begun = sa.select(sa.func.count()).select_from(TRIALS).where(TRIALS.c.study_id == study_id, is_open, was_begun)
    until = sa.func.coalesce(attempts.c.ended, leases.c.progress)
    held = sa.select(sa.func.coalesce(sa.func.sum(until - attempts.c.started), 0.0))
    held = held.select_from(attempts.outerjoin(leases, attempts.c.trial_id == leases.c.trial_id))
    running = sa.select(sa.func.count()).select_from(attempts)
    return Spent(
        epochs=int(connection.execute(epochs).scalar_one()),
        begun=int(connection.execute(begun).scalar_one()),
        device_seconds=float(connection.execute(held.where(attempts.c.study_id == study_id)).scalar_one()),
        running=int(
            connection.execute(running.where(attempts.c.study_id == study_id, attempts.c.ended.is_(None))).scalar_one()
        ),
    )


def held_seconds(connection: sa.Connection, study_id: int) -> dict[int, float]:
    """The time for which workers held each trial of a study, by its number; trials that nobody took are not there."""
    tables = own_tables(connection.dialect.name)
    attempts, leases = tables.attempts, tables.leases
    until = sa.func.coalesce(attempts.c.ended, leases.c.progress)
    joined = attempts.outerjoin(leases, attempts.c.trial_id == leases.c.trial_id)
    joined = joined.join(TRIALS, TRIALS.c.trial_id == attempts.c.trial_id)
    query = sa.select(TRIALS.c.number, sa.func.coalesce(sa.func.sum(until - attempts.c.started), 0.0))
    query = query.select_from(joined).where(attempts.c.study_id == study_id).group_by(TRIALS.c.number)
    return {row[0]: row[1] for row in connection.execute(query)}


def next_waiting(connection: sa.Connection, study_id: int) -> bool | None:
    """Whether the trial that is asked for next has begun before; None if none waits."""
    table = own_tables(connection.dialect.name).attempts
    first = (
        sa.select(TRIALS.c.trial_id)
        .where(TRIALS.c.study_id == study_id, TRIALS.c.state == TrialState.WAITING)
        .order_by(TRIALS.c.number)
        .limit(1)
    )
    trial_id = connection.execute(first).scalar_one_or_none()
    if trial_id is None:
        return None
    return connection.execute(sa.select(table.c.fence).where(table.c.trial_id == trial_id)).first() is not None


def _last_epoch(trial_id: int) -> sa.ScalarSelect[int]:
    last = sa.func.coalesce(sa.func.max(REPORTS.c.step), 0)
    return sa.select(last).where(REPORTS.c.trial_id == trial_id).scalar_subquery()
