"""What stands between a browser and the dashboard: the names it may be called by, and what may be changed."""

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from vsearch.errors import InputError, shorten
from vsearch.reports.server.answer import Answer, line
from vsearch.reports.server.login import Login

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
READING_METHODS = ("GET", "HEAD")
HEALTH = "/vsearch/health"
"""Answers `ok` to whoever may call this server by its name, without a password and without a look at the storage."""
HEADERS = (
    ("X-Frame-Options", "SAMEORIGIN"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
NOTHING_LOADED = "default-src 'none'; frame-ancestors 'self'"
"""The content security policy of what is no page and no file of one."""

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[\w.-]+)(?::\d{0,5})?", re.ASCII | re.IGNORECASE)
_log = logging.getLogger(__name__)


def host_name(text: str) -> str | None:
    """The name in a `Host` header, without port and brackets and in lower case; None if it holds none.

    >>> host_name("LocalHost:8080"), host_name("[::1]:8080"), host_name("a/b")
    ('localhost', '::1', None)
    """
    match = _HOST.fullmatch(text)
    return match[1].strip("[]").rstrip(".").lower() if match else None


def allowed_hosts(names: Iterable[str]) -> frozenset[str]:
    """The names of the loopback and `names`, as `Guard` compares them.

    Raises:
        InputError: one of them is no name of a host.
    """
    found = {*LOOPBACK_NAMES}
    for name in names:
        host = host_name(f"[{name}]" if name.count(":") > 1 and "[" not in name else name)
        if host is None:
            raise InputError(f"{shorten(name)!r} is no name of a host; give one such as gpu1.example.org")
        found.add(host)
    return frozenset(found)


@dataclass(frozen=True)
class Guard:
    """A WSGI application that hands on to another what may pass, and answers with one line where that one fails.

    A page of some other site can make its own name point to this machine (DNS rebinding) and so read what is served
    here; its `Host` header gives it away. Likewise its `Origin` when it sends something to be written.
    """

    app: WSGIApplication
    hosts: frozenset[str]
    """Names that a request may call this server by, as `allowed_hosts` gives them."""
    explain: Callable[[Exception], str | None]
    """What to tell of a failure of the application; None for one that nobody foresaw, which is logged in full."""
    is_writable: bool = False
    """Whether requests that change something may pass."""
    login: Login | None = None
    """Asks for the password; None where there is none."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        cookie: list[tuple[str, str]] = []

        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            return start_response(status, [*headers, *_added(headers), *cookie], *exc_info)

        own = self._own_answer(environ)
        if own is not None:
            return own(environ, start)
        cookie += self.login.cookie(environ) if self.login is not None else []
        try:
            return self.app(environ, start)
        except Exception as error:
            reason = self.explain(error)
            _log.error("%s", reason or "a request failed", exc_info=error if reason is None else None)
        if reason is None:
            reason, status = "the dashboard failed; its log says more", "500 Internal Server Error"
        else:
            status = "503 Service Unavailable"
        return line(environ, status, reason)(environ, start)

    def _own_answer(self, environ: WSGIEnvironment) -> Answer | None:
        """What is answered without the application: refusals, and the sign of life; None if the request may pass."""
        host = environ.get("HTTP_HOST", "")
        if host_name(host) not in self.hosts:
            reason = f"this server is not called {shorten(host)!r}; if it is: --allow-host NAME"
            return line(environ, "403 Forbidden", reason)
        is_reading = environ["REQUEST_METHOD"] in READING_METHODS
        if is_reading and environ.get("PATH_INFO") == HEALTH:
            return line(environ, "200 OK", "ok")
        refusal = self.login.refusal(environ) if self.login is not None else None
        if refusal is not None or is_reading:
            return refusal
        if not self.is_writable:
            reason = "this dashboard changes nothing; start it with --writable if it should"
            return line(environ, "403 Forbidden", reason)
        origin = environ.get("HTTP_ORIGIN")
        if origin is not None and origin.partition("://")[2] != host:
            return line(environ, "403 Forbidden", f"a page of {shorten(origin)!r} changes nothing here")
        return None


def _added(headers: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The headers of every answer, as far as the application did not give them itself."""
    given = {name.lower() for name, _ in headers}
    yield from (header for header in HEADERS if header[0].lower() not in given)
    is_file = bool({"last-modified", "etag"} & given)
    if not is_file and "cache-control" not in given:
        yield "Cache-Control", "no-store"
    if not is_file and "content-security-policy" not in given:
        yield "Content-Security-Policy", NOTHING_LOADED
