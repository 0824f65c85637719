"""Databases of an older vsearch or Optuna, brought to this version's tables."""

import logging
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
import sqlalchemy
from optuna.trial import TrialState

from vsearch.errors import StorageError
from vsearch.storage import Storage, open_storage
from vsearch.storage.clock import now
from vsearch.storage.migrate import own_head, upgrade_tables
from vsearch.storage.own_tables import own_tables
from vsearch.storage.upgrade import Upgrade
from vsearch.storage.url import parse_url

Opener = Callable[..., Storage]
HELD_SECONDS = 100


def with_old_tables(storage: Storage) -> None:
    """Put the tables of revision v1 in the place of ours, with a lease of the worker `w` on the first trial."""
    with storage.engine.begin() as connection:
        tables = own_tables(connection.dialect.name)
        tables.leases.metadata.drop_all(connection)
        prefix = f"{tables.schema}." if tables.schema else ""
        connection.exec_driver_sql(f"DROP TABLE {prefix}{tables.revision}")
        upgrade_tables(connection, "v1")
        row = {"trial_id": 1, "study_id": 1, "worker": "w", "fence": 7, "progress": 0.0, "lost": 1}
        connection.execute(
            sqlalchemy.insert(tables.leases).values(**row, expires=now(connection) + HELD_SECONDS).inline()
        )


@pytest.fixture
def old_url(database_url: str, opener: Opener) -> str:
    """A database of revision v1 with a study whose trial runs."""
    storage = opener(database_url)
    optuna.create_study(storage=storage, study_name="s").ask({"x": optuna.distributions.FloatDistribution(0, 1)})
    with_old_tables(storage)
    storage.close()
    return database_url


def columns(url: str, table: str) -> set[str]:
    engine = sqlalchemy.create_engine(parse_url(url))
    try:
        with engine.connect() as connection:
            tables = own_tables(connection.dialect.name)
            name: str = getattr(tables, table).name
            return {column["name"] for column in sqlalchemy.inspect(connection).get_columns(name, schema=tables.schema)}
    finally:
        engine.dispose()


def test_older_tables_are_named_and_not_used_until_they_are_upgraded(old_url: str, opener: Opener) -> None:
    words = rf"older vsearch \(tables v1, needed {own_head()}\).*backup.*vsearch storage upgrade"
    with pytest.raises(StorageError, match=words):
        open_storage(old_url)
    upgrade = Upgrade(old_url)
    assert list(map(str, upgrade.changes())) == [f"vsearch's tables from v1 to {own_head()}"]
    assert "epoch" not in columns(old_url, "leases")
    upgrade.run()
    assert upgrade.changes() == []
    assert opener(old_url).study_names() == ["s"]


def test_an_upgrade_keeps_studies_trials_and_leases(old_url: str, opener: Opener) -> None:
    Upgrade(old_url).run()
    storage = opener(old_url)
    (lease,) = storage.running_leases()
    assert (lease.number, lease.worker, lease.fence, lease.lost, lease.epoch, lease.speed) == (0, "w", 7, 1, 0, 0.0)
    assert 0 < lease.seconds_left <= HELD_SECONDS
    (trial,) = optuna.load_study(study_name="s", storage=storage).trials
    assert list(trial.params) == ["x"]


def test_trials_are_claimed_and_ended_in_upgraded_tables(old_url: str, opener: Opener) -> None:
    Upgrade(old_url).run()
    storage = opener(old_url)
    assert storage.put_back(1, "lost") == TrialState.WAITING
    study = optuna.load_study(study_name="s", storage=storage)
    assert study.ask().number == 0
    assert storage.take_lease(1, 1, "new", 60, "cpu") == 9
    storage.enter_worker("new", "host", 1, "cpu")
    storage.end_trial(1, TrialState.COMPLETE, 0.5, "finished")
    assert study.best_value == 0.5
    assert [(attempt.fence, attempt.reason) for attempt in storage.attempts(1)] == [(9, "finished")]


def test_workers_that_hold_trials_are_named(old_url: str) -> None:
    upgrade = Upgrade(old_url)
    assert upgrade.holders() == ["w"]
    upgrade.run()
    assert upgrade.holders() == ["w"]


def test_leases_that_ran_out_are_nobodys(old_url: str) -> None:
    engine = sqlalchemy.create_engine(parse_url(old_url))
    with engine.begin() as connection:
        connection.execute(sqlalchemy.update(own_tables(connection.dialect.name).leases).values(expires=1.0))
    engine.dispose()
    assert Upgrade(old_url).holders() == []


