"""Reads that load no trials: counts and summaries of 5,000 trials in a few milliseconds."""

import json
import math
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from optuna.study import StudyDirection
from optuna.trial import TrialState

from vsearch.storage.tables import DIRECTIONS, STUDIES, STUDY_ATTRS, TRIAL_ATTRS, TRIALS, VALUES


class StudySummary(NamedTuple):
    """What a list of studies shows of one study."""

    study_id: int
    name: str
    direction: StudyDirection | None
    """None if the study has several objectives."""
    user_attrs: dict[str, Any]
    counts: dict[TrialState, int]
    """Every state has its key."""
    best_value: float | None
    """Of the complete trials; None if there is none or the study has several objectives."""
    best_number: int | None
    """Number of the trial with `best_value`; of equals the first."""
    first_started: datetime | None
    """Start of the first trial; aware, UTC."""
    last_changed: datetime | None
    """Last start or end of a trial; aware, UTC."""


class Tally(NamedTuple):
    """The trials of a study, as far as budgets ask."""

    done: int
    """Finished and pruned."""
    running: int
    waiting: int
    failed: int


class _Best(NamedTuple):
    value: float
    number: int


def study_names(connection: sa.Connection) -> list[str]:
    """The names of all studies, oldest first."""
    return list(connection.execute(sa.select(STUDIES.c.study_name).order_by(STUDIES.c.study_id)).scalars())


def tally(connection: sa.Connection, study_id: int) -> Tally:
    """The trials of a study by state, without reading those that are done.

    The last trial's number tells how many there are: Optuna numbers them 0, 1, 2 … in the order of their ids.
    """
    is_of_study = TRIALS.c.study_id == study_id
    last = sa.select(TRIALS.c.number).where(is_of_study).order_by(TRIALS.c.trial_id.desc()).limit(1)
    states = (TrialState.RUNNING, TrialState.WAITING, TrialState.FAIL)
    counts = [sa.select(sa.func.count()).where(is_of_study, TRIALS.c.state == state) for state in states]
    # In one statement, for what ends between two would be counted in none or in both.
    row = connection.execute(sa.select(last.scalar_subquery(), *(count.scalar_subquery() for count in counts))).one()
    number, running, waiting, failed = row
    total = 0 if number is None else number + 1
    return Tally(total - running - waiting - failed, running, waiting, failed)


def study_attr(connection: sa.Connection, study_id: int, key: str) -> Any:
    """One user attribute of a study; None if it is not set."""
    query = sa.select(STUDY_ATTRS.c.value_json).where(STUDY_ATTRS.c.study_id == study_id, STUDY_ATTRS.c.key == key)
    text = connection.execute(query).scalar_one_or_none()
    return None if text is None else json.loads(text)


def attr_of_studies(connection: sa.Connection, key: str) -> dict[int, str]:
    """One user attribute of all studies that have it, by their ids, as JSON text."""
    query = sa.select(STUDY_ATTRS.c.study_id, STUDY_ATTRS.c.value_json).where(STUDY_ATTRS.c.key == key)
    rows = connection.execute(query.order_by(STUDY_ATTRS.c.study_id))
    return {study_id: text for study_id, text in rows if isinstance(text, str)}


def count_trials_with_attr(connection: sa.Connection, study_id: int, key: str, value: Any, *, with_failed: bool) -> int:
    """The number of trials whose user attribute `key` equals `value`."""
    # SQLite uses an index of part of a table only where the statement itself names that part.
    is_key = TRIAL_ATTRS.c.key == sa.bindparam("key", key, literal_execute=True)
    query = (
        sa.select(sa.func.count())
        .select_from(TRIALS.join(TRIAL_ATTRS, TRIALS.c.trial_id == TRIAL_ATTRS.c.trial_id))
        .where(TRIALS.c.study_id == study_id, is_key, TRIAL_ATTRS.c.value_json == json.dumps(value))
    )
    if not with_failed:
        query = query.where(TRIALS.c.state != TrialState.FAIL)
    return int(connection.execute(query).scalar_one())


