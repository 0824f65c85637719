"""`vsearch dashboard` as a process: what it serves, to whom, how it ends, and what it says when it cannot."""

import json
import re
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Cli, Dashboard

    Begin = Callable[..., Dashboard]

PASSWORD = "c4nary c4nary"


def test_it_serves_the_page_and_the_studies_and_changes_nothing(trained: "Cli", begin: "Begin") -> None:
    dashboard = begin(trained)
    here = f"http://127.0.0.1:{dashboard.port}/"
    assert dashboard.said == [f"the dashboard is at {here} and compares curves at {here}vsearch/ (Ctrl-C ends it)\n"]
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
    figures = [figure["id"] for figure in detail["plotly_graph_objects"]]  # as the workers drew them
    assert figures == [f"vsearch-{n}" for n in ("1-curves", "2-positions", "3-progress", "4-rungs", "5-learning")]
    assert "Which triangle curve beats the plain ResNet" in detail["note"]["body"]
    assert all(trial["note"]["body"] for trial in detail["trials"] if trial["state"] == "Complete")

    change = {"Content-Type": "application/json"}
    renamed = dashboard.ask(f"/api/studies/{study['study_id']}/rename", "POST", '{"study_name": "x"}', **change)
    assert (renamed.status, "--writable" in renamed.body) == (403, True)
    assert dashboard.ask(f"/api/studies/{study['study_id']}", "DELETE", **change).status == 403
    assert dashboard.end() == (143, "")
    assert trained("study", "show", "quick").code == 0


def test_only_who_calls_it_by_its_name_is_answered(cli: "Cli", begin: "Begin") -> None:
    dashboard = begin(cli, "--allow-host", "gpu1.example.org")
    for host in ("127.0.0.1", "localhost:1", "gpu1.example.org", f"gpu1.example.org:{dashboard.port}"):
        assert dashboard.ask("/api/studies", Host=host).status == 200
    for host in ("evil.example", "gpu2.example.org", "gpu1.example.org.evil.example"):
        assert dashboard.ask("/api/studies", Host=host).status == 403
        assert dashboard.ask("/dashboard", Host=host).status == 403
    assert dashboard.end(signal.SIGINT) == (130, "")


def test_with_writable_a_study_can_be_deleted_but_not_from_another_site(cli: "Cli", begin: "Begin") -> None:
    assert cli("study", "create", "--family", "ramp", "--dataset", "digits", "--name", "mine").code == 0
    dashboard = begin(cli, "--writable")
    (study,) = json.loads(dashboard.ask("/api/studies").body)["study_summaries"]
    change = {"Content-Type": "application/json"}
    path = f"/api/studies/{study['study_id']}"
    assert dashboard.ask(path, "DELETE", "{}", **change, Origin="http://evil.example").status == 403
    assert dashboard.ask(path, "DELETE", "{}", **change, Origin=f"http://127.0.0.1:{dashboard.port}").status == 204
    assert json.loads(dashboard.ask("/api/studies").body)["study_summaries"] == []
    assert dashboard.end()[0] == 143


def test_a_study_made_while_it_runs_is_shown(cli: "Cli", begin: "Begin") -> None:
    dashboard = begin(cli)
    assert json.loads(dashboard.ask("/api/studies").body)["study_summaries"] == []
    assert cli("study", "create", "--family", "ramp", "--dataset", "digits", "--name", "late").code == 0
    (study,) = json.loads(dashboard.ask("/api/studies").body)["study_summaries"]
    assert study["study_name"] == "late"


@pytest.fixture
def password_file(tmp_path: Path) -> str:
    """A file of the user's own that holds `PASSWORD`."""
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    file.chmod(0o600)
    return str(file)


