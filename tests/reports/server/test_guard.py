"""Who may ask the dashboard what: names of hosts, methods, origins, and what a failure shows."""

import io
import json
import logging
from base64 import b64encode
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from vsearch.errors import InputError
from vsearch.reports.server.guard import HEALTH, NOTHING_LOADED, Guard, allowed_hosts, host_name
from vsearch.reports.server.login import Login


def inner(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """An application that says yes, and fails where it is asked for."""
    if environ["PATH_INFO"] == "/known":
        raise LookupError("known")
    if environ["PATH_INFO"] == "/unknown":
        raise ZeroDivisionError("secret")
    own = {"/page": [("Content-Security-Policy", "default-src 'self'"), ("Cache-Control", "no-cache")]}
    own["/file"] = [("ETag", '"1"')]
    start_response("200 OK", [("Content-Type", "text/plain"), *own.get(environ["PATH_INFO"], [])])
    return [b"yes"]


def explain(error: Exception) -> str | None:
    return "the database is away" if isinstance(error, LookupError) else None


def ask(guard: Guard, host: str | None = "127.0.0.1:8080", **given: str) -> tuple[int, str, dict[str, str]]:
    """Status, body and headers of a request."""
    environ: dict[str, Any] = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.input": io.BytesIO(), **given}
    if host is not None:
        environ["HTTP_HOST"] = host
    answer: list[Any] = []

    def start_response(*arguments: Any) -> Any:
        answer.append(arguments)

    body = b"".join(guard(environ, start_response))
    status, headers = answer[-1][:2]
    return int(status.split()[0]), body.decode(), dict(headers)


def guard_of(*names: str, is_writable: bool = False, login: Login | None = None) -> Guard:
    return Guard(inner, allowed_hosts(names), explain, is_writable, login)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("localhost", "localhost"),
        ("LOCALHOST.:80", "localhost"),
        ("127.0.0.1:8080", "127.0.0.1"),
        ("[::1]:8080", "::1"),
        ("a_b-c.example:", "a_b-c.example"),
        ("", None),
        ("evil@localhost", None),
        ("localhost/x", None),
        ("localhost:8080:9", None),
        ("localhost\n", None),
        ("::1", None),
    ],
)
def test_the_name_in_a_host_header(text: str, name: str | None) -> None:
    assert host_name(text) == name


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:1", "GPU1.example.org", "[fd00::7]:8080"])
def test_names_of_the_loopback_and_allowed_ones_are_answered(host: str) -> None:
    assert ask(guard_of("gpu1.example.org", "fd00::7"), host)[:2] == (200, "yes")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "", None])
def test_any_other_name_is_refused(host: str | None) -> None:
    status, body, _ = ask(guard_of("gpu1.example.org"), host)
    assert (status, "--allow-host" in body) == (403, True)


@pytest.mark.parametrize("name", ["", "a/b", "http://a", "a b", "<script>"])
def test_what_is_no_name_cannot_be_allowed(name: str) -> None:
    with pytest.raises(InputError, match="no name of a host"):
        allowed_hosts([name])


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get"])
def test_nothing_but_reading_passes_unless_it_is_writable(method: str) -> None:
    assert ask(guard_of(), REQUEST_METHOD=method)[0] == 403
    assert ask(guard_of(is_writable=True), REQUEST_METHOD=method)[0] == 200
    assert ask(guard_of(), REQUEST_METHOD="HEAD")[0] == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://127.0.0.1:8080", 200), ("http://127.0.0.1:3000", 403), ("http://evil.example", 403), ("null", 403)],
)
def test_only_its_own_pages_may_write(origin: str, status: int) -> None:
    assert ask(guard_of(is_writable=True), REQUEST_METHOD="POST", HTTP_ORIGIN=origin)[0] == status


def test_a_failure_is_told_in_one_line_or_not_at_all(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        assert ask(guard_of(), PATH_INFO="/known")[:2] == (503, "the database is away\n")
        assert "Traceback" not in caplog.text
        status, body, _ = ask(guard_of(), PATH_INFO="/unknown")
    assert (status, "secret" in body) == (500, False)
    assert "ZeroDivisionError" in caplog.text


def test_a_refusal_of_optunas_own_requests_is_json_whose_reason_its_page_shows() -> None:
    status, body, headers = ask(guard_of(), REQUEST_METHOD="DELETE", PATH_INFO="/api/studies/1")
    assert (status, headers["Content-Type"]) == (403, "application/json")
    assert "--writable" in json.loads(body)["reason"]


@pytest.mark.parametrize("path", ["/", "/page", "/file", "/known"])
@pytest.mark.parametrize("host", ["localhost", "evil.example"])
def test_every_answer_tells_the_browser_to_be_careful(path: str, host: str) -> None:
    headers = ask(guard_of(), host, PATH_INFO=path)[2]
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_what_is_neither_page_nor_file_is_kept_by_no_cache_and_loads_nothing() -> None:
    answers = {path: ask(guard_of(), PATH_INFO=path)[2] for path in ("/", "/page", "/file")}
    kept = {path: headers.get("Cache-Control") for path, headers in answers.items()}
    assert kept == {"/": "no-store", "/page": "no-cache", "/file": None}
    policies = {path: headers.get("Content-Security-Policy") for path, headers in answers.items()}
    assert policies == {"/": NOTHING_LOADED, "/page": "default-src 'self'", "/file": None}


def test_head_is_answered_without_a_body() -> None:
    for host, path in (("evil.example", "/"), ("localhost", HEALTH), ("localhost", "/known")):
        _, body, headers = ask(guard_of(), host, REQUEST_METHOD="HEAD", PATH_INFO=path)
        assert (body, int(headers["Content-Length"]) > 0) == ("", True)


RIGHT = {"HTTP_AUTHORIZATION": "Basic " + b64encode(b"ada:long enough").decode(), "REMOTE_ADDR": "192.0.2.1"}


def test_a_password_is_asked_for_before_anything_is_told() -> None:
    guard = guard_of(login=Login("long enough"), is_writable=True)
    for method, path in (("GET", "/"), ("GET", "/known"), ("POST", "/"), ("OPTIONS", "/"), ("HEAD", "/page")):
        status, body, headers = ask(guard, REQUEST_METHOD=method, PATH_INFO=path)
        assert (status, "yes" in body) == (401, False)
        assert headers["WWW-Authenticate"].startswith("Basic ")
        assert "Set-Cookie" not in headers
    status, body, headers = ask(guard, **RIGHT)
    assert (status, body) == (200, "yes")
    assert headers["Set-Cookie"].startswith("vsearch_browser=")


def test_the_password_does_not_replace_the_other_checks() -> None:
    guard = guard_of(login=Login("long enough"))
    assert ask(guard, "evil.example", **RIGHT)[0] == 403
    assert ask(guard, REQUEST_METHOD="POST", **RIGHT)[0] == 403


def test_only_the_sign_of_life_needs_no_password() -> None:
    guard = guard_of(login=Login("long enough"))
    assert ask(guard, PATH_INFO=HEALTH)[:2] == (200, "ok\n")
    assert ask(guard, "evil.example", PATH_INFO=HEALTH)[0] == 403
    for path in (f"{HEALTH}/", f"{HEALTH}/../page", f"/{HEALTH}", HEALTH.upper()):
        assert ask(guard, PATH_INFO=path)[0] == 401
    assert ask(guard, PATH_INFO=HEALTH, REQUEST_METHOD="POST")[0] == 401
