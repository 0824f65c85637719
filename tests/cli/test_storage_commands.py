"""Preparing a database, and upgrading one of an older version, through the command line."""

from typing import TYPE_CHECKING

import pytest
import sqlalchemy

from vsearch.storage.clock import now
from vsearch.storage.migrate import own_head, upgrade_tables
from vsearch.storage.own_tables import own_tables
from vsearch.storage.url import parse_url

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

QUICK = (
    *("--family", "triangle", "--dataset", "digits", "--depth", "8", "--epochs", "1", "--name", "one"),
    *("--train-images", "128", "--recipe-set", "batch_size=64", "--pruner", "none", "--trials", "2"),
)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, cli: "Cli", monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of the storage, on each kind of database in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{cli.home}/vsearch.db"
    found: str = request.getfixturevalue("postgres_url")
    monkeypatch.setenv("VSEARCH_STORAGE", found)
    return found


def make_old(url: str, *, held_seconds: float) -> None:
    """Put the tables of revision v1 in the place of ours, with a lease of the worker `ada` on the first trial."""
    engine = sqlalchemy.create_engine(parse_url(url))
    with engine.begin() as connection:
        tables = own_tables(connection.dialect.name)
        tables.leases.metadata.drop_all(connection)
        connection.exec_driver_sql(f"DROP TABLE {tables.schema + '.' if tables.schema else ''}{tables.revision}")
        upgrade_tables(connection, "v1")
        connection.exec_driver_sql("UPDATE trials SET state = 'RUNNING' WHERE trial_id = 1")
        row = {"trial_id": 1, "study_id": 1, "worker": "ada", "fence": 1, "progress": 0.0, "lost": 0}
        connection.execute(
            sqlalchemy.insert(tables.leases).values(**row, expires=now(connection) + held_seconds).inline()
        )
    engine.dispose()


def test_an_older_storage_is_refused_upgraded_and_used_by_a_worker(cli: "Cli", url: str) -> None:
    assert cli("study", "create", *QUICK).code == 0
    make_old(url, held_seconds=-1)
    for command in (("study", "list"), ("worker", "--study", "one"), ("storage", "init"), ("worker", "list")):
        refused = cli(*command)
        assert (refused.code, refused.out, refused.err.count("\n")) == (3, "", 1), refused
        assert f"older vsearch (tables v1, needed {own_head()})" in refused.err
        assert "vsearch storage upgrade" in refused.err
    unanswered = cli("storage", "upgrade")
    assert unanswered.code == 2
    assert "--yes" in unanswered.err
    assert cli("study", "list").code == 3

    upgraded = cli("storage", "upgrade", "--yes")
    assert (upgraded.code, upgraded.out) == (0, ""), upgraded.err
    assert f"vsearch's tables from v1 to {own_head()}" in upgraded.err
    assert cli.states("one") == ["running", "waiting"]
    again = cli("storage", "upgrade")
    assert (again.code, "already" in again.err) == (0, True)
    worker = cli.process("worker", "--study", "one", environ={"VSEARCH_STORAGE": url})
    assert worker.code == 0, worker.err
    assert cli.states("one") == ["finished"] * 2


def test_an_upgrade_waits_for_workers_unless_it_is_forced(cli: "Cli", url: str) -> None:
    assert cli("study", "create", *QUICK).code == 0
    make_old(url, held_seconds=1000)
    refused = cli("storage", "upgrade", "--yes")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "(ada)" in refused.err
    assert "--force" in refused.err
    assert cli("study", "list").code == 3
    assert cli("storage", "upgrade", "--yes", "--force").code == 0
    assert cli("study", "list").code == 0


def test_a_storage_of_this_version_needs_nothing(cli: "Cli", url: str) -> None:
    assert cli("storage", "init").code == 0
    upgraded = cli("storage", "upgrade")
    assert (upgraded.code, upgraded.out) == (0, "")
    assert "already" in upgraded.err


def test_without_a_storage_there_is_nothing_to_upgrade(cli: "Cli") -> None:
    refused = cli("storage", "upgrade", "--yes")
    assert (refused.code, refused.err.count("\n")) == (3, 1)
    assert "vsearch storage init" in refused.err
    assert not cli.home.exists()
