"""Rows that are inserted, or take the place of those with the same key."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def upsert(connection: sa.Connection, table: sa.Table, key: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """Write rows of equal columns; one whose columns `key` are there already gets the other columns' new values."""
    if not rows:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in key}
    # Executed with a list: a statement with all values in it would meet SQLite's limit of parameters.
    connection.execute(
        statement.on_conflict_do_update(index_elements=[table.c[name] for name in key], set_=changed), list(rows)
    )
