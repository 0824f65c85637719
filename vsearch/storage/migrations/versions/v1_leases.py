"""Leases: which worker may train a running trial, and until when."""

import sqlalchemy as sa
from alembic import op

from vsearch.storage.own_tables import own_tables

revision = "v1"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    tables = own_tables(op.get_bind().dialect.name)
    op.create_table(
        tables.leases.name,
        sa.Column("trial_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("study_id", sa.Integer, nullable=False),
        sa.Column("worker", sa.String(256), nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("expires", sa.Float(53), nullable=False),
        sa.Column("progress", sa.Float(53), nullable=False),
        sa.Column("lost", sa.Integer, nullable=False),
        schema=tables.schema,
        if_not_exists=True,  # SQLite keeps a table whose making was broken off
    )
    index = f"ix_{tables.leases.name}_study_id"
    op.create_index(index, tables.leases.name, ["study_id"], schema=tables.schema, if_not_exists=True)