@pytest.mark.parametrize("broken_after", ["a column", "a table", "everything"])
def test_an_upgrade_that_broke_off_is_completed(old_url: str, opener: Opener, broken_after: str) -> None:
    """SQLite keeps each step of a migration that was killed; only the revision is still the old one."""
    engine = sqlalchemy.create_engine(parse_url(old_url))
    with engine.begin() as connection:
        tables = own_tables(connection.dialect.name)
        leases = f"{tables.schema}.{tables.leases.name}" if tables.schema else tables.leases.name
        connection.exec_driver_sql(f"ALTER TABLE {leases} ADD COLUMN epoch INTEGER DEFAULT '0' NOT NULL")
        if broken_after != "a column":
            connection.exec_driver_sql(f"ALTER TABLE {leases} ADD COLUMN speed FLOAT DEFAULT '0' NOT NULL")
            tables.attempts.create(connection)
        if broken_after == "everything":
            tables.leases.metadata.create_all(connection)
    engine.dispose()
    Upgrade(old_url).run()
    assert {"epoch", "speed"} <= columns(old_url, "leases")
    assert len(opener(old_url).running_leases()) == 1
    assert opener(old_url).spent(1).epochs == 0


def test_tables_of_an_older_optuna_are_upgraded_by_its_own_migrations(
    database_url: str, opener: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    storage = opener(database_url)
    optuna.create_study(storage=storage, study_name="s").ask()
    with storage.engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX ix_trials_study_id")  # which newer ones have from the start
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'v3.0.0.d'")
    storage.close()
    handlers, is_disabled = logging.getLogger().handlers[:], logging.getLogger("vsearch").disabled

    upgrade = Upgrade(database_url)
    assert list(map(str, upgrade.changes())) == ["Optuna's tables from v3.0.0.d to v3.2.0.a"]
    upgrade.run()

    assert upgrade.changes() == []
    assert opener(database_url).study_names() == ["s"]
    assert (logging.getLogger().handlers, logging.getLogger("vsearch").disabled) == (handlers, is_disabled)
    with opener(database_url).engine.connect() as connection:
        indexes = sqlalchemy.inspect(connection).get_indexes("trials")
    assert "trials_study_id_key" in {index["name"] for index in indexes}


def test_a_database_of_plain_optuna_gets_our_tables(database_url: str, opener: Opener) -> None:
    url = parse_url(database_url).render_as_string(hide_password=False)
    optuna.create_study(storage=url, study_name="s")
    upgrade = Upgrade(database_url)
    assert list(map(str, upgrade.changes())) == [f"vsearch's tables from none to {own_head()}"]
    assert upgrade.holders() == []
    upgrade.run()
    assert opener(database_url).running_leases() == []


@pytest.mark.parametrize(
    ("table", "words"), [("alembic_version", "newer Optuna.*pip install"), ("own", "newer vsearch.*pip install")]
)
def test_tables_of_a_newer_version_are_never_changed(database_url: str, opener: Opener, table: str, words: str) -> None:
    storage = opener(database_url)
    with storage.engine.begin() as connection:
        tables = own_tables(connection.dialect.name)
        own = f"{tables.schema}.{tables.revision}" if tables.schema else tables.revision
        connection.exec_driver_sql(f"UPDATE {own if table == 'own' else table} SET version_num = 'v99'")
    for work in (Upgrade(database_url).changes, Upgrade(database_url).run):
        with pytest.raises(StorageError, match=words):
            work()


def test_nothing_is_made_where_nothing_is(postgres_url: str, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="vsearch storage init"):
        Upgrade(postgres_url).changes()
    with pytest.raises(StorageError, match="there is no database"):
        Upgrade(f"sqlite:///{tmp_path / 'none.db'}")
    assert list(tmp_path.iterdir()) == []


def test_a_password_with_special_characters_reaches_optunas_migrations(postgres_url: str, opener: Opener) -> None:
    url = sqlalchemy.make_url(postgres_url)
    password = "{a}%40:b/c"
    role = f"odd_{url.database}"[:40]
    storage = opener(postgres_url)
    with storage.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role} SUPERUSER LOGIN PASSWORD '{password.replace('%', '%%')}'")
        connection.exec_driver_sql("DROP INDEX ix_trials_study_id")  # which newer ones have from the start
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'v3.0.0.d'")
    odd = url.set(username=role, password=password).render_as_string(hide_password=False)
    try:
        Upgrade(odd).run()
        assert Upgrade(odd).changes() == []
    finally:
        with storage.engine.begin() as connection:
            connection.exec_driver_sql(f"DROP ROLE {role}")
