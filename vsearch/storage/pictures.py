"""What a dashboard shows of a study beside its numbers, in SQL: who draws it now, and its exchange as a whole.

It is kept as Optuna's system attributes of the study under keys of optuna-dashboard, so that a plain dashboard shows
it too. All is written in one transaction: a reader sees the old pictures or the new ones, never a mixture.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from vsearch.storage.clock import now
from vsearch.storage.own_tables import own_tables
from vsearch.storage.tables import STUDIES, STUDY_SYSTEM_ATTRS, TRIALS
from vsearch.storage.upsert import upsert

PREFIX = "dashboard:"
"""Of all keys of optuna-dashboard."""
MANY = 400
"""Keys in one statement: SQLite takes no more than 999 parameters where it is old."""


class Drawing(NamedTuple):
    """When a study's pictures were drawn."""

    holder: str
    """Who draws them now, or drew them last; empty: nobody yet."""
    is_held: bool
    """Somebody draws them now."""
    state: str
    """What was drawn, as told to `write`; empty: nothing yet."""
    seconds_ago: float
    """Since the last drawing."""
    seconds: float
    """That it took."""


def drawing(connection: sa.Connection, study_id: int) -> Drawing:
    """When a study's pictures were last drawn."""
    table = own_tables(connection.dialect.name).pictures
    clock = now(connection)
    columns = (table.c.holder, table.c.expires > clock, table.c.state, clock - table.c.drawn, table.c.seconds)
    row = connection.execute(sa.select(*columns).where(table.c.study_id == study_id)).one_or_none()
    return Drawing("", False, "", 0.0, 0.0) if row is None else Drawing(*row)


def take(connection: sa.Connection, study_id: int, holder: str, lease_seconds: float) -> bool:
    """Get the right to draw a study's pictures for so many seconds; False if somebody else has it, or it is gone."""
    table = own_tables(connection.dialect.name).pictures
    # Of two that come first to a new study, one waits here.
    study = sa.select(STUDIES.c.study_id).where(STUDIES.c.study_id == study_id).with_for_update(key_share=True)
    if connection.execute(study).one_or_none() is None:
        return False
    found = drawing(connection, study_id)
    if found.is_held and found.holder != holder:
        return False
    times = connection.execute(sa.select(now(connection))).scalar_one()
    values = {"holder": holder, "expires": times + lease_seconds}
    if found.holder:
        connection.execute(sa.update(table).where(table.c.study_id == study_id).values(**values))
    else:
        row = {"study_id": study_id, "state": "", "drawn": 0.0, "seconds": 0.0, **values}
        connection.execute(sa.insert(table).values(**row))
    return True


def release(connection: sa.Connection, study_id: int, holder: str) -> None:
    """Give the right to draw back without having drawn."""
    table = own_tables(connection.dialect.name).pictures
    is_own = sa.and_(table.c.study_id == study_id, table.c.holder == holder)
    connection.execute(sa.update(table).where(is_own).values(expires=0.0))


def write(
    connection: sa.Connection,
    study_id: int,
    holder: str,
    state: str,
    seconds: float,
    change: Callable[[Mapping[str, Any]], Mapping[str, Any]],
) -> bool:
    """Exchange all that a dashboard keeps of a study, and give the right to draw back.

    Args:
        state: what was drawn, for the next `drawing`.
        seconds: that the drawing took.
        change: gives what shall be there for what is there, both by key; it must bear being called twice.

    Gives False, and changes nothing, if somebody else has the right by now.
    """
    table = own_tables(connection.dialect.name).pictures
    clock = now(connection)
    is_held = sa.and_(table.c.study_id == study_id, table.c.holder == holder, table.c.expires > clock)
    freed = {"expires": 0.0, "drawn": clock, "state": state, "seconds": seconds}
    if not connection.execute(sa.update(table).where(is_held).values(**freed)).rowcount:
        return False
    attrs = STUDY_SYSTEM_ATTRS.c
    is_board = sa.and_(attrs.study_id == study_id, attrs.key.startswith(PREFIX))
    found = connection.execute(sa.select(attrs.key, attrs.value_json).where(is_board))
    texts: dict[str, str] = {row.key: row.value_json for row in found}
    wanted = {key: json.dumps(value) for key, value in change({k: json.loads(v) for k, v in texts.items()}).items()}
    gone = [key for key in texts if key not in wanted]
    for start in range(0, len(gone), MANY):
        keys = gone[start : start + MANY]
        connection.execute(sa.delete(STUDY_SYSTEM_ATTRS).where(attrs.study_id == study_id, attrs.key.in_(keys)))
    changed = {key: text for key, text in wanted.items() if texts.get(key) != text}
    rows = [{"study_id": study_id, "key": key, "value_json": text} for key, text in changed.items()]
    upsert(connection, STUDY_SYSTEM_ATTRS, ("study_id", "key"), rows)
    return True


def trial_ids(connection: sa.Connection, study_id: int) -> dict[int, int]:
    """The ids of a study's trials by their numbers."""
    query = sa.select(TRIALS.c.number, TRIALS.c.trial_id).where(TRIALS.c.study_id == study_id)
    return {row[0]: row[1] for row in connection.execute(query)}
