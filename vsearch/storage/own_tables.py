"""vsearch's own tables beside Optuna's: in the schema `vsearch` on PostgreSQL, with a prefix on SQLite.

Times are seconds since 1970 by the database's clock.
"""

from dataclasses import dataclass
from functools import cache

import sqlalchemy as sa

SCHEMA = "vsearch"
PREFIX = "vsearch_"


@dataclass(frozen=True)
class OwnTables:
    """The tables as they are called on one kind of database."""

    schema: str | None
    leases: sa.Table
    attempts: sa.Table
    workers: sa.Table
    checkpoints: sa.Table
    exclusions: sa.Table
    events: sa.Table
    pictures: sa.Table
    revision: str
    """The name of the table in which alembic keeps the revision of these tables."""


@cache
def own_tables(dialect: str) -> OwnTables:
    """The tables for `sqlite` or `postgresql`."""
    schema = SCHEMA if dialect == "postgresql" else None
    prefix = "" if schema else PREFIX
    metadata = sa.MetaData(schema=schema)

    def table(name: str, *columns: sa.Column[object]) -> sa.Table:
        return sa.Table(f"{prefix}{name}", metadata, *columns)

    return OwnTables(
        schema=schema,
        leases=table("leases", *_leases()),
        attempts=table("attempts", *_attempts()),
        workers=table("workers", *_workers()),
        checkpoints=table("checkpoints", *_checkpoints()),
        exclusions=table("exclusions", *_exclusions()),
        events=table("events", *_events()),
        pictures=table("pictures", *_pictures()),
        revision=f"{prefix}revision",
    )


def _leases() -> tuple[sa.Column[object], ...]:
    """Who may write to a trial, and until when."""
    return (
        sa.Column("trial_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("study_id", sa.Integer, nullable=False, index=True),
        sa.Column("worker", sa.String(256), nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),  # grows with each taking, and with each taking away
        sa.Column("expires", sa.Float(53), nullable=False),  # 0: nobody's
        sa.Column("progress", sa.Float(53), nullable=False),  # at the last renewal
        sa.Column("lost", sa.Integer, nullable=False),  # how often it ran out or its worker died
        sa.Column("epoch", sa.Integer, nullable=False, server_default="0"),  # finished, at the last renewal
        sa.Column("speed", sa.Float(53), nullable=False, server_default="0"),  # images/s of its last epoch
    )


def _attempts() -> tuple[sa.Column[object], ...]:
    """One row for each time that a worker took a trial."""
    return (
        sa.Column("trial_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("fence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("study_id", sa.Integer, nullable=False, index=True),
        sa.Column("worker", sa.String(256), nullable=False),
        sa.Column("device", sa.String(256), nullable=False),
        sa.Column("started", sa.Float(53), nullable=False),
        sa.Column("ended", sa.Float(53)),  # NULL while it goes on; a lost one ended with its last progress
        sa.Column("reason", sa.String(32), nullable=False),  # "" while it goes on
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),  # the last reported one at its end
    )


def _workers() -> tuple[sa.Column[object], ...]:
    """The processes that serve studies."""
    return (
        sa.Column("worker", sa.String(256), primary_key=True),
        sa.Column("host", sa.String(256), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("device", sa.String(256), nullable=False),
        sa.Column("started", sa.Float(53), nullable=False),
        sa.Column("seen", sa.Float(53), nullable=False),  # its last sign of life
        sa.Column("asked", sa.String(32), nullable=False),  # "drain", or "" for nothing
    )


def _checkpoints() -> tuple[sa.Column[object], ...]:
    """Checkpoints of fleets without a shared folder."""
    return (
        sa.Column("trial_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("fence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("study_id", sa.Integer, nullable=False, index=True),
        sa.Column("saved", sa.Float(53), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )


def _exclusions() -> tuple[sa.Column[object], ...]:
    """Trials that were taken out of their study, with what is needed to take them in again."""
    return (
        sa.Column("trial_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("study_id", sa.Integer, nullable=False, index=True),
        sa.Column("state", sa.String(16), nullable=False),  # before
        sa.Column("rungs", sa.Text, nullable=False),  # JSON: what the pruner had kept of it
    )


def _events() -> tuple[sa.Column[object], ...]:
    """What people did to studies, trials and workers; rows are only added."""
    return (
        sa.Column("event_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("study_id", sa.Integer, nullable=False, index=True),
        sa.Column("number", sa.Integer),  # of a trial, NULL for the whole study
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("who", sa.String(256), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )


def _pictures() -> tuple[sa.Column[object], ...]:
    """Who draws the pictures of a study, and when that was done."""
    return (
        sa.Column("study_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("holder", sa.String(256), nullable=False),
        sa.Column("expires", sa.Float(53), nullable=False),  # of the right to draw; 0: nobody's
        sa.Column("state", sa.String(256), nullable=False),  # what was drawn
        sa.Column("drawn", sa.Float(53), nullable=False),
        sa.Column("seconds", sa.Float(53), nullable=False),  # that it took
    )
