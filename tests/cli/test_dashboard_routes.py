"""Every route of Optuna's dashboard as it is served: none writes unless it may, however it is asked."""

import json
import re
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any

import optuna_dashboard
import pytest
from optuna.storages import InMemoryStorage

if TYPE_CHECKING:
    from tests.cli.conftest import Cli, Dashboard

    Begin = Callable[..., Dashboard]

BODY = {
    **{"study_name": "another", "directions": ["maximize"], "version": 1, "body": "a note"},
    **{"mode": "ChooseWorst", "candidates": [0, 1], "clicked": 0, "output_type": "note", "artifact_key": None},
    **{"state": "Complete", "values": [0.99], "user_attrs": {"accuracies": [1.0]}, "user_query": "all"},
    **{"file": "data:text/plain;base64,eA==", "filename": "x.html"},
}
"""All that any of the routes reads."""
WRITING = ("POST", "PUT", "PATCH", "DELETE")
OVERRIDES = ("X_HTTP_Method_Override", "X_Method_Override", "X_HTTP_Method", "X_Original_Method")
OWN_PAGES = ("/vsearch/", "/vsearch/studies/mine", "/vsearch/studies/nothing", "/vsearch/workers", "/vsearch/health")


def routes() -> list[tuple[str, str]]:
    """Method and path of each route, with the numbers of the first study and its first trial."""
    app: Any = optuna_dashboard.wsgi(InMemoryStorage())
    return [(route.method, _path(route.rule)) for route in app.routes]


def _path(rule: str) -> str:
    rule = rule.replace("<:re:(/.*)?>", "/studies/1").replace("<plot_type>", "timeline")
    rule = rule.replace("<artifact_id:re:[0-9a-fA-F-]+>", "0a").replace("<filename:path>", "bundle.js")
    return re.sub(r"<\w+:int>", "1", rule).replace("<history_id>", "0a")


def rows(cli: "Cli") -> list[str]:
    """All tables of the embedded database with all their rows."""
    with closing(sqlite3.connect(cli.home / "vsearch.db")) as connection:
        return list(connection.iterdump())


@pytest.fixture
def mine(cli: "Cli") -> "Cli":
    """A home with a study that waits for its first worker."""
    assert cli("study", "create", "--family", "ramp", "--dataset", "digits", "--name", "mine").code == 0
    return cli


def test_the_list_of_routes_has_no_gaps() -> None:
    """A new version of the dashboard with a new kind of rule shall be noticed here."""
    found = routes()
    assert sum(method in WRITING for method, _ in found) >= 17
    assert {method for method, _ in found} <= {"GET", *WRITING}
    assert [path for _, path in found if "<" in path] == []


def test_no_route_writes_by_any_method(mine: "Cli", begin: "Begin") -> None:
    dashboard = begin(mine)
    before = rows(mine)
    body, kind = json.dumps(BODY), {"Content_Type": "application/json"}
    for declared, path in routes():
        for method in {declared, *WRITING, "OPTIONS", "TRACE", "PROPFIND"} - {"GET"}:
            refused = dashboard.ask(path, method, body, **kind)
            assert (refused.status, "--writable" in refused.body) == (403, True), (method, path)
    for path in OWN_PAGES:
        assert dashboard.ask(path, "POST", body, **kind).status == 403
    assert rows(mine) == before


def test_no_reading_writes_either(mine: "Cli", begin: "Begin") -> None:
    dashboard = begin(mine)
    before = rows(mine)
    paths = {path for _, path in routes()} | {*OWN_PAGES, "/incompatible-rdb-schema", "/api/studies/1/plot/slice"}
    for path in sorted(paths):
        for method in ("GET", "HEAD"):
            answers = [
                dashboard.ask(path, method),
                dashboard.ask(f"{path}?_method=DELETE", method, **dict.fromkeys(OVERRIDES, "DELETE")),
            ]
            assert all(answer.status < 500 for answer in answers), (method, path, answers)
    assert rows(mine) == before
    assert "Traceback" not in dashboard.end()[1]


def test_artifacts_are_off(mine: "Cli", begin: "Begin") -> None:
    dashboard = begin(mine, "--writable")
    assert json.loads(dashboard.ask("/api/meta").body)["artifact_is_available"] is False
    for path in ("/artifacts/1/0a", "/artifacts/1/1/0a"):
        assert dashboard.ask(path).status == 400
    for path in ("/api/artifacts/1", "/api/artifacts/1/1"):
        assert dashboard.ask(path, "POST", json.dumps(BODY), Content_Type="application/json").status == 400


