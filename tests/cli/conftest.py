"""Running the real command line: in this process where that is enough, as processes of its own where it is not."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from filelock import FileLock

from vsearch.cli import main

PATIENCE_SECONDS = 400
"""For a command on a machine that has much else to do."""
QUICK = (
    *("--family", "triangle", "--dataset", "digits", "--depth", "8", "--epochs", "3", "--name", "quick"),
    *("--train-images", "256", "--recipe-set", "batch_size=64", "--pruner", "none"),
)
"""A study whose trials take about a second."""


class Result(NamedTuple):
    """What a command gave back."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """stdout read as JSON."""
        return json.loads(self.out)


def environment(home: Path) -> dict[str, str]:
    """This process's environment with `home` as the home of vsearch and no other setting of it."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith("VSEARCH_")}
    return plain | {"VSEARCH_HOME": str(home), "OMP_NUM_THREADS": "1"}


class Cli:
    """The command line with a home folder of its own."""

    def __init__(self, home: Path, capture: pytest.CaptureFixture[str] | None = None) -> None:
        self.home = home
        self._capture = capture

    def __call__(self, *arguments: str) -> Result:
        """Run a command in this process."""
        assert self._capture is not None
        self._capture.readouterr()
        code = main(arguments)
        return Result(code, *self._capture.readouterr())

    def start(
        self, *arguments: str, stdout: int | IO[str] = subprocess.PIPE, environ: dict[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Begin a command as a process; `environ` is added to its environment."""
        return subprocess.Popen(
            [sys.executable, "-m", "vsearch", *arguments],
            env=environment(self.home) | (environ or {}),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            # A shell makes what it starts in the background deaf to Ctrl-C, and that is inherited.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def process(self, *arguments: str, environ: dict[str, str] | None = None) -> Result:
        """Run a command as a process to its end."""
        process = self.start(*arguments, environ=environ)
        try:
            out, err = process.communicate(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.terminate()
            raise AssertionError(process.communicate()) from None
        return Result(process.returncode, out, err)

    def refuses(self, arguments: list[str], words: tuple[str, ...], folder: Path) -> None:
        """Check that a command is refused in one line that holds these words, and makes nothing in the folder."""
        before = sorted(folder.rglob("*"))
        result = self(*arguments)
        assert result.code == 2, result
        assert result.out == ""
        assert result.err.startswith("vsearch: ")
        assert result.err.count("\n") == 1, result.err
        assert len(result.err) < 600, result.err
        assert [word for word in words if word not in result.err] == [], result.err
        assert sorted(folder.rglob("*")) == before

    def trials(self, study: str) -> list[dict[str, Any]]:
        """The trials of a study, by `study show --json`."""
        result = self("study", "show", study, "--json")
        assert result.code == 0, result.err
        found: list[dict[str, Any]] = result.json["trials"]
        return found

    def states(self, study: str) -> list[str]:
        """The states of a study's trials, by number."""
        return [trial["state"] for trial in self.trials(study)]


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Cli]:
    """The command line with an empty home that does not exist yet."""
    yield from _in_process(Cli(tmp_path / "home", capsys), monkeypatch)


@pytest.fixture
def trained(trained_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Cli]:
    """The command line with the home in which the study `quick` has been trained; for tests that only read it."""
    yield from _in_process(Cli(trained_home, capsys), monkeypatch)


@pytest.fixture
def searched(
    untouched_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Cli]:
    """The command line with a home of its own in which the study `quick` has been trained."""
    shutil.copytree(untouched_home, tmp_path / "home")
    yield from _in_process(Cli(tmp_path / "home", capsys), monkeypatch)


def _in_process(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cli]:
    for key in list(os.environ):
        if key.startswith("VSEARCH_"):
            monkeypatch.delenv(key)
    monkeypatch.setenv("VSEARCH_HOME", str(cli.home))
    handler = signal.getsignal(signal.SIGTERM)
    yield cli
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture(scope="session")
def untouched_home(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A home in which `study run` has trained the study `quick`: once, however many processes run the tests.

    To be copied, never opened: SQLite's files beside a database come and go with those who read it.
    """
    base = tmp_path_factory.getbasetemp()
    home = (base if worker_id == "master" else base.parent) / "untouched-home"
    with FileLock(f"{home}.lock"):
        if not (home / "run.json").exists():
            result = Cli(home).process("study", "run", *QUICK, "--trials", "5", "--workers", "2")
            (home / "run.json").write_text(json.dumps(result._asdict()))
    return home


@pytest.fixture(scope="session")
def trained_home(untouched_home: Path) -> Path:
    """A copy of that home which all tests read side by side; never to be copied as files."""
    home = untouched_home.with_name("trained-home")
    with FileLock(f"{home}.lock"):
        if not home.exists():
            shutil.copytree(untouched_home, home)
    return home


@pytest.fixture
def training_run(untouched_home: Path) -> Result:
    """What the `study run` that trained the study `quick` printed."""
    return Result(**json.loads((untouched_home / "run.json").read_text()))


class Answer(NamedTuple):
    """What a server gave back."""

    status: int
    body: str
    headers: dict[str, str]


class Dashboard(NamedTuple):
    """A dashboard that runs."""

    process: subprocess.Popen[str]
    said: list[str]
    port: int

    def ask(
        self, path: str, method: str = "GET", body: str | None = None, password: str | None = None, **headers: str
    ) -> Answer:
        """Send it a request; `Host=` replaces the name that it is called by."""
        if password is not None:
            headers["Authorization"] = "Basic " + b64encode(f"ada:{password}".encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
            answer = connection.getresponse()
            return Answer(answer.status, answer.read().decode(errors="replace"), dict(answer.getheaders()))
        finally:
            connection.close()

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Its exit code after a signal, and what it said after its address."""
        self.process.send_signal(number)
        _, error = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, error


@pytest.fixture
def begin() -> Iterator[Callable[..., Dashboard]]:
    """Starts a dashboard on a free port and waits for its address."""
    processes = []

    def begin(cli: Cli, *arguments: str, environ: dict[str, str] | None = None) -> Dashboard:
        process = cli.start("dashboard", "--port", "0", *arguments, environ=environ)
        processes.append(process)
        said = []
        assert process.stderr is not None
        for line in process.stderr:
            said.append(line)
            if "the dashboard is at http://" in line:
                port = urlsplit(line.split()[4]).port
                assert port is not None
                return Dashboard(process, said, port)
        raise AssertionError(said)

    yield begin
    for process in processes:
        process.kill()
        process.communicate()
