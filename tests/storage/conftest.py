"""A storage on each database for the tests of the storage layer."""

import json
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from vsearch.storage import Storage, open_storage

Opener = Callable[..., Storage]


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'studies.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def opener() -> Iterator[Opener]:
    """`open_storage`, with the connections closed at the end of the test."""
    opened: list[Storage] = []

    def open_one(url: str, **settings: float) -> Storage:
        opened.append(open_storage(url, **settings))  # type: ignore[arg-type]
        return opened[-1]

    yield open_one
    for storage in opened:
        storage.close()


@pytest.fixture(scope="session")
def shared_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    """One storage on SQLite for all tests that need no database of their own (making one takes a second)."""
    opened = open_storage(f"sqlite:///{tmp_path_factory.mktemp('shared') / 'studies.db'}")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shared_postgres(session_postgres_url: str) -> Iterator[Storage]:
    """The same on PostgreSQL."""
    opened = open_storage(session_postgres_url)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgres"])
def storage(request: pytest.FixtureRequest) -> Storage:
    """A storage without studies, once on each database."""
    shared: Storage = request.getfixturevalue(f"shared_{request.param}")
    return emptied(shared)


def emptied(storage: Storage) -> Storage:
    """`storage` without its studies."""
    for study in storage.get_all_studies():
        storage.delete_study(study._study_id)
    return storage


class Workers:
    """Processes that wait for work (`worker.py`) and do it all at the same moment."""

    def __init__(self, number: int) -> None:
        command = [sys.executable, str(Path(__file__).with_name("worker.py"))]
        self._processes = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(number)
        ]

    def do(self, work: str, *arguments: object) -> list[Any]:
        """What each process answers to `work(*arguments)`; a failure in one of them fails the test."""
        start = time.time() + 0.2
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.write(json.dumps({"do": work, "arguments": arguments, "at": start}) + "\n")
            process.stdin.flush()
        answers = [json.loads(process.stdout.readline()) for process in self._processes if process.stdout]
        errors = [answer["error"] for answer in answers if "error" in answer]
        assert errors == []
        return [answer["result"] for answer in answers]

    def close(self) -> None:
        for process in self._processes:
            if process.stdin is not None:
                process.stdin.close()
        for process in self._processes:
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


@pytest.fixture(scope="session")
def all_workers() -> Iterator[Callable[..., list[Any]]]:
    """`Workers.do` of eight processes; shared, because starting them takes ten seconds of processor time."""
    started = Workers(8)
    yield started.do
    started.close()


class LossyProxy:
    """A TCP proxy before a PostgreSQL server that can lose the answer to a change's COMMIT, as a bad network does."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self.lost = 0
        """How many answers were lost."""
        self.is_armed = False
        """Set it to lose the next one."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        has_changes = False
        with client, socket.create_connection(self._target) as server:
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    # A query is a Q, four bytes of length and its text; reads end in a COMMIT as well.
                    if ready is client and data[5:].startswith((b"INSERT", b"UPDATE", b"DELETE")):
                        has_changes = True
                    if ready is client and self.is_armed and has_changes and b"COMMIT\0" in data:
                        self.is_armed = False
                        server.sendall(data)
                        server.recv(65536)  # it is stored now
                        self.lost += 1
                        return
                    (server if ready is client else client).sendall(data)


@pytest.fixture
def lossy(postgres_url: str) -> Iterator[LossyProxy]:
    """A proxy before the server of `postgres_url`."""
    url = sqlalchemy.make_url(postgres_url)
    proxy = LossyProxy(str(url.host), url.port or 5432)
    yield proxy
    proxy.close()


@pytest.fixture
def lossy_storage(lossy: LossyProxy, postgres_url: str, opener: Opener) -> Storage:
    """A storage behind that proxy."""
    url = sqlalchemy.make_url(postgres_url).set(host="127.0.0.1", port=lossy.port)
    return opener(url.render_as_string(hide_password=False))
