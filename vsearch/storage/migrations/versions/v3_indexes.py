"""Indexes on Optuna's tables for what every claim counts: without them each claim reads all trials of the database."""

import sqlalchemy as sa
from alembic import op

revision = "v3"
down_revision = "v2"
branch_labels = None
depends_on = None

_IS_CURVE = sa.text("key = 'scales_key'")


def upgrade() -> None:
    """Make the indexes; `vsearch_curves` finds trials of equal curves, `vsearch_states` the few that run or wait."""
    op.create_index(
        "vsearch_curves",
        "trial_user_attributes",
        ["value_json"],
        postgresql_using="hash",  # the text of a deep network is longer than a B-tree's entry may be
        postgresql_where=_IS_CURVE,
        sqlite_where=_IS_CURVE,
        if_not_exists=True,  # SQLite keeps what was broken off
    )
    op.create_index("vsearch_states", "trials", ["study_id", "state"], if_not_exists=True)
