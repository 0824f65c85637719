"""What stands between a browser and the dashboard: the names it may be called by, and what may be changed."""

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from vsearch.errors import InputError, shorten

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
READING_METHODS = ("GET", "HEAD")
HEADERS = [("X-Frame-Options", "SAMEORIGIN"), ("X-Content-Type-Options", "nosniff")]

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

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        refusal = self._refusal(environ)
        if refusal is not None:
            return _answer(start_response, *refusal)

        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            return start_response(status, [*headers, *HEADERS], *exc_info)

        try:
            return self.app(environ, start)
        except Exception as error:
            reason = self.explain(error)
            _log.error("%s", reason or "a request failed", exc_info=error if reason is None else None)
        if reason is None:
            return _answer(start_response, "500 Internal Server Error", "the dashboard failed; its log says more")
        return _answer(start_response, "503 Service Unavailable", reason)

    def _refusal(self, environ: WSGIEnvironment) -> tuple[str, str] | None:
        host = environ.get("HTTP_HOST", "")
        if host_name(host) not in self.hosts:
            return "403 Forbidden", f"this server is not called {shorten(host)!r}; if it is: --allow-host NAME"
        if environ["REQUEST_METHOD"] in READING_METHODS:
            return None
        if not self.is_writable:
            return "403 Forbidden", "this dashboard changes nothing; start it with --writable if it should"
        origin = environ.get("HTTP_ORIGIN")
        if origin is not None and origin.partition("://")[2] != host:
            return "403 Forbidden", f"a page of {shorten(origin)!r} changes nothing here"
        return None


def _answer(start_response: StartResponse, status: str, text: str) -> list[bytes]:
    body = f"{text}\n".encode()
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response(status, [*headers, *HEADERS])
    return [body]
