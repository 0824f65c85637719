"""A password is seen nowhere: not on a screen, in a log, a process list, a page, or the database itself."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import urlopen

import psycopg2
import pytest
import sqlalchemy

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

WaitFor = Callable[[Callable[[], object]], None]
CANARY = "c4n4ry"
STUDY = (
    *("--family", "triangle", "--dataset", "digits", "--depth", "8", "--epochs", "200", "--name", "long"),
    *("--train-images", "128", "--recipe-set", "batch_size=64", "--pruner", "none", "--trials", "2"),
)
BROKEN = [
    f"mysql://u:{CANARY}@h/db",
    f"postgresql://u:{CANARY}@h:abc/db",
    f"postgresql://u:{CANARY}@h:70000/db",
    f"postgresql://u:{CANARY}@x@h/db",
    f"postgresql://u:{CANARY}/x@h/db",
    f"postgresql://u:{CANARY}#x@h/db",
    f"postgresql://u:{CANARY}%zz@h/db",
    f"postgresql://u:{CANARY}@h",
    f"user=u password={CANARY} host=h",
    f"postgresql://u:{CANARY}@127.0.0.1:1/db",
    f"postgresql://u@127.0.0.1:1/db?password={CANARY}",
    f"postgresql://u:{CANARY}@127.0.0.1:1/db?sslmode=nonsense",
]


@pytest.fixture
def secret_url(own_postgres_url: str) -> Iterator[str]:
    """A database whose only user here has a password."""
    url = sqlalchemy.make_url(own_postgres_url)
    role = f"canary_{url.database}"
    connection = psycopg2.connect(own_postgres_url.replace("postgresql+psycopg2", "postgresql", 1))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{CANARY}'")
        cursor.execute(f"GRANT ALL ON DATABASE {url.database} TO {role}; GRANT ALL ON SCHEMA public TO {role}")
    plain = url.set(drivername="postgresql", username=role, password=CANARY)
    yield plain.render_as_string(hide_password=False)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
    connection.close()


@pytest.fixture
def begun(cli: "Cli") -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a command as a process; killed at the end of the test."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **environ: str) -> subprocess.Popen[str]:
        processes.append(cli.start(*arguments, environ=environ))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def descendants(pid: int) -> list[int]:
    """A process and the ones that it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(found for child in children for found in descendants(int(child)))]


def files_with_canary(folder: Path) -> list[str]:
    return [str(path) for path in folder.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]


@pytest.mark.parametrize("url", BROKEN)
def test_a_worker_that_cannot_use_its_database_tells_no_password(cli: "Cli", tmp_path: Path, url: str) -> None:
    for arguments, environ in (
        (("worker",), {"VSEARCH_STORAGE": url}),
        (("worker", "--storage", url), {}),
    ):
        result = cli.process(*arguments, "--storage-timeout", "0", environ=environ)
        assert result.code in (2, 3), result
        *warnings, last = result.err.splitlines()
        assert last.startswith("vsearch: ")
        assert len(warnings) == (len(arguments) > 1), result.err
        assert all("can read the password on this command line; set VSEARCH_STORAGE" in line for line in warnings)
        assert CANARY not in result.out + result.err
    assert files_with_canary(tmp_path) == []


@pytest.mark.parametrize("content", [CANARY, f"{CANARY}\n{CANARY}", f"{CANARY}\xff".encode("latin-1"), ""])
def test_a_password_file_is_told_by_its_name_alone(cli: "Cli", tmp_path: Path, content: str | bytes) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    environ = {"VSEARCH_STORAGE": "postgresql://u@127.0.0.1:1/db", "VSEARCH_STORAGE_PASSWORD_FILE": str(file)}
    result = cli.process("worker", "--storage-timeout", "0", environ=environ)
    assert result.code in (2, 3, 4)
    assert CANARY not in result.out + result.err
    assert "127.0.0.1:1" in result.err or str(file) in result.err


def test_a_wrong_password_is_refused_by_the_server_and_not_repeated(cli: "Cli", secret_url: str) -> None:
    wrong = secret_url.replace(f":{CANARY}@", f":{CANARY}-wrong@")
    result = cli.process("worker", environ={"VSEARCH_STORAGE": wrong, "VSEARCH_STORAGE_TIMEOUT": "1"})
    assert (result.code, result.err.count("\n")) == (3, 1), result
    assert "the server refused the password" in result.err
    assert CANARY not in result.out + result.err