def summaries(connection: sa.Connection) -> list[StudySummary]:
    """One summary per study, oldest first, in five queries however many studies there are."""
    names = connection.execute(sa.select(STUDIES.c.study_id, STUDIES.c.study_name).order_by(STUDIES.c.study_id)).all()
    directions = _directions(connection)
    attrs = _study_attrs(connection)
    counts, times = _counts_and_times(connection)
    best = _best_values(connection)
    found = []
    for study_id, name in names:
        direction = directions.get(study_id)
        value, number = best[study_id] if direction is not None and study_id in best else (None, None)
        found.append(
            StudySummary(
                study_id,
                name,
                direction,
                attrs[study_id],
                {**dict.fromkeys(TrialState, 0), **counts[study_id]},
                value,
                number,
                min((first for first, _ in times[study_id]), default=None),
                max((last for _, last in times[study_id]), default=None),
            )
        )
    return found


def _directions(connection: sa.Connection) -> dict[int, StudyDirection | None]:
    found: dict[int, StudyDirection | None] = {}
    for study_id, direction in connection.execute(sa.select(DIRECTIONS.c.study_id, DIRECTIONS.c.direction)):
        found[study_id] = None if study_id in found else direction
    return found


def _study_attrs(connection: sa.Connection) -> dict[int, dict[str, Any]]:
    attrs: dict[int, dict[str, Any]] = defaultdict(dict)
    query = sa.select(STUDY_ATTRS.c.study_id, STUDY_ATTRS.c.key, STUDY_ATTRS.c.value_json)
    for study_id, key, value_json in connection.execute(query):
        attrs[study_id][key] = json.loads(value_json)
    return attrs


def _counts_and_times(
    connection: sa.Connection,
) -> tuple[dict[int, dict[TrialState, int]], dict[int, list[tuple[datetime, datetime]]]]:
    start, end = TRIALS.c.datetime_start, TRIALS.c.datetime_complete
    query = sa.select(
        TRIALS.c.study_id, TRIALS.c.state, sa.func.count(), sa.func.min(start), sa.func.max(start), sa.func.max(end)
    ).group_by(TRIALS.c.study_id, TRIALS.c.state)
    counts: dict[int, dict[TrialState, int]] = defaultdict(dict)
    times: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    for study_id, state, count, first, last_start, last_end in connection.execute(query):
        counts[study_id][state] = count
        stamps = [time for time in map(_as_utc, (first, last_start, last_end)) if time is not None]
        if stamps:
            times[study_id].append((min(stamps), max(stamps)))
    return counts, times


def _best_values(connection: sa.Connection) -> dict[int, _Best]:
    is_maximized = DIRECTIONS.c.direction == StudyDirection.MAXIMIZE
    # Infinities are stored as NULL beside their type.
    rank = sa.case((VALUES.c.value_type == "INF_NEG", -1), (VALUES.c.value_type == "INF_POS", 1), else_=0)
    place = sa.func.row_number().over(
        partition_by=TRIALS.c.study_id,
        order_by=[
            sa.case((is_maximized, -rank), else_=rank),
            sa.case((is_maximized, -VALUES.c.value), else_=VALUES.c.value),
            TRIALS.c.number,
        ],
    )
    ranked = (
        sa.select(TRIALS.c.study_id, TRIALS.c.number, VALUES.c.value, VALUES.c.value_type, place.label("place"))
        .select_from(
            TRIALS.join(VALUES, TRIALS.c.trial_id == VALUES.c.trial_id).join(
                DIRECTIONS, (TRIALS.c.study_id == DIRECTIONS.c.study_id) & (DIRECTIONS.c.objective == 0)
            )
        )
        .where(TRIALS.c.state == TrialState.COMPLETE, VALUES.c.objective == 0)
        .subquery()
    )
    query = sa.select(ranked.c.study_id, ranked.c.number, ranked.c.value, ranked.c.value_type).where(
        ranked.c.place == 1
    )
    infinite = {"INF_POS": math.inf, "INF_NEG": -math.inf}
    return {
        study_id: _Best(infinite.get(value_type, value), number)
        for study_id, number, value, value_type in connection.execute(query)
    }


def _as_utc(time: datetime | None) -> datetime | None:
    return None if time is None else time.replace(tzinfo=UTC)
