"""Who may ask the dashboard what: names of hosts, methods, origins, and what a failure shows."""

import io
import logging
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from vsearch.errors import InputError
from vsearch.reports.guard import Guard, allowed_hosts, host_name


def inner(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """An application that says yes, and fails where it is asked for."""
    if environ["PATH_INFO"] == "/known":
        raise LookupError("known")
    if environ["PATH_INFO"] == "/unknown":
        raise ZeroDivisionError("secret")
    start_response("200 OK", [("Content-Type", "text/plain")])
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


def guard_of(*names: str, is_writable: bool = False) -> Guard:
    return Guard(inner, allowed_hosts(names), explain, is_writable)


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


def test_no_other_site_may_show_it_in_a_frame() -> None:
    for answer in (ask(guard_of()), ask(guard_of(), "evil.example")):
        assert answer[2]["X-Frame-Options"] == "SAMEORIGIN"
        assert answer[2]["X-Content-Type-Options"] == "nosniff"
