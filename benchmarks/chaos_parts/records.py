"""What a database holds after a run, read with SQL of this file's own and not through vsearch's storage."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from chaos_parts.check import TrialRow
from chaos_parts.ledger import Taking
from vsearch.spec.study import StudySpec
from vsearch.storage import parse_url
from vsearch.storage.own_tables import own_tables

ENDED = ("COMPLETE", "PRUNED")


def engine_of(url: str) -> sa.Engine:
    """An engine that keeps no connection."""
    return sa.create_engine(parse_url(url), poolclass=NullPool)


def count_ended(engine: sa.Engine) -> int:
    """Finished and pruned trials of the only study; -1 while the database does not answer."""
    query = "SELECT count(*) FROM trials WHERE CAST(state AS VARCHAR(9)) IN ('COMPLETE', 'PRUNED')"
    try:
        with engine.connect() as connection:
            return int(connection.execute(sa.text(query)).scalar_one())
    except sa.exc.DBAPIError:
        return -1


def read_trials(engine: sa.Engine, study: str) -> tuple[TrialRow, ...]:
    """All trials of a study by number."""
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text(
                "SELECT trial_id, number, CAST(state AS VARCHAR(9)) AS state FROM trials JOIN studies "
                "ON trials.study_id = studies.study_id WHERE study_name = :study ORDER BY number"
            ),
            {"study": study},
        ).all()
        reports = _grouped(connection, "SELECT trial_id, step, intermediate_value FROM trial_intermediate_values")
        values = _grouped(connection, "SELECT trial_id, objective, value FROM trial_values")
        user = _attributes(connection, "trial_user_attributes")
        system = _attributes(connection, "trial_system_attributes")
    return tuple(
        TrialRow(
            row.trial_id,
            row.number,
            row.state,
            tuple(user[row.trial_id].get("scales", ())),
            tuple(user[row.trial_id].get("seeds", ())),
            tuple(reports[row.trial_id]),
            dict(values[row.trial_id]).get(0),
            {
                int(key.removeprefix("completed_rung_")): value
                for key, value in system[row.trial_id].items()
                if key.startswith("completed_rung_")
            },
            f"{user[row.trial_id].get('reason', '')} {user[row.trial_id].get('detail', '')}".strip(),
        )
        for row in rows
    )


def read_takings(engine: sa.Engine) -> list[Taking]:
    """The attempts that vsearch's own table records."""
    table = own_tables(engine.dialect.name).attempts
    with engine.connect() as connection:
        rows = connection.execute(sa.select(table.c.worker, table.c.trial_id, table.c.fence))
        return [Taking(row.worker, row.trial_id, row.fence) for row in rows]


def reasons(engine: sa.Engine) -> dict[str, int]:
    """How many attempts ended for which reason."""
    table = own_tables(engine.dialect.name).attempts
    with engine.connect() as connection:
        rows = connection.execute(sa.select(table.c.reason, sa.func.count()).group_by(table.c.reason))
        return {row[0] or "(goes on)": int(row[1]) for row in rows}


def held_after_end(engine: sa.Engine) -> tuple[int, ...]:
    """The ids of trials that do not run any more and that somebody still holds."""
    table = own_tables(engine.dialect.name).leases
    return _not_running(engine, sa.select(table.c.trial_id).where(table.c.expires > 0))


def unended_attempts(engine: sa.Engine) -> tuple[int, ...]:
    """The ids of trials that do not run any more, of which an attempt has no end."""
    table = own_tables(engine.dialect.name).attempts
    return _not_running(engine, sa.select(table.c.trial_id).where(table.c.ended.is_(None)))


def _not_running(engine: sa.Engine, query: sa.Select[Any]) -> tuple[int, ...]:
    running = sa.text("trial_id NOT IN (SELECT trial_id FROM trials WHERE CAST(state AS VARCHAR(9)) = 'RUNNING')")
    with engine.connect() as connection:
        return tuple(sorted(connection.execute(query.where(running)).scalars()))


def checkpoints_left(engine: sa.Engine, folder: Path) -> tuple[str, ...]:
    """The files of a checkpoint folder, and the rows of the table of checkpoints."""
    files = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file()]
    table = own_tables(engine.dialect.name).checkpoints
    with engine.connect() as connection:
        rows = connection.execute(sa.select(table.c.trial_id, table.c.fence)).all()
    return (*files, *(f"trial id {row.trial_id}, fence {row.fence}, in the database" for row in rows))


def rung_epochs(spec: StudySpec) -> tuple[int, ...]:
    """The epochs after which successive halving compares trials."""
    if spec.pruner != "asha":
        return ()
    epochs, epoch = [], spec.first_rung
    while epoch <= spec.epochs:
        epochs.append(epoch)
        epoch *= spec.rung_factor
    return tuple(epochs)


def _grouped(connection: sa.Connection, query: str) -> dict[int, list[tuple[Any, Any]]]:
    found: dict[int, list[tuple[Any, Any]]] = defaultdict(list)
    for trial_id, key, value in connection.execute(sa.text(query)):
        found[trial_id].append((key, value))
    return found


def _attributes(connection: sa.Connection, table: str) -> dict[int, dict[str, Any]]:
    found = _grouped(connection, f"SELECT trial_id, key, value_json FROM {table}")
    return defaultdict(dict, {key: {k: json.loads(v) for k, v in pairs} for key, pairs in found.items()})
