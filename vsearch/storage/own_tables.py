"""vsearch's own tables beside Optuna's: in the schema `vsearch` on PostgreSQL, with a prefix on SQLite."""

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
    revision: str
    """The name of the table in which alembic keeps the revision of these tables."""


@cache
def own_tables(dialect: str) -> OwnTables:
    """The tables for `sqlite` or `postgresql`."""
    schema = SCHEMA if dialect == "postgresql" else None
    prefix = "" if schema else PREFIX
    leases = sa.Table(
        f"{prefix}leases",
        sa.MetaData(schema=schema),
        sa.Column("trial_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("study_id", sa.Integer, nullable=False, index=True),
        sa.Column("worker", sa.String(256), nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),  # grows with each taking, and with each taking away
        sa.Column("expires", sa.Float(53), nullable=False),  # seconds since 1970 by the database's clock; 0: nobody's
        sa.Column("progress", sa.Float(53), nullable=False),  # the same clock, at the last renewal
        sa.Column("lost", sa.Integer, nullable=False),  # how often it ran out or its worker died
    )
    return OwnTables(schema, leases, f"{prefix}revision")