def test_others_are_asked_for_the_password(cli: "Cli", begin: "Begin", password_file: str) -> None:
    dashboard = begin(cli, "--host", "0.0.0.0", "--password-file", password_file)
    assert [line.partition(":")[0] for line in dashboard.said[:-1]] == ["warning"]
    assert "unencrypted" in dashboard.said[0]
    for path in ("/", "/dashboard", "/api/studies", "/static/bundle.js", "/vsearch/"):
        assert dashboard.ask(path).status == 401
        assert dashboard.ask(path, password="wrong wrong").status == 401
        assert dashboard.ask(path, password=PASSWORD).status in (200, 302)
    assert dashboard.ask("/api/studies", password=PASSWORD, Host="evil.example").status == 403
    assert dashboard.ask("/api/studies/1", "DELETE", "{}", password=PASSWORD).status == 403
    assert dashboard.ask("/vsearch/health")[:2] == (200, "ok\n")
    code, error = dashboard.end()
    assert (code, error) == (143, "a wrong password came from 127.0.0.1\n")
    assert PASSWORD not in "".join(dashboard.said)


@pytest.mark.parametrize("is_file", [True, False])
def test_on_the_loopback_it_is_asked_for_where_one_is_set(
    cli: "Cli", begin: "Begin", password_file: str, is_file: bool
) -> None:
    name, value = ("_FILE", password_file) if is_file else ("", PASSWORD)
    dashboard = begin(cli, environ={f"VSEARCH_DASHBOARD_PASSWORD{name}": value})
    assert len(dashboard.said) == 1
    assert dashboard.ask("/api/studies").status == 401
    assert dashboard.ask("/api/studies", password=PASSWORD).status == 200
    assert PASSWORD not in Path(f"/proc/{dashboard.process.pid}/cmdline").read_text()


def test_a_file_of_the_password_that_others_can_read_is_warned_of(
    cli: "Cli", begin: "Begin", password_file: str, open_to_others: Callable[[Path], None]
) -> None:
    Path(password_file).chmod(0o644)
    open_to_others(Path(password_file).parent)
    dashboard = begin(cli, "--password-file", password_file)
    assert dashboard.said[0] == f"warning: others on this machine can read {password_file}; chmod 600 it\n"


def test_a_database_that_goes_away_is_told_and_comes_back(
    cli: "Cli", begin: "Begin", own_postgres_url: str, tell_postgres: Callable[[str], None]
) -> None:
    environ = {"VSEARCH_STORAGE": own_postgres_url, "VSEARCH_STORAGE_TIMEOUT": "1"}
    assert cli.process("storage", "init", environ=environ).code == 0
    dashboard = begin(cli, environ=environ)
    assert dashboard.ask("/api/studies").status == 200
    tell_postgres("stop")
    try:
        studies = dashboard.ask("/api/studies")
        page = dashboard.ask("/dashboard")
    finally:
        tell_postgres("start")
    assert studies.status == page.status == 503
    assert "no server answers" in json.loads(studies.body)["reason"]
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
        (("--host", "192.0.2.1"), ("192.0.2.1", "--password-file", "ssh -L")),
        (("--host", "0.0.0.0"), ("0.0.0.0", "--password-file", "ssh -L", "reverse proxy")),
        (("--host", "0.0.0.0", "--password-file", "nowhere"), ("nowhere", "No such file")),
        (("--host", "192.0.2.1", "--password-file", __file__), (__file__, "one line")),
        (("--host", "\udcff"), ("127.0.0.1",)),
        (("--port", "0", "--allow-host", "http://a/b"), ("http://a/b", "host")),
    ],
)
def test_a_host_or_port_that_cannot_be_is_told(cli: "Cli", arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    refused(cli, 4 if "nowhere" in arguments else 2, *words, arguments=arguments)
    assert not cli.home.exists()


def test_an_address_of_another_machine_is_told(cli: "Cli", password_file: str) -> None:
    refused(cli, 2, "192.0.2.1", "--host", arguments=("--host", "192.0.2.1", "--password-file", password_file))


def test_a_dead_server_and_a_missing_file_are_told(cli: "Cli") -> None:
    dead = ("--storage", "postgresql://u:c4nary@127.0.0.1:1/db", "--storage-timeout", "1")
    refused(cli, 3, "no server answers", "u@127.0.0.1:1/db", arguments=("--port", "0", *dead))
    missing = ("--storage", f"sqlite:///{cli.home}/typo.db")
    refused(cli, 3, "typo.db", arguments=("--port", "0", *missing))


def test_it_loads_no_torch(cli: "Cli", begin: "Begin") -> None:
    dashboard = begin(cli)
    maps = f"/proc/{dashboard.process.pid}/maps"
    with open(maps) as file:
        assert "libtorch" not in file.read()
