"""Whole trials, as Optuna's storage gives them, read without its ORM: 5,000 in 1.2 s instead of 8.8 s on SQLite."""

import json
import math
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from optuna.distributions import BaseDistribution, json_to_distribution
from optuna.trial import FrozenTrial, TrialState

from vsearch.storage.tables import PARAMS, REPORTS, STUDIES, SYSTEM_ATTRS, TRIAL_ATTRS, TRIALS, VALUES

CHUNK = 500
"""Ids per query; SQLite allows 32,766 parameters in a statement, older ones 999."""

NOT_FINITE = {"INF_POS": math.inf, "INF_NEG": -math.inf, "NAN": math.nan}
"""Such values are stored as NULL beside their type."""


class _Params(NamedTuple):
    values: dict[str, Any]
    distributions: dict[str, BaseDistribution]


def read_trials(
    connection: sa.Connection,
    study_id: int,
    states: Container[TrialState] | None,
    included_trial_ids: Collection[int],
    trial_id_greater_than: int,
) -> list[FrozenTrial]:
    """The trials that `RDBStorage._get_trials` gives for the same arguments, by id; distributions may be shared.

    The trials' own rows are read first: what belongs to a finished trial was written before its state, so it is all
    there, while parts of running trials may be newer than their state, as in Optuna.

    Raises:
        KeyError: there is no such study.
    """
    rows = _trial_rows(connection, study_id, states, included_trial_ids, trial_id_greater_than)
    if not rows:
        _check_study(connection, study_id)
        return []
    ids = [row.trial_id for row in rows]
    params = _params(connection, ids)
    values = _values(connection, ids)
    user_attrs = _attrs(connection, TRIAL_ATTRS, ids)
    system_attrs = _attrs(connection, SYSTEM_ATTRS, ids)
    reports = _intermediate_values(connection, ids)
    return [
        FrozenTrial(
            number=row.number,
            state=row.state,
            value=None,
            values=values.get(row.trial_id),
            datetime_start=_local(row.datetime_start),
            datetime_complete=_local(row.datetime_complete),
            params=params[row.trial_id].values,
            distributions=params[row.trial_id].distributions,
            user_attrs=user_attrs[row.trial_id],
            system_attrs=system_attrs[row.trial_id],
            intermediate_values=reports[row.trial_id],
            trial_id=row.trial_id,
        )
        for row in rows
    ]


def _trial_rows(
    connection: sa.Connection,
    study_id: int,
    states: Container[TrialState] | None,
    included_trial_ids: Collection[int],
    trial_id_greater_than: int,
) -> list[sa.Row[*tuple[Any, ...]]]:
    query = sa.select(
        TRIALS.c.trial_id, TRIALS.c.number, TRIALS.c.state, TRIALS.c.datetime_start, TRIALS.c.datetime_complete
    ).where(TRIALS.c.study_id == study_id)
    if states is not None:
        assert isinstance(states, Iterable)  # as Optuna demands
        query = query.where(TRIALS.c.state.in_(list(states)))
    query = query.order_by(TRIALS.c.trial_id)
    if trial_id_greater_than <= -1:
        return list(connection.execute(query))
    is_later = TRIALS.c.trial_id > trial_id_greater_than
    chunks = list(_chunks(sorted(number for number in included_trial_ids if number <= trial_id_greater_than)))
    conditions: list[sa.ColumnElement[bool]] = [TRIALS.c.trial_id.in_(chunk) for chunk in chunks]
    # One query less, in the usual case of few unfinished trials.
    conditions[-1:] = [sa.or_(*conditions[-1:], is_later)]
    return [row for condition in conditions for row in connection.execute(query.where(condition))]


def _check_study(connection: sa.Connection, study_id: int) -> None:
    if connection.execute(sa.select(STUDIES.c.study_id).where(STUDIES.c.study_id == study_id)).first() is None:
        raise KeyError("Record does not exist.")


def _params(connection: sa.Connection, trial_ids: Sequence[int]) -> dict[int, _Params]:
    found = {trial_id: _Params({}, {}) for trial_id in trial_ids}
    known: dict[str, BaseDistribution] = {}
    columns = (PARAMS.c.trial_id, PARAMS.c.param_name, PARAMS.c.param_value, PARAMS.c.distribution_json)
    for trial_id, name, value, distribution_json in _parts(connection, columns, trial_ids, PARAMS.c.param_id):
        distribution = known.get(distribution_json)
        if distribution is None:
            distribution = known[distribution_json] = json_to_distribution(distribution_json)
        params = found[trial_id]
        params.values[name] = distribution.to_external_repr(value)
        params.distributions[name] = distribution
    return found


def _values(connection: sa.Connection, trial_ids: Sequence[int]) -> dict[int, list[float]]:
    """The values in the order of the objectives; trials without values have no key."""
    found: dict[int, list[float]] = {}
    columns = (VALUES.c.trial_id, VALUES.c.value, VALUES.c.value_type)
    for trial_id, value, value_type in _parts(connection, columns, trial_ids, VALUES.c.objective):
        found.setdefault(trial_id, []).append(NOT_FINITE.get(value_type, value))
    return found


def _attrs(connection: sa.Connection, table: sa.Table, trial_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {trial_id: {} for trial_id in trial_ids}
    loads = json.loads
    for trial_id, key, value_json in _parts(connection, (table.c.trial_id, table.c.key, table.c.value_json), trial_ids):
        found[trial_id][key] = loads(value_json)
    return found


def _intermediate_values(connection: sa.Connection, trial_ids: Sequence[int]) -> dict[int, dict[int, float]]:
    found: dict[int, dict[int, float]] = {trial_id: {} for trial_id in trial_ids}
    table = REPORTS.c
    columns = (table.trial_id, table.step, table.intermediate_value, table.intermediate_value_type)
    for trial_id, step, value, value_type in _parts(connection, columns, trial_ids):
        found[trial_id][step] = NOT_FINITE.get(value_type, value)
    return found


def _parts(
    connection: sa.Connection,
    columns: Sequence[sa.Column[Any]],
    trial_ids: Sequence[int],
    order: sa.Column[Any] | None = None,
) -> Iterator[sa.Row[*tuple[Any, ...]]]:
    """The rows that belong to the trials; `columns` begin with the trial's id."""
    # By id, not by the conditions of the trials: a state may have changed since.
    for chunk in _chunks(trial_ids):
        yield from connection.execute(sa.select(*columns).where(columns[0].in_(chunk)).order_by(order))


def _chunks(trial_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (trial_ids[start : start + CHUNK] for start in range(0, len(trial_ids), CHUNK))


def _local(time: datetime | None) -> datetime | None:
    """Stored times are naive UTC, Optuna's are naive local ones."""
    return None if time is None else time.replace(tzinfo=UTC).astimezone().replace(tzinfo=None)
