"""Excluding trials in SQL, and the record of what people did: rows of that are only added."""

import json
from typing import Any, NamedTuple

import sqlalchemy as sa
from optuna.trial import TrialState

from vsearch.storage.claims import RUNGS
from vsearch.storage.clock import now
from vsearch.storage.own_tables import own_tables
from vsearch.storage.tables import SYSTEM_ATTRS, TRIALS


class Event(NamedTuple):
    """Something that a person did to a study or one of its trials."""

    number: int | None
    """Of the trial; None for the whole study."""
    at: float
    """Seconds since 1970 by the database's clock."""
    who: str
    action: str
    detail: str


def exclude(connection: sa.Connection, study_id: int, number: int) -> TrialState | None:
    """Take an ended trial out of its study: it counts as failed for every reader, and for no rung.

    Gives the state in which it was found: nothing is changed for one that has not ended. None if there is no such
    trial, or it is excluded already.
    """
    table = own_tables(connection.dialect.name).exclusions
    found = _trial(connection, study_id, number)
    if found is None or is_excluded(connection, found.trial_id):
        return None
    trial_id, state = found.trial_id, found.state
    if not state.is_finished():
        return TrialState(state)
    is_rung = sa.and_(SYSTEM_ATTRS.c.trial_id == trial_id, SYSTEM_ATTRS.c.key.like(RUNGS))
    rungs = connection.execute(sa.select(SYSTEM_ATTRS.c.key, SYSTEM_ATTRS.c.value_json).where(is_rung)).all()
    connection.execute(sa.delete(SYSTEM_ATTRS).where(is_rung))
    kept = json.dumps({row.key: row.value_json for row in rungs})
    row: dict[str, Any] = {"trial_id": trial_id, "study_id": study_id, "state": state.name, "rungs": kept}
    connection.execute(sa.insert(table).values(**row))
    connection.execute(sa.update(TRIALS).where(TRIALS.c.trial_id == trial_id).values(state=TrialState.FAIL))
    return TrialState(state)


def include(connection: sa.Connection, study_id: int, number: int) -> bool:
    """Take an excluded trial in again as it was; False if it is not excluded."""
    table = own_tables(connection.dialect.name).exclusions
    found = _trial(connection, study_id, number)
    if found is None:
        return False
    kept = connection.execute(sa.select(table.c.state, table.c.rungs).where(table.c.trial_id == found.trial_id)).first()
    if kept is None:
        return False
    for key, value_json in json.loads(kept.rungs).items():
        row = {"trial_id": found.trial_id, "key": key, "value_json": value_json}
        connection.execute(sa.insert(SYSTEM_ATTRS).values(**row))
    state = TrialState[kept.state]
    connection.execute(sa.update(TRIALS).where(TRIALS.c.trial_id == found.trial_id).values(state=state))
    connection.execute(sa.delete(table).where(table.c.trial_id == found.trial_id))
    return True


def is_excluded(connection: sa.Connection, trial_id: int) -> bool:
    """Whether the trial was taken out of its study."""
    table = own_tables(connection.dialect.name).exclusions
    return connection.execute(sa.select(table.c.state).where(table.c.trial_id == trial_id)).first() is not None


def count(connection: sa.Connection, study_id: int) -> int:
    """The number of excluded trials of a study."""
    table = own_tables(connection.dialect.name).exclusions
    query = sa.select(sa.func.count()).select_from(table).where(table.c.study_id == study_id)
    return int(connection.execute(query).scalar_one())


def excluded_states(connection: sa.Connection, study_id: int) -> dict[int, TrialState]:
    """The numbers of a study's excluded trials, and the states in which they ended."""
    table = own_tables(connection.dialect.name).exclusions
    joined = table.join(TRIALS, TRIALS.c.trial_id == table.c.trial_id)
    query = sa.select(TRIALS.c.number, table.c.state).select_from(joined).where(table.c.study_id == study_id)
    return {number: TrialState[state] for number, state in connection.execute(query)}


def note(
    connection: sa.Connection,
    study_id: int,
    number: int | None,
    who: str,
    action: str,
    detail: str,
    at: float | None = None,
) -> None:
    """Add to the record; `at`: by the database's clock, by default now."""
    table = own_tables(connection.dialect.name).events
    row: dict[str, Any] = {"study_id": study_id, "number": number, "who": who, "action": action, "detail": detail}
    connection.execute(sa.insert(table).values(**row, at=now(connection) if at is None else at))


def counts(connection: sa.Connection) -> dict[int, int]:
    """The number of excluded trials of each study that has any, by the study's id."""
    table = own_tables(connection.dialect.name).exclusions
    query = sa.select(table.c.study_id, sa.func.count()).group_by(table.c.study_id)
    return {row[0]: row[1] for row in connection.execute(query)}


def events(connection: sa.Connection, study_id: int) -> list[Event]:
    """The record of a study, oldest first."""
    table = own_tables(connection.dialect.name).events
    columns = [table.c[name] for name in Event._fields]
    query = sa.select(*columns).where(table.c.study_id == study_id).order_by(table.c.event_id)
    return [Event(*row) for row in connection.execute(query)]


def _trial(connection: sa.Connection, study_id: int, number: int) -> Any:
    query = sa.select(TRIALS.c.trial_id, TRIALS.c.state).where(TRIALS.c.study_id == study_id, TRIALS.c.number == number)
    return connection.execute(query.with_for_update()).one_or_none()
