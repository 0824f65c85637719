"""Leases in SQL: which worker may write to a running trial, and until when, by the database's clock."""

from typing import Any, NamedTuple

import sqlalchemy as sa
from optuna.trial import TrialState

from vsearch.storage import attempts
from vsearch.storage.clock import now
from vsearch.storage.own_tables import own_tables
from vsearch.storage.tables import TRIALS


class LeaseRow(NamedTuple):
    """The lease of a running trial; times are seconds by the database's clock."""

    trial_id: int
    number: int
    study_id: int
    worker: str
    fence: int
    seconds_left: float
    """Negative once it has run out."""
    seconds_since_progress: float
    lost: int
    """How often the trial lost its worker before."""
    epoch: int
    """Finished ones, at the last renewal."""
    speed: float
    """Images/s of the last finished epoch; 0 before there was one."""


def take(
    connection: sa.Connection, study_id: int, trial_id: int, worker: str, seconds: float, device: str
) -> int | None:
    """Give a running trial to a worker for so many seconds; the fence that its writes must carry from now on.

    None if the trial does not run or somebody else has it, though their time ran out. Asked again by the same worker,
    as after a lost answer, it gives the same fence.
    """
    leases = own_tables(connection.dialect.name).leases
    state = connection.execute(sa.select(TRIALS.c.state).where(TRIALS.c.trial_id == trial_id).with_for_update())
    if state.scalar_one_or_none() != TrialState.RUNNING:
        return None
    is_trial, clock = leases.c.trial_id == trial_id, now(connection)
    held = connection.execute(
        sa.select(leases.c.worker, leases.c.expires, leases.c.fence).where(is_trial)
    ).one_or_none()
    values: dict[str, Any] = {"worker": worker, "expires": clock + seconds, "progress": clock, "speed": 0.0}
    if held is not None and held.expires > 0:
        return int(held.fence) if held.worker == worker else None
    fence = 1 if held is None else int(held.fence) + 1
    if held is None:
        row = {"trial_id": trial_id, "study_id": study_id, "fence": fence, "lost": 0, "epoch": 0}
        connection.execute(sa.insert(leases).values(**row, **values))
    else:
        connection.execute(sa.update(leases).where(is_trial).values(**values, fence=fence))
    attempts.begin(connection, study_id, trial_id, fence, worker, device)
    return fence


def renew(connection: sa.Connection, trial_id: int, fence: int, seconds: float, epoch: int, speed: float) -> bool:
    """Let the lease last for so many seconds from now; False if somebody else has the trial.

    One that has run out is renewed as long as nobody took the trial.
    """
    leases = own_tables(connection.dialect.name).leases
    clock = now(connection)
    is_ours = sa.and_(leases.c.trial_id == trial_id, leases.c.fence == fence, leases.c.expires > 0)
    values: dict[str, Any] = {"expires": clock + seconds, "progress": clock, "epoch": epoch, "speed": speed}
    return connection.execute(sa.update(leases).where(is_ours).values(**values)).rowcount == 1


def is_held(connection: sa.Connection, trial_id: int, fence: int) -> bool:
    """Whether the fence is the trial's; until the transaction ends nobody can take the trial away."""
    leases = own_tables(connection.dialect.name).leases
    is_ours = sa.and_(leases.c.trial_id == trial_id, leases.c.fence == fence, leases.c.expires > 0)
    query = sa.select(leases.c.trial_id).where(is_ours).with_for_update(read=True)
    return connection.execute(query).first() is not None


def end(connection: sa.Connection, trial_id: int, reason: str, detail: str = "") -> None:
    """Take a trial from whoever has it, for a reason: no fence given out so far is valid any more."""
    leases = own_tables(connection.dialect.name).leases
    attempts.end(connection, trial_id, reason, detail)
    lost = leases.c.lost + 1 if reason == attempts.LOST else leases.c.lost
    changes: dict[str, Any] = {"fence": leases.c.fence + 1, "expires": 0.0, "lost": lost}
    connection.execute(sa.update(leases).where(leases.c.trial_id == trial_id).values(**changes))


def forget_study(connection: sa.Connection, study_id: int) -> None:
    """Delete what our tables hold of a study that is deleted: SQLite may give its trials' ids again."""
    tables = own_tables(connection.dialect.name)
    own = (tables.leases, tables.attempts, tables.checkpoints, tables.exclusions, tables.events, tables.pictures)
    for table in own:
        connection.execute(sa.delete(table).where(table.c.study_id == study_id))


def running(connection: sa.Connection, study_id: int | None = None) -> list[LeaseRow]:
    """The leases of running trials, of one study or of all; a running trial without one appears with fence 0."""
    leases = own_tables(connection.dialect.name).leases
    clock = now(connection)
    query = (
        sa.select(
            TRIALS.c.trial_id,
            TRIALS.c.number,
            TRIALS.c.study_id,
            sa.func.coalesce(leases.c.worker, ""),
            sa.func.coalesce(leases.c.fence, 0),
            sa.func.coalesce(leases.c.expires - clock, -1.0),
            sa.func.coalesce(clock - leases.c.progress, 0.0),
            sa.func.coalesce(leases.c.lost, 0),
            sa.func.coalesce(leases.c.epoch, 0),
            sa.func.coalesce(leases.c.speed, 0.0),
        )
        .select_from(TRIALS.outerjoin(leases, TRIALS.c.trial_id == leases.c.trial_id))
        .where(TRIALS.c.state == TrialState.RUNNING)
        .order_by(TRIALS.c.study_id, TRIALS.c.number)
    )
    if study_id is not None:
        query = query.where(TRIALS.c.study_id == study_id)
    return [LeaseRow(*row) for row in connection.execute(query)]
