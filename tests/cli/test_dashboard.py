"""`vsearch dashboard` as a process: what it serves, to whom, how it ends, and what it says when it cannot."""

import http.client
import json
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

PATIENCE_SECONDS = 200


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

    def ask(self, path: str, method: str = "GET", body: str | None = None, **headers: str) -> Answer:
        """Send it a request; `Host=` replaces the name that it is called by."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read().decode(), dict(answer.getheaders()))
        finally:
            connection.close()

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Its exit code after a signal, and what it said after its address."""
        self.process.send_signal(number)
        _, error = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, error


Begin = Callable[..., Dashboard]


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Starts a dashboard on a free port and waits for its address."""
    processes = []

    def begin(cli: "Cli", *arguments: str, environ: dict[str, str] | None = None) -> Dashboard:
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


def test_it_serves_the_page_and_the_studies_and_changes_nothing(trained: "Cli", begin: Begin) -> None:
    dashboard = begin(trained)
    assert dashboard.said == [f"the dashboard is at http://127.0.0.1:{dashboard.port}/ (Ctrl-C ends it)\n"]
    page = dashboard.ask("/dashboard")
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=UTF-8")
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]  # the browser fetches nothing elsewhere
    scripts = re.findall(r'(?:src|href)="([^"]*)"', page.body)
    assert scripts
    assert all(script.startswith("/") and not script.startswith("//") for script in scripts)
    assert all(dashboard.ask(script).status == 200 for script in scripts)
    (study,) = json.loads(dashboard.ask("/api/studies").body)["study_summaries"]
    assert study["study_name"] == "quick"
    detail = json.loads(dashboard.ask(f"/api/studies/{study['study_id']}").body)
    assert len(detail["trials"]) >= 5

    change = {"Content-Type": "application/json"}
    renamed = dashboard.ask(f"/api/studies/{study['study_id']}/rename", "POST", '{"study_name": "x"}', **change)
    assert (renamed.status, "--writable" in renamed.body) == (403, True)
    assert dashboard.ask(f"/api/studies/{study['study_id']}", "DELETE", **change).status == 403
    assert dashboard.end() == (143, "")
    assert trained("study", "show", "quick").code == 0


def test_only_who_calls_it_by_its_name_is_answered(cli: "Cli", begin: Begin) -> None:
    dashboard = begin(cli, "--allow-host", "gpu1.example.org")
    for host in ("127.0.0.1", "localhost:1", "gpu1.example.org", f"gpu1.example.org:{dashboard.port}"):
        assert dashboard.ask("/api/studies", Host=host).status == 200
    for host in ("evil.example", "gpu2.example.org", "gpu1.example.org.evil.example"):
        assert dashboard.ask("/api/studies", Host=host).status == 403
        assert dashboard.ask("/dashboard", Host=host).status == 403
    assert dashboard.end(signal.SIGINT) == (130, "")


def test_with_writable_a_study_can_be_deleted_but_not_from_another_site(cli: "Cli", begin: Begin) -> None:
    assert cli("study", "create", "--family", "ramp", "--dataset", "digits", "--name", "mine").code == 0
    dashboard = begin(cli, "--writable")
    (study,) = json.loads(dashboard.ask("/api/studies").body)["study_summaries"]
    change = {"Content-Type": "application/json"}
    path = f"/api/studies/{study['study_id']}"
    assert dashboard.ask(path, "DELETE", "{}", **change, Origin="http://evil.example").status == 403
    assert dashboard.ask(path, "DELETE", "{}", **change, Origin=f"http://127.0.0.1:{dashboard.port}").status == 204
    assert json.loads(dashboard.ask("/api/studies").body)["study_summaries"] == []
    assert dashboard.end()[0] == 143


def test_a_study_made_while_it_runs_is_shown(cli: "Cli", begin: Begin) -> None:
    dashboard = begin(cli)
    assert json.loads(dashboard.ask("/api/studies").body)["study_summaries"] == []
    assert cli("study", "create", "--family", "ramp", "--dataset", "digits", "--name", "late").code == 0
    (study,) = json.loads(dashboard.ask("/api/studies").body)["study_summaries"]
    assert study["study_name"] == "late"


def test_a_warning_says_when_others_reach_it(cli: "Cli", begin: Begin) -> None:
    dashboard = begin(cli, "--host", "0.0.0.0")
    assert dashboard.said[0].startswith("warning: it listens on 0.0.0.0 and asks for no password")
    assert dashboard.ask("/api/studies").status == 200
    assert dashboard.ask("/api/studies", Host="evil.example").status == 403


def test_a_database_that_goes_away_is_told_and_comes_back(
    cli: "Cli", begin: Begin, own_postgres_url: str, tell_postgres: Callable[[str], None]
) -> None:
    environ = {"VSEARCH_STORAGE": own_postgres_url, "VSEARCH_STORAGE_TIMEOUT": "1"}
    assert cli.process("storage", "init", environ=environ).code == 0
    dashboard = begin(cli, environ=environ)
    assert dashboard.ask("/api/studies").status == 200
    tell_postgres("stop")
    try:
        assert dashboard.ask("/api/studies").status == 500
        page = dashboard.ask("/dashboard")
    finally:
        tell_postgres("start")
    assert page.status == 503
    assert page.body.count("\n") == 1
    assert "no server answers" in page.body
    assert dashboard.ask("/dashboard").status == 200
    assert dashboard.ask("/api/studies").status == 200
    code, error = dashboard.end()
    assert code == 143
    assert "Traceback" not in error
    password = urlsplit(own_postgres_url).password
    assert password
    assert password not in error + page.body


def refused(cli: "Cli", code: int, *words: str, arguments: tuple[str, ...]) -> None:
    result = cli.process("dashboard", *arguments)
    lines = result.err.splitlines()
    assert result.code == code, result
    assert lines[-1].startswith("vsearch: "), result.err
    assert [word for word in words if word not in lines[-1]] == [], lines[-1]
    assert "Traceback" not in result.err


def test_a_port_in_use_is_told(cli: "Cli") -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused(cli, 2, port, "in use", "--port", arguments=("--port", port))
    assert not cli.home.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--port", "70000"), ("--port", "65535")),
        (("--host", "nowhere.invalid"), ("nowhere.invalid", "127.0.0.1")),
        (("--host", "192.0.2.1"), ("192.0.2.1", "--host")),
        (("--host", "\udcff"), ("127.0.0.1",)),
        (("--port", "0", "--allow-host", "http://a/b"), ("http://a/b", "host")),
    ],
)
def test_a_host_or_port_that_cannot_be_is_told(cli: "Cli", arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    refused(cli, 2, *words, arguments=arguments)
    assert not cli.home.exists()


def test_a_dead_server_and_a_missing_file_are_told(cli: "Cli") -> None:
    dead = ("--storage", "postgresql://u:c4nary@127.0.0.1:1/db", "--storage-timeout", "1")
    refused(cli, 3, "no server answers", "u@127.0.0.1:1/db", arguments=("--port", "0", *dead))
    missing = ("--storage", f"sqlite:///{cli.home}/typo.db")
    refused(cli, 3, "typo.db", arguments=("--port", "0", *missing))


def test_it_loads_no_torch(cli: "Cli", begin: Begin) -> None:
    dashboard = begin(cli)
    maps = f"/proc/{dashboard.process.pid}/maps"
    with open(maps) as file:
        assert "libtorch" not in file.read()
