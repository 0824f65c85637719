"""Ends of trials in SQL: all that is known of a trial and its final state, in one transaction."""

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from optuna.trial import TrialState

from vsearch.storage import leases
from vsearch.storage.own_tables import own_tables
from vsearch.storage.tables import TRIAL_ATTRS, TRIALS, VALUES
from vsearch.storage.upsert import upsert


def write_attrs(connection: sa.Connection, trial_id: int, attrs: Mapping[str, Any]) -> None:
    """Set user attributes of a trial; a value of None takes nothing away."""
    rows = [{"trial_id": trial_id, "key": key, "value_json": json.dumps(value)} for key, value in attrs.items()]
    upsert(connection, TRIAL_ATTRS, ("trial_id", "key"), rows)


def end_trial(
    connection: sa.Connection,
    trial_id: int,
    state: TrialState,
    value: float | None,
    reason: str,
    detail: str,
) -> None:
    """Give an open trial its final state, and end its lease and its attempt for that reason."""
    if value is not None:
        connection.execute(sa.delete(VALUES).where(VALUES.c.trial_id == trial_id))
        row = {"trial_id": trial_id, "objective": 0, "value": value, "value_type": "FINITE"}
        connection.execute(sa.insert(VALUES).values(**row))
    ended = datetime.now(UTC).replace(tzinfo=None)
    connection.execute(
        sa.update(TRIALS).where(TRIALS.c.trial_id == trial_id).values(state=state, datetime_complete=ended)
    )
    leases.end(connection, trial_id, reason, detail)


def end_open_trials(
    connection: sa.Connection,
    study_id: int,
    reason: str,
    detail: str,
    attrs: Mapping[str, Any],
    only: Collection[int] | None = None,
) -> list[int]:
    """Let the running and the waiting trials of a study fail for that reason; gives their numbers.

    Whoever trains one of them cannot write to it any more. `only`: no others than those with these numbers.
    """
    is_meant = sa.and_(TRIALS.c.study_id == study_id, TRIALS.c.state.in_((TrialState.RUNNING, TrialState.WAITING)))
    if only is not None:
        is_meant = sa.and_(is_meant, TRIALS.c.number.in_(only))
    query = sa.select(TRIALS.c.trial_id, TRIALS.c.number).where(is_meant).order_by(TRIALS.c.trial_id)
    trials = connection.execute(query.with_for_update()).all()
    for trial in trials:
        write_attrs(connection, trial.trial_id, attrs)
        end_trial(connection, trial.trial_id, TrialState.FAIL, None, reason, detail)
    return [trial.number for trial in trials]


def has_ended_so(connection: sa.Connection, trial_id: int, fence: int, reason: str) -> bool:
    """Whether the holder of that fence has ended the trial already: a repeated call after a lost answer."""
    attempts = own_tables(connection.dialect.name).attempts
    query = sa.select(attempts.c.reason).where(attempts.c.trial_id == trial_id, attempts.c.fence == fence)
    return connection.execute(query).scalar_one_or_none() == reason


def state_of(connection: sa.Connection, trial_id: int) -> TrialState | None:
    """The state of a trial, which no other transaction changes until this one ends; None if there is no such trial."""
    query = sa.select(TRIALS.c.state).where(TRIALS.c.trial_id == trial_id).with_for_update()
    state: TrialState | None = connection.execute(query).scalar_one_or_none()
    return state
