"""Databases that cannot be used, and what the user is told."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import optuna
import psycopg2
import pytest
import sqlalchemy

from vsearch.errors import StorageError
from vsearch.storage import Storage, open_storage


def execute(url: str, statement: str) -> None:
    engine = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg2://"))
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def changed(url: str, **parts: str) -> str:
    return sqlalchemy.make_url(url).set(**parts).render_as_string(hide_password=False)  # type: ignore[arg-type]


def refusal(url: str, **settings: float) -> str:
    """What `open_storage` says instead of opening `url`: one line without the password."""
    with pytest.raises(StorageError) as caught:
        open_storage(url, **settings)  # type: ignore[arg-type]
    message = str(caught.value)
    assert "\n" not in message
    password = sqlalchemy.make_url(url).password
    assert not password or password not in message
    return message


def test_tables_are_not_made_unless_wanted(postgres_url: str, tmp_path: Path) -> None:
    assert "holds no studies" in refusal(postgres_url, create=False)
    assert "there is no database" in refusal(f"sqlite:///{tmp_path / 'none.db'}", create=False)
    assert list(tmp_path.iterdir()) == []


def test_tables_that_a_killed_process_left_half_made_are_completed(
    database_url: str, opener: Callable[..., Storage]
) -> None:
    opener(database_url).close()
    execute(database_url, "DROP TABLE alembic_version")
    execute(database_url, "DROP TABLE trial_heartbeats")
    execute(database_url, "DELETE FROM version_info")

    storage = opener(database_url)

    optuna.create_study(storage=storage, study_name="s")
    assert storage.study_names() == ["s"]


@pytest.mark.parametrize(
    ("revision", "advice"),
    [("v3.0.0.d", "older Optuna.*backup.*vsearch storage upgrade"), ("v99.0.0.a", "newer Optuna.*pip install")],
)
def test_tables_of_another_optuna_are_refused_and_left_alone(
    database_url: str, opener: Callable[..., Storage], revision: str, advice: str
) -> None:
    opener(database_url).close()
    execute(database_url, f"UPDATE alembic_version SET version_num = '{revision}'")

    for _ in range(2):
        with pytest.raises(StorageError, match=advice):
            opener(database_url)


def test_a_wrong_password_is_named_at_once(postgres_url: str) -> None:
    assert "refused the password" in refusal(changed(postgres_url, password="wr0ng"), retry_seconds=30)


def test_a_missing_database_is_named_at_once(postgres_url: str) -> None:
    assert "there is no such database" in refusal(changed(postgres_url, database="nowhere"), retry_seconds=30)


def test_an_unknown_host_is_named_after_the_limit() -> None:
    message = refusal("postgresql://ada:s3cret@no-such-host.invalid/db", retry_seconds=0.2)

    assert "host name is unknown" in message
    assert "tried for" in message


@pytest.fixture
def guest_url(postgres_url: str) -> str:
    """The URL of a database as a user who may only read."""
    execute(
        postgres_url,
        "DO $$ BEGIN CREATE ROLE guest LOGIN PASSWORD 'gu3st'; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    )
    execute(postgres_url, "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO guest")
    return changed(postgres_url, username="guest", password="gu3st")


def test_a_user_who_may_not_make_tables_is_told_so(guest_url: str) -> None:
    assert "lacks the permission" in refusal(guest_url, retry_seconds=30)


def test_a_user_who_may_only_read_can_read(postgres_url: str, guest_url: str, opener: Callable[..., Storage]) -> None:
    optuna.create_study(storage=opener(postgres_url), study_name="s").ask()
    execute(postgres_url, "GRANT USAGE ON SCHEMA vsearch TO guest")
    execute(postgres_url, "GRANT SELECT ON ALL TABLES IN SCHEMA vsearch TO guest")

    reader = opener(guest_url, retry_seconds=30)

    assert [summary.name for summary in reader.summaries()] == ["s"]
    study = optuna.load_study(study_name="s", storage=reader)
    assert len(study.trials) == 1
    with pytest.raises(StorageError, match="lacks the permission"):
        study.ask()


def test_a_read_only_server_is_named_at_once(postgres_url: str, opener: Callable[..., Storage]) -> None:
    database = sqlalchemy.make_url(postgres_url).database
    opener(postgres_url).close()
    execute(postgres_url, f"ALTER DATABASE {database} SET default_transaction_read_only = on")

    with pytest.raises(StorageError, match="read-only"):
        optuna.create_study(storage=opener(postgres_url, retry_seconds=30), study_name="s")


def test_a_folder_or_another_file_is_no_database(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database, but long enough to look like one" * 100)

    assert "is a folder" in refusal(f"sqlite:///{tmp_path}")
    assert "not a SQLite database" in refusal(f"sqlite:///{text}", retry_seconds=30)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    assert "cannot be made" in refusal("sqlite:////proc/vsearch/studies.db", retry_seconds=30)
    assert "cannot be opened" in refusal("sqlite:////proc/studies.db", retry_seconds=30)


def test_a_file_of_another_user_is_read_only(tmp_path: Path, opener: Callable[..., Storage], stranger: int) -> None:
    opener(f"sqlite:///{tmp_path / 'studies.db'}").close()
    for path in (tmp_path, *tmp_path.iterdir()):
        path.chmod(0o555)
    script = (
        "import os, sys\n"
        "from vsearch.storage import open_storage\n"
        f"os.seteuid({stranger})\n"
        f"open_storage('sqlite:///{tmp_path}/studies.db').create_new_study([])"
    )
    try:
        ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    finally:
        tmp_path.chmod(0o755)

    assert "StorageError" in ended.stderr
    assert "check the permissions" in ended.stderr


def test_a_full_disk_is_named_at_once(tmp_path: Path, opener: Callable[..., Storage]) -> None:
    storage = opener(f"sqlite:///{tmp_path / 'studies.db'}", retry_seconds=30)
    study = optuna.create_study(storage=storage, study_name="s")
    with storage.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1")

    with pytest.raises(StorageError, match="disk is full"):
        study.set_user_attr("big", "x" * 1_000_000)


@pytest.mark.parametrize("bytes_left", [0, 200_000])
def test_a_disk_without_room_for_the_log_is_named_at_once(
    tmp_path: Path, opener: Callable[..., Storage], bytes_left: int
) -> None:
    """No file may grow beyond `bytes_left`: the shared memory beside the database, or its write-ahead log."""
    opener(f"sqlite:///{tmp_path / 'studies.db'}").close()
    script = (
        "import optuna, resource\n"
        "from vsearch.storage import open_storage\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({bytes_left}, {bytes_left}))\n"
        f"study = optuna.create_study(storage=open_storage('sqlite:///{tmp_path}/studies.db'), study_name='s')\n"
        "study.set_user_attr('big', 'x' * 1_000_000)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    last = ended.stderr.strip().splitlines()[-1]
    assert "StorageError" in last
    assert "the disk is full" in last


def test_importing_the_storage_does_not_import_torch() -> None:
    script = "import sys, vsearch.storage; sys.exit('torch' in sys.modules or 'psycopg2' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], env=dict(os.environ), check=False).returncode == 0


def test_psycopg2_is_the_driver(postgres_url: str, opener: Callable[..., Storage]) -> None:
    storage = opener(postgres_url)

    with storage.engine.connect() as connection:
        assert isinstance(connection.connection.dbapi_connection, psycopg2.extensions.connection)
