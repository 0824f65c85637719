"""Who draws the pictures of a study, and when that was done."""

import sqlalchemy as sa
from alembic import op

from vsearch.storage.own_tables import own_tables

revision = "v4"
down_revision = "v3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    tables = own_tables(op.get_bind().dialect.name)
    op.create_table(
        tables.pictures.name,
        sa.Column("study_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("holder", sa.String(256), nullable=False),
        sa.Column("expires", sa.Float(53), nullable=False),
        sa.Column("state", sa.String(256), nullable=False),
        sa.Column("drawn", sa.Float(53), nullable=False),
        sa.Column("seconds", sa.Float(53), nullable=False),
        schema=tables.schema,
        if_not_exists=True,  # SQLite keeps what was broken off
    )