def test_with_writable_the_same_requests_do_write(mine: "Cli", begin: "Begin") -> None:
    """Otherwise the tests above would show nothing."""
    dashboard = begin(mine, "--writable")
    before = rows(mine)
    changed = []
    for method, path in sorted(routes(), key=lambda route: (route[0] == "DELETE", rank(route[1]))):
        if method in WRITING:
            dashboard.ask(path, method, json.dumps(BODY), Content_Type="application/json")
            after = rows(mine)
            changed += [path] if after != before else []
            before = after
    assert {"/api/studies", "/api/studies/1/note", "/api/trials/1/user-attrs", "/api/trials/1/tell"} <= set(changed)
    assert len(changed) >= 6


IN_DISGUISE = (
    "GET http://evil.example/api/studies HTTP/1.1\r\nHost: evil.example",
    "GET http://127.0.0.1/api/studies HTTP/1.1\r\nHost: evil.example",
    "GET /api/studies HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: 127.0.0.1",
    "GET /api/studies HTTP/1.1\r\nHost: evil.example\r\nForwarded: host=127.0.0.1",
    "GET /api/studies HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example",
    "GET /api/studies HTTP/1.1\r\nHost: evil.example\r\nHost: 127.0.0.1",
    "GET /api/studies HTTP/1.1\r\nHost: 127.0.0.1@evil.example",
    "GET /api/studies HTTP/1.1\r\nHost: 127.0.0.1.evil.example",
    "GET /api/studies HTTP/1.1\r\nHost: 127.0.0.1, evil.example",
    "GET /api/studies HTTP/1.1\r\nHost:",
    "GET /api/studies HTTP/1.1",
    "GET /api/studies HTTP/1.0",
    "GET //api/studies HTTP/1.1\r\nHost: evil.example",
    "DELETE http://127.0.0.1/api/studies/1 HTTP/1.1\r\nHost: 127.0.0.1",
    "DELETE //127.0.0.1/api/studies/1 HTTP/1.1\r\nHost: 127.0.0.1",
    "POST /api/studies/1/../../api/studies HTTP/1.1\r\nHost: 127.0.0.1",
    "POST * HTTP/1.1\r\nHost: 127.0.0.1",
    "CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: 127.0.0.1",
)


def rank(path: str) -> int:
    """The order in which the routes do not spoil each other's requests."""
    return {"user-attrs": 0, "tell": 1, "rename": 3}.get(path.rsplit("/", 1)[-1], 2)


def send(dashboard: "Dashboard", head: str, body: str = "") -> int:
    """The status that a request gets which is sent as it stands; 0 if the connection is closed without one."""
    with socket.create_connection(("127.0.0.1", dashboard.port), timeout=60) as connection:
        connection.sendall(
            f"{head}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode("latin-1")
        )
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    return int(answer.split()[1]) if answer else 0


def test_a_request_in_disguise_is_refused(mine: "Cli", begin: "Begin") -> None:
    dashboard = begin(mine)
    before = rows(mine)
    for head in IN_DISGUISE:
        assert 400 <= send(dashboard, head, json.dumps(BODY)) < 500, head
    assert rows(mine) == before
    assert send(dashboard, "GET http://127.0.0.1/api/studies HTTP/1.1\r\nHost: 127.0.0.1") == 200


def test_every_answer_tells_the_browser_to_be_careful(mine: "Cli", begin: "Begin") -> None:
    dashboard = begin(mine)
    for path in ("/", "/dashboard", "/api/studies", "/api/studies/1", "/static/bundle.js", "/nothing", *OWN_PAGES):
        headers = dashboard.ask(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["X-Frame-Options"] == "SAMEORIGIN", path
        assert headers["Referrer-Policy"] == "no-referrer", path
        assert path.startswith("/static") or "default-src" in headers["Content-Security-Policy"], path
    for path in ("/api/studies", "/api/studies/1", "/csv/1", "/api/meta"):
        assert dashboard.ask(path).headers["Cache-Control"] == "no-store", path
    page = dashboard.ask("/vsearch/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in page
    assert "script-src 'self';" in page
    assert "unsafe-eval" not in page