def test_a_running_fleet_shows_its_password_to_nobody(
    cli: "Cli", begun: Callable[..., subprocess.Popen[str]], secret_url: str, wait_for: WaitFor, tmp_path: Path
) -> None:
    """Not in the command lines, which every user of the machine may read; nor in logs, files or the database.

    The environment of a process holds it; the system shows that to its own user alone.
    """
    file = tmp_path / "secret"
    file.write_text(f"{CANARY}\n")
    file.chmod(0o600)
    without = secret_url.replace(f":{CANARY}@", "@")
    environ = {
        "VSEARCH_STORAGE": without,
        "VSEARCH_STORAGE_PASSWORD_FILE": str(file),
        "VSEARCH_CHECKPOINTS": "database",
    }
    run = begun("study", "run", *STUDY, "--workers", "1", "--device", "cpu", **environ)
    logs = cli.home / "logs" / "long-1.log"
    wait_for(lambda: run.poll() is not None or (logs.exists() and "trial 0" in logs.read_text()))
    assert run.poll() is None
    pids = descendants(run.pid)
    assert len(pids) >= 2
    for pid in pids:
        assert CANARY not in Path(f"/proc/{pid}/cmdline").read_text()
        assert os.stat(f"/proc/{pid}/environ").st_mode & 0o077 == 0
    shown = [cli.process(*command, environ=environ) for command in (("worker", "list", "--json"), ("doctor",))]
    run.send_signal(signal.SIGTERM)
    out, err = run.communicate(timeout=200)
    assert run.returncode == 143, err
    assert "Traceback" not in err
    assert CANARY not in out + err + "".join(result.out + result.err for result in shown)
    file.unlink()
    assert files_with_canary(tmp_path) == []
    assert rows_with_canary(secret_url) == []


def test_the_dashboard_serves_no_password(
    cli: "Cli", begun: Callable[..., subprocess.Popen[str]], secret_url: str
) -> None:
    created = cli.process("study", "create", *STUDY, environ={"VSEARCH_STORAGE": secret_url})
    assert created.code == 0, created.err
    process = begun("dashboard", "--port", "0", VSEARCH_STORAGE=secret_url)
    assert process.stderr is not None
    said = next(line for line in process.stderr if "the dashboard is at http://" in line)
    address = next(word for word in said.split() if word.startswith("http://")).rstrip("/")
    pages = []
    for path in ("/", "/dashboard", "/api/meta", "/api/studies", "/api/studies/1", "/api/studies/999", "/nonsense"):
        try:
            pages.append(urlopen(address + path, timeout=60).read().decode())
        except HTTPError as error:
            pages.append(error.read().decode())
    assert "long" in pages[3]
    assert CANARY not in "".join(pages) + said
    process.send_signal(signal.SIGTERM)
    assert CANARY not in "".join(process.communicate(timeout=100))


def rows_with_canary(url: str) -> list[str]:
    """The tables of vsearch and of Optuna that hold the canary anywhere."""
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
            )
            tables = [(s, t) for s, t in cursor.fetchall() if s not in ("pg_catalog", "information_schema")]
            assert len(tables) > 10
            found = []
            for schema, table in tables:
                cursor.execute(
                    f'SELECT count(*) FROM "{schema}"."{table}" AS t WHERE t::text LIKE %s', (f"%{CANARY}%",)
                )
                row = cursor.fetchone()
                if row is not None and row[0]:
                    found.append(table)
            return found
    finally:
        connection.close()


def test_a_password_in_an_error_is_not_kept_with_a_failed_trial(cli: "Cli", tmp_path: Path) -> None:
    """The log lines that go into the database are cleaned as those on the screen are."""
    script = (
        "import logging\n"
        "from vsearch.cli.logs import log_to_stderr\n"
        "from vsearch.worker.logtail import log_tail\n"
        "log_to_stderr()\n"
        "log = logging.getLogger('vsearch.worker')\n"
        "with log_tail() as tail:\n"
        "    try:\n"
        f"        raise RuntimeError('cannot open postgresql://u:{CANARY}@h/db \\x1b[2J')\n"
        "    except RuntimeError:\n"
        "        log.exception('trial 1 failed')\n"
        "print(tail.lines())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=100, check=True)
    assert "postgresql://u:***@h/db" in done.stderr
    assert "postgresql://u:***@h/db" in done.stdout
    assert CANARY not in (done.stderr + done.stdout).replace(
        f"raise RuntimeError('cannot open postgresql://u:{CANARY}", ""
    )
    assert "\x1b" not in done.stderr
