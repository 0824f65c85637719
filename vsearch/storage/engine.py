"""How vsearch connects to a database: one place for drivers, time limits and what a connection starts with."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy.exc import SQLAlchemyError

BUSY_SECONDS = 60.0
"""How long SQLite waits for another writer before it calls the database locked."""

CONNECT_DEFAULTS: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "application_name": "vsearch",
}
"""libpq's settings: without them a call to a server that vanished hung for 56 s (measured)."""

SESSION_SETTINGS = {
    # Optuna compares times of the server with times of its clients.
    "timezone": "UTC",
    "statement_timeout": "60s",
    "lock_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
}

POOL_SETTINGS: dict[str, Any] = {"pool_pre_ping": True, "pool_size": 2, "max_overflow": 0, "pool_recycle": 1800}
"""A process has two connections at most, one for a lock and one for the work: 100 of a server carry 48 workers."""


@dataclass(frozen=True)
class Target:
    """A database that can be connected to; neither its fields nor its text hold a password."""

    location: str
    """For people: the file, or user, host, port and database."""
    url: sqlalchemy.URL
    """Without password and options."""
    path: Path | None
    """The file of a SQLite database, absolute; None for PostgreSQL."""
    connect: Callable[[], Any] = field(repr=False)
    """A new DBAPI connection."""

    def engine_settings(self) -> dict[str, Any]:
        """The keyword arguments for SQLAlchemy's `create_engine` beside the URL."""
        pool = {} if self.path else POOL_SETTINGS
        return {"creator": self.connect, **pool}

    def url_template(self) -> str:
        """The URL as Optuna wants it: it runs `str.format` over it."""
        return self.url.render_as_string(hide_password=False).replace("{", "{{").replace("}", "}}")


def let_go(connection: sqlalchemy.Connection) -> bool:
    """End a transaction that only held locks, and give its connection back; False if the server had lost it."""
    try:
        connection.rollback()
    except SQLAlchemyError:
        connection.invalidate()  # the server has freed the locks itself
        return False
    finally:
        connection.close()
    return True


def target_of(url: sqlalchemy.URL) -> Target:
    """The target of a URL that `parse_url` returned."""
    if url.get_backend_name() == "sqlite":
        path = Path(str(url.database)).expanduser().resolve()
        return Target(str(path), url.set(database=str(path)), path, _sqlite_connector(path))
    # Built anew, because URL.set(password=None) would keep the password.
    bare = sqlalchemy.URL.create(url.drivername, url.username, host=url.host, port=url.port, database=url.database)
    location = bare.set(drivername="postgresql").render_as_string()
    return Target(location, bare, None, _postgres_connector(url))


def _sqlite_connector(path: Path) -> Callable[[], sqlite3.Connection]:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, check_same_thread=False)
        # An acknowledged epoch must survive a power cut; WAL with NORMAL would lose the last ones.
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    return connect


def _postgres_connector(url: sqlalchemy.URL) -> Callable[[], Any]:
    _, from_url = url.get_dialect()().create_connect_args(url)
    session = " ".join(f"-c {name}={value}" for name, value in SESSION_SETTINGS.items())
    options = f"{session} {from_url.pop('options', '')}".strip()
    arguments = {**CONNECT_DEFAULTS, **from_url, "options": options}

    def connect() -> Any:
        import psycopg2

        return psycopg2.connect(**arguments)

    return connect
