"""What people do to studies and trials: the change and its record in one transaction, each once."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import sqlalchemy as sa

from vsearch.storage import exclusions
from vsearch.storage.clock import now
from vsearch.storage.leasing import LeasingStorage
from vsearch.storage.own_tables import own_tables
from vsearch.storage.queries import study_attr
from vsearch.storage.tables import STUDY_ATTRS
from vsearch.storage.upsert import upsert


class Entry(NamedTuple):
    """What will stand in the record."""

    study_id: int
    number: int | None
    """Of the trial; None for the whole study."""
    who: str
    action: str
    detail: str


def carry_out(storage: LeasingStorage, entry: Entry, change: Callable[[sa.Connection], bool]) -> bool:
    """Do `change` and add the entry to the record, in one transaction; whether there was anything to do.

    `change` gives False where there was not, and then nothing is recorded. Repeated after a lost answer, it finds its
    own entry and changes nothing a second time.
    """
    at = storage.in_transaction(lambda connection: float(connection.execute(sa.select(now(connection))).scalar_one()))

    def work(connection: sa.Connection) -> bool:
        if _is_recorded(connection, entry, at):
            return True
        if not change(connection):
            return False
        exclusions.note(connection, *entry, at=at)
        return True

    return storage.in_transaction(work)


def write_study_attr(connection: sa.Connection, study_id: int, key: str, value: Any) -> bool:
    """Set a user attribute of a study; False if it has that value already."""
    if study_attr(connection, study_id, key) == value:
        return False
    row = {"study_id": study_id, "key": key, "value_json": json.dumps(value)}
    upsert(connection, STUDY_ATTRS, ("study_id", "key"), [row])
    return True


def _is_recorded(connection: sa.Connection, entry: Entry, at: float) -> bool:
    table = own_tables(connection.dialect.name).events
    is_ours = sa.and_(table.c.study_id == entry.study_id, table.c.at == at, table.c.who == entry.who)
    query = sa.select(table.c.event_id).where(is_ours, table.c.action == entry.action)
    return connection.execute(query).first() is not None
