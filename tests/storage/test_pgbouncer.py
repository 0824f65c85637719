"""Many storages through deploy/pgbouncer.ini in transaction mode. Skipped where there is no pgbouncer."""

import contextlib
import json
import os
import pwd
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import sqlalchemy
from optuna.trial import TrialState

from vsearch.search.stored import create_study
from vsearch.spec import StudySpec
from vsearch.storage import Storage
from vsearch.storage.engine import SESSION_SETTINGS

INI = Path(__file__).parents[2] / "deploy" / "pgbouncer.ini"
PROCESSES, CLIENTS = 6, 50
POOL = 20
OWN_CONNECTIONS = 4
"""Two storages of the test itself are not behind the pool."""
START_SECONDS = 20
WAIT_SECONDS = 10
"""In place of the file's, and less than a lock may be waited for on the server."""
Opener = Callable[..., Storage]


def pgbouncer() -> str | None:
    """The program that the tests may start."""
    return os.environ.get("VSEARCH_TEST_PGBOUNCER") or shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")


pytestmark = pytest.mark.skipif(
    pgbouncer() is None,
    reason="there is no pgbouncer: apt-get install pgbouncer, or set VSEARCH_TEST_PGBOUNCER to the program",
)


def execute(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement on the server itself."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def configured(folder: Path, server: sqlalchemy.URL, port: int) -> Path:
    """deploy/pgbouncer.ini with this server, this port, this folder and less patience, and nothing else changed."""
    text = INI.read_text()
    users = folder / "userlist.txt"
    users.write_text(f'"{server.username}" "{server.password}"\n')
    for old, new in (
        (
            "host=127.0.0.1 port=5432 dbname=vsearch ",
            f"host={server.host} port={server.port} dbname={server.database} ",
        ),
        ("listen_port = 6432", f"listen_port = {port}"),
        ("query_wait_timeout = 30", f"query_wait_timeout = {WAIT_SECONDS}"),
        ("auth_file = /etc/pgbouncer/userlist.txt", f"auth_file = {users}"),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = folder / "pgbouncer.ini"
    path.write_text(text)
    return path


@pytest.fixture
def pooled_url(postgres_url: str) -> Iterator[str]:
    """The URL of the test's database behind a pgbouncer; as root it runs as `nobody`, for it refuses root."""
    server, port = sqlalchemy.make_url(postgres_url), a_free_port()
    with tempfile.TemporaryDirectory(prefix="vsearch pgbouncer ", dir="/tmp") as name:
        folder = Path(name)
        ini = configured(folder, server, port)
        user: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            for path in (folder, *folder.iterdir()):
                os.chown(path, nobody.pw_uid, nobody.pw_gid)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([str(pgbouncer()), str(ini)], stdout=log, stderr=log, cwd=folder, **user)
        try:
            url = server.set(host="127.0.0.1", port=port, database="vsearch").render_as_string(hide_password=False)
            wait_until_it_answers(url, process, folder / "log")
            yield url
        finally:
            process.kill()
            process.wait()


def a_free_port() -> int:
    """A port that no client's connection is given by chance (Linux gives those from 32768 on)."""
    for port in random.SystemRandom().sample(range(10_240, 32_768), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("no free port was found")


def wait_until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(psycopg2.OperationalError):
            psycopg2.connect(url, connect_timeout=2).close()
            return
        time.sleep(0.05)
    pytest.fail(f"pgbouncer does not start: {log.read_text()}")


@pytest.fixture
def crowd(pooled_url: str, postgres_url: str, opener: Opener) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes with 300 storages, each through the pool, on a study of 300 trials; they wait for a line."""
    opener(postgres_url)  # makes the tables on the server itself, as the file says
    spec: dict[str, Any] = {"dataset": "digits", "depth": 8, "epochs": 2, "pruner": "none", "sampler": "random"}
    create_study(opener(pooled_url), StudySpec(("triangle",), name="pooled", trials=PROCESSES * CLIENTS, **spec))
    command = [sys.executable, str(Path(__file__).with_name("pooled.py")), pooled_url, "pooled", str(CLIENTS)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)
    ]
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_three_hundred_storages_share_twenty_connections(
    crowd: list[subprocess.Popen[str]], postgres_url: str, opener: Opener
) -> None:
    """Each takes a trial under a lease, reports and ends it, at the same time as all others; then nothing is left."""
    assert [answer(process) for process in crowd] == ["ready\n"] * PROCESSES
    for process in crowd:
        tell(process)
    answers = [json.loads(answer(process)) for process in crowd]

    assert [problem for found in answers for problem in found["problems"]] == []
    assert sorted(number for found in answers for number in found["trials"]) == list(range(PROCESSES * CLIENTS))
    for process in crowd:
        tell(process)
    assert [json.loads(answer(process)) for process in crowd] == [[]] * PROCESSES
    storage = opener(postgres_url)
    (summary,) = storage.summaries()
    assert summary.counts[TrialState.COMPLETE] == sum(summary.counts.values()) == PROCESSES * CLIENTS
    for trial in storage.get_all_trials(summary.study_id):
        assert sorted(trial.intermediate_values) == [1, 2]
        assert [attempt.reason for attempt in storage.attempts(trial._trial_id)] == ["finished"]
    ((connections,),) = execute(
        postgres_url,
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid != pg_backend_pid() AND client_port IS NOT NULL",
    )
    assert connections <= POOL + OWN_CONNECTIONS


def test_connections_of_the_pool_have_the_settings_that_workers_ask_for(
    pooled_url: str, postgres_url: str, opener: Opener
) -> None:
    database = sqlalchemy.make_url(postgres_url).database
    execute(postgres_url, f"ALTER DATABASE {database} SET timezone = 'Asia/Tokyo'")
    storage = opener(pooled_url)
    with storage.engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"SELECT current_setting('{name}')::interval = '{value}'").scalar()
            for name, value in SESSION_SETTINGS.items()
            if name != "timezone"
        }
        assert set(found.values()) == {True}
        assert connection.exec_driver_sql("SHOW timezone").scalar() == SESSION_SETTINGS["timezone"]
    with psycopg2.connect(postgres_url) as plain, plain.cursor() as cursor:
        cursor.execute("SHOW timezone")
        assert cursor.fetchone() == ("Asia/Tokyo",)


def test_server_connections_that_are_cut_are_replaced(pooled_url: str, postgres_url: str, opener: Opener) -> None:
    storage = opener(pooled_url)
    assert storage.study_names() == []
    execute(
        postgres_url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid != pg_backend_pid()",
    )
    assert storage.study_names() == []


def test_who_waits_for_a_lock_holds_no_connection(pooled_url: str, opener: Opener) -> None:
    """More waiters than the pool has connections do not keep the holder of the lock from its work."""
    storages = [opener(pooled_url) for _ in range(POOL + 2)]
    order: list[int] = []

    def wait_for_it(number: int) -> None:
        with storages[number].exclusive(1):
            order.append(number)

    with storages[0].exclusive(1):
        waiters = [threading.Thread(target=wait_for_it, args=(number,)) for number in range(1, POOL + 2)]
        for waiter in waiters:
            waiter.start()
        time.sleep(1.0)
        with storages[0].patience(0.0):
            assert storages[0].study_names() == []
        assert order == []
    for waiter in waiters:
        waiter.join()
    assert sorted(order) == list(range(1, POOL + 2))
