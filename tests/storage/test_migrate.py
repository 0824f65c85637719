"""vsearch's own tables: made once, and recognised."""

from collections.abc import Callable

import pytest
import sqlalchemy

from vsearch.errors import StorageError
from vsearch.storage import Storage, open_storage
from vsearch.storage.migrate import stored_revision
from vsearch.storage.own_tables import own_tables


def change(storage: Storage, statement: str) -> None:
    with storage.engine.begin() as connection:
        tables = own_tables(connection.dialect.name)
        prefix = f"{tables.schema}." if tables.schema else ""
        connection.exec_driver_sql(statement.format(revision=prefix + tables.revision))


def test_own_tables_lie_beside_optunas(database_url: str, opener: Callable[..., Storage]) -> None:
    storage = opener(database_url)
    with storage.engine.connect() as connection:
        is_postgres = connection.dialect.name == "postgresql"
        found = sqlalchemy.inspect(connection).get_table_names(schema="vsearch" if is_postgres else None)
        assert stored_revision(connection) == "v4"
    wanted = {"leases", "revision"} if is_postgres else {"vsearch_leases", "vsearch_revision"}
    assert wanted <= set(found)


def test_the_tables_are_those_that_the_code_expects(database_url: str, opener: Callable[..., Storage]) -> None:
    storage = opener(database_url)
    with storage.engine.connect() as connection:
        tables = own_tables(connection.dialect.name)
        stored = sqlalchemy.inspect(connection).get_columns(tables.leases.name, schema=tables.schema)
    assert [(column["name"], column["nullable"]) for column in stored] == [
        (column.name, bool(column.nullable)) for column in tables.leases.columns
    ]


def test_making_that_was_broken_off_is_completed(database_url: str, opener: Callable[..., Storage]) -> None:
    change(opener(database_url), "DROP TABLE {revision}")
    opener(database_url)
    storage = opener(database_url, retry_seconds=0)
    assert storage.running_leases() == []


@pytest.mark.parametrize("create", [True, False])
def test_tables_of_a_newer_vsearch_are_named_and_not_used(
    database_url: str, opener: Callable[..., Storage], create: bool
) -> None:
    change(opener(database_url), "UPDATE {revision} SET version_num = 'v99'")
    with pytest.raises(StorageError, match=r"newer vsearch \(tables v99, known v4\); upgrade here"):
        open_storage(database_url, create=create)
