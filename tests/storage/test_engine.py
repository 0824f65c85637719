"""What a connection starts with."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy

from vsearch.storage import Storage
from vsearch.storage.engine import target_of
from vsearch.storage.url import parse_url


def test_sqlite_writes_ahead_and_waits_for_the_disk_and_for_others(
    tmp_path: Path, opener: Callable[..., Storage]
) -> None:
    storage = opener(f"sqlite:///{tmp_path / 'studies.db'}")

    with storage.engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 60_000}


def test_a_database_without_write_ahead_log_gets_it(tmp_path: Path, opener: Callable[..., Storage]) -> None:
    path = tmp_path / "studies.db"
    opener(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",)
    connection.close()

    storage = opener(f"sqlite:///{path}", create=False)

    with storage.engine.connect() as open_connection:
        assert open_connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("timezone", "UTC"),
        ("statement_timeout", "1min"),
        ("lock_timeout", "30s"),
        ("idle_in_transaction_session_timeout", "1min"),
        ("application_name", "vsearch"),
        ("tcp_user_timeout", "0"),  # the server's own; ours is set on the client's side
    ],
)
def test_postgres_sessions_have_time_limits(postgres_url: str, setting: str, value: str) -> None:
    connection = target_of(parse_url(postgres_url)).connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting(%s)", (setting,))
            assert cursor.fetchone() == (value,)
    finally:
        connection.close()


def test_settings_of_the_url_are_added_to_ours(postgres_url: str) -> None:
    url = sqlalchemy.make_url(postgres_url).update_query_dict(
        {"options": "-c statement_timeout=7s", "application_name": "mine"}
    )
    connection = target_of(parse_url(url.render_as_string(hide_password=False))).connect()
    try:
        found = connection.get_dsn_parameters()
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
            assert cursor.fetchone() == ("7s", "30s")
    finally:
        connection.close()
    assert found["application_name"] == "mine"
    assert (found["connect_timeout"], found["keepalives_idle"], found["tcp_user_timeout"]) == ("5", "10", "15000")


def test_a_target_shows_no_password() -> None:
    target = target_of(parse_url("postgresql://ada:s3cret@host/db?sslpassword=s3cret2"))

    assert "s3cret" not in f"{target!r} {target.url_template()} {target.location}"


def test_braces_in_a_name_survive_optunas_template() -> None:
    target = target_of(parse_url("postgresql://ada@host/d{b}"))

    assert sqlalchemy.make_url(target.url_template().format(SCHEMA_VERSION=12)) == target.url
