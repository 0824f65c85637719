"""Fixtures that many tests share: a real PostgreSQL server, a fresh database in it for each test, and a stranger."""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import optuna
import psycopg2
import psycopg2.extensions
import pytest
import sqlalchemy


class PostgresServer:
    """A server of the tests' own that can be stopped and started; it ends with this process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("postgres.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C reaches pytest only, which ends the server in order
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        answer = json.loads(line or '{"error": "the server process ended without a word"}')
        if "error" in answer:
            pytest.fail(f"no PostgreSQL server: {answer['error']}", pytrace=False)
        self.url: str = answer["url"]

    def tell(self, command: str) -> None:
        """Send `stop`, `crash` or `start` and wait until it is done."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "ok\n"

    def close(self) -> None:
        self._process.communicate()


PATIENCE_SECONDS = 200
"""For other processes, on a machine that has much else to do."""


@pytest.fixture
def wait_for() -> Callable[[Callable[[], object]], None]:
    """`wait_for(condition)` returns when the condition is true, and fails the test if it stays false."""

    def wait(condition: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.1)

    return wait


@pytest.fixture
def quiet_optuna() -> Iterator[None]:
    """Keeps Optuna's notes on each study and trial out of the test's output."""
    former = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(former)


STRANGER = 65534
"""A uid that owns nothing on any ordinary system."""


@pytest.fixture
def open_to_others() -> Callable[[Path], None]:
    """`open_to_others(folder)` lets others descend to it: pytest makes its folders for their owner alone."""

    def open_up(path: Path) -> None:
        for folder in (path, *path.parents):
            mode = folder.stat().st_mode
            # The group too: a process that only laid down its uid still has root's.
            if folder.stat().st_uid == os.geteuid() and mode & 0o011 != 0o011:
                folder.chmod(mode | 0o011)

    return open_up


@pytest.fixture
def stranger(tmp_path: Path, open_to_others: Callable[[Path], None]) -> int:
    """A uid to whom root may descend, and which may descend to `tmp_path`; for others their own uid."""
    if os.geteuid() != 0:
        return os.geteuid()
    open_to_others(tmp_path)
    return STRANGER


@pytest.fixture
def as_stranger(stranger: int) -> Iterator[None]:
    """Lays down root's rights for the test, since root is never denied anything."""
    former = os.geteuid()
    os.seteuid(stranger)
    try:
        yield
    finally:
        os.seteuid(former)


@pytest.fixture(scope="session")
def own_postgres() -> Iterator[PostgresServer]:
    """The tests' own server."""
    server = PostgresServer()
    yield server
    server.close()


@pytest.fixture(scope="session")
def tell_postgres(own_postgres: PostgresServer) -> Callable[[str], None]:
    """Sends `stop`, `crash` or `start` to the tests' own server; leave it running."""
    return own_postgres.tell


@pytest.fixture(scope="session")
def postgres_server_url(request: pytest.FixtureRequest) -> str:
    """The URL of a server on which databases may be made: `VSEARCH_TEST_POSTGRES`, or the tests' own server."""
    given = os.environ.get("VSEARCH_TEST_POSTGRES")
    if given:
        return given
    server: PostgresServer = request.getfixturevalue("own_postgres")
    return server.url


@pytest.fixture
def postgres_url(postgres_server_url: str) -> Iterator[str]:
    """The URL of an empty database that no other test uses."""
    yield from fresh_database(postgres_server_url)


@pytest.fixture
def own_postgres_url(own_postgres: PostgresServer) -> Iterator[str]:
    """The same on the tests' own server."""
    yield from fresh_database(own_postgres.url)


@pytest.fixture(scope="session")
def session_postgres_url(postgres_server_url: str) -> Iterator[str]:
    """The URL of a database that all tests share; empty at first."""
    yield from fresh_database(postgres_server_url)


def fresh_database(server_url: str) -> Iterator[str]:
    """Make a database, yield its URL and drop it."""
    name = f"test_{uuid.uuid4().hex}"
    run_sql(server_url, f"CREATE DATABASE {name}")
    yield sqlalchemy.make_url(server_url).set(database=name).render_as_string(hide_password=False)
    run_sql(server_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def run_sql(url: str, statement: str) -> None:
    """Run one statement outside a transaction."""
    connection: psycopg2.extensions.connection = psycopg2.connect(url.replace("postgresql+psycopg2", "postgresql", 1))
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()
