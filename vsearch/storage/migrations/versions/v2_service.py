"""Attempts, workers, checkpoints, exclusions and events; how far a running trial is."""

import sqlalchemy as sa
from alembic import op

from vsearch.storage.own_tables import own_tables

revision = "v2"
down_revision = "v1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and make the tables."""
    tables = own_tables(op.get_bind().dialect.name)
    _add_columns(tables.leases.name, tables.schema)
    _make(tables.attempts.name, tables.schema, *_attempts())
    _make(tables.workers.name, tables.schema, *_workers(), index=None)
    _make(tables.checkpoints.name, tables.schema, *_checkpoints())
    _make(tables.exclusions.name, tables.schema, *_exclusions())
    _make(tables.events.name, tables.schema, *_events())


def _add_columns(leases: str, schema: str | None) -> None:
    # SQLite keeps a change that was broken off.
    known = {column["name"] for column in sa.inspect(op.get_bind()).get_columns(leases, schema=schema)}
    if "epoch" not in known:
        op.add_column(leases, sa.Column("epoch", sa.Integer, nullable=False, server_default="0"), schema=schema)
    if "speed" not in known:
        op.add_column(leases, sa.Column("speed", sa.Float(53), nullable=False, server_default="0"), schema=schema)


def _make(name: str, schema: str | None, *columns: sa.Column[object], index: str | None = "study_id") -> None:
    op.create_table(name, *columns, schema=schema, if_not_exists=True)
    if index is not None:
        op.create_index(f"ix_{name}_{index}", name, [index], schema=schema, if_not_exists=True)


def _attempts() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("trial_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("fence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("study_id", sa.Integer, nullable=False),
        sa.Column("worker", sa.String(256), nullable=False),
        sa.Column("device", sa.String(256), nullable=False),
        sa.Column("started", sa.Float(53), nullable=False),
        sa.Column("ended", sa.Float(53)),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
    )


def _workers() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("worker", sa.String(256), primary_key=True),
        sa.Column("host", sa.String(256), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("device", sa.String(256), nullable=False),
        sa.Column("started", sa.Float(53), nullable=False),
        sa.Column("seen", sa.Float(53), nullable=False),
        sa.Column("asked", sa.String(32), nullable=False),
    )


def _checkpoints() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("trial_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("fence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("study_id", sa.Integer, nullable=False),
        sa.Column("saved", sa.Float(53), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )


def _exclusions() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("trial_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("study_id", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("rungs", sa.Text, nullable=False),
    )


def _events() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("event_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("study_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("who", sa.String(256), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
