"""Changes of a trial's state that Optuna's own storage cannot repeat safely."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from optuna.trial import TrialState

from vsearch.storage import attempts, ending, leases
from vsearch.storage.tables import PARAMS, SYSTEM_ATTRS, TRIAL_ATTRS, TRIALS

RUNGS = "completed_rung_%"
"""Where Optuna's successive halving keeps the values that trials are compared with."""


def claim_waiting(connection: sa.Connection, trial_id: int, started: datetime) -> TrialState | None:
    """Turn a waiting trial into a running one; the state it was found in, or None if there is no such trial.

    WAITING means that the claim succeeded. One statement decides, so of two claimants one wins on any database; and
    the exact `started` (naive, UTC, microseconds) tells our own claim, whose answer was lost, from a stranger's.
    """
    is_trial = TRIALS.c.trial_id == trial_id
    changed = connection.execute(
        sa.update(TRIALS)
        .where(is_trial, TRIALS.c.state == TrialState.WAITING)
        .values(state=TrialState.RUNNING, datetime_start=started)
    )
    if changed.rowcount == 1:
        return TrialState.WAITING
    row = connection.execute(sa.select(TRIALS.c.state, TRIALS.c.datetime_start).where(is_trial)).one_or_none()
    if row is None:
        return None
    state: TrialState = row.state
    is_ours = state == TrialState.RUNNING and row.datetime_start == started
    return TrialState.WAITING if is_ours else state


class Limit(NamedTuple):
    """After how many crashes a trial does not wait again but fails."""

    reasons: tuple[str, ...]
    """That count as crashes, beside the one that it ends for now."""
    attempts: int
    attrs: Mapping[str, Any]
    """User attributes of a trial that fails so."""


def put_back(
    connection: sa.Connection, trial_id: int, reason: str, detail: str, limit: Limit | None, claimed_attr: str | None
) -> TrialState | None:
    """Turn a running trial into a waiting one without a holder, or, beyond the limit, into a failed one.

    A trial without the user attribute `claimed_attr` was lost between its suggestions: these are forgotten. Gives its
    state now; None if there is no such trial.
    """
    is_trial = TRIALS.c.trial_id == trial_id
    changed = connection.execute(
        sa.update(TRIALS).where(is_trial, TRIALS.c.state == TrialState.RUNNING).values(state=TrialState.WAITING)
    )
    if changed.rowcount:
        leases.end(connection, trial_id, reason, detail)
        if claimed_attr is not None:
            was_claimed = sa.exists().where(TRIAL_ATTRS.c.trial_id == trial_id, TRIAL_ATTRS.c.key == claimed_attr)
            connection.execute(sa.delete(PARAMS).where(PARAMS.c.trial_id == trial_id, ~was_claimed))
        if limit is not None:
            crashes = attempts.crashes(connection, trial_id, {*limit.reasons, reason})
            if crashes >= limit.attempts:
                ending.write_attrs(connection, trial_id, limit.attrs)
                ending.end_trial(connection, trial_id, TrialState.FAIL, None, reason, detail)
    state: TrialState | None = connection.execute(sa.select(TRIALS.c.state).where(is_trial)).scalar_one_or_none()
    return state


def forget_rung(connection: sa.Connection, trial_id: int, value: float) -> None:
    """Forget that the trial has reached its last rung, if it did so with that value: the pruner is asked again."""
    is_rung = sa.and_(SYSTEM_ATTRS.c.trial_id == trial_id, SYSTEM_ATTRS.c.key.like(RUNGS))
    rungs = connection.execute(sa.select(SYSTEM_ATTRS.c.key, SYSTEM_ATTRS.c.value_json).where(is_rung)).all()
    if not rungs:
        return
    last = max(rungs, key=lambda row: int(row.key.rpartition("_")[2]))
    if json.loads(last.value_json) == value:
        connection.execute(sa.delete(SYSTEM_ATTRS).where(is_rung, SYSTEM_ATTRS.c.key == last.key))
