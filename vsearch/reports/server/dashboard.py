"""Optuna's dashboard on a storage of vsearch: the application behind its guard, and the server that serves it."""

import errno
import ipaddress
import logging
import signal
import socket
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any
from wsgiref.types import WSGIApplication

import optuna_dashboard
from bottle import HTTPError, response  # what optuna_dashboard is made of
from optuna.storages import BaseStorage
from waitress.server import create_server

from vsearch.errors import InputError, shorten
from vsearch.reports.server.answer import JSON
from vsearch.reports.server.guard import Guard, allowed_hosts
from vsearch.reports.server.importances import without_importances_of_plans
from vsearch.reports.server.login import Login
from vsearch.reports.server.ordering import with_figures_in_order

THREADS = 8
MAX_REQUEST_BYTES = 16 << 20
"""Far more than any note that somebody writes."""
END_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_log = logging.getLogger(__name__)

NEEDS_PASSWORD = (
    "others reach {host}, which needs a password: give --password-file FILE, or stay on 127.0.0.1 and reach it "
    "through ssh -L or a reverse proxy"
)

_BIND_FAILURES = {
    errno.EADDRINUSE: "port {port} of {host} is in use; give another one with --port, or end what holds it",
    errno.EACCES: "port {port} is for the system alone; give one above 1023 with --port",
    errno.EADDRNOTAVAIL: "{host} is no address of this machine; give 127.0.0.1 or one of its own with --host",
}


def dashboard_app(
    storage: BaseStorage,
    hosts: Iterable[str] = (),
    *,
    explain: Callable[[Exception], str | None] = lambda _: None,
    is_writable: bool = False,
    password: str | None = None,
    around: Callable[[WSGIApplication], WSGIApplication] = lambda app: app,
) -> Guard:
    """The WSGI application: Optuna's dashboard for those who call it by a name of the loopback or by one of `hosts`.

    Args:
        explain: one line for a failure of the storage; None for any other.
        is_writable: let requests change and delete studies.
        password: what browsers are asked for; None for nothing.
        around: puts further pages beside Optuna's.

    Raises:
        InputError: one of `hosts` is no name of a host.
    """
    names = allowed_hosts(hosts)
    # Without Optuna's cache before it: that would go on to show trials of deleted studies, whose ids SQLite reuses.
    app: Any = optuna_dashboard.wsgi(storage)
    app.catchall = False  # the guard tells failures
    app.install(_handing_on(explain))
    _log_in_single_lines("optuna_dashboard")
    ours = without_importances_of_plans(with_figures_in_order(app), storage)
    return Guard(around(ours), names, explain, is_writable, None if password is None else Login(password))


def _handing_on(explain: Callable[[Exception], str | None]) -> Callable[[Any], Any]:
    """A plugin of bottle that hands on to the guard what `explain` knows.

    The dashboard's own routes answer every failure by "internal server error"; the view without that lies beneath.
    """

    def handing_on(route: Any) -> Any:
        view = getattr(route, "__wrapped__", None)
        if view is None:
            return route

        def answer(*arguments: Any, **named: Any) -> Any:
            response.content_type = JSON
            try:
                return view(*arguments, **named)
            except HTTPError as error:
                response.status = error.status_code
                return {"reason": str(error.body)}
            except Exception as error:
                if explain(error) is not None:
                    raise
                _log.error("a request failed: %s", shorten(" ".join(repr(error).split()), 200))
                response.status = 500
                return {"reason": "internal server error"}

        return answer

    return handing_on


def bound_socket(host: str, port: int, *, has_password: bool = False) -> socket.socket:
    """A socket for a server, not yet listening; port 0 takes any free one.

    Raises:
        InputError: the host is unknown or not this machine's, the port is in use or not ours to take, or others than
            this machine would reach it and there is no password.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        found = []
    if not found:
        raise InputError(f"host {shorten(host)!r} is not known here; give 127.0.0.1, or an address of this machine")
    family, kind, protocol, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    if not has_password and not _is_loopback(str(address[0])):
        raise InputError(NEEDS_PASSWORD.format(host=shorten(host)))
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        reason = _BIND_FAILURES.get(error.errno or 0, f"{{host}}, port {{port}}: {error.strerror}; choose another")
        raise InputError(reason.format(host=shorten(host), port=port)) from None
    return listener


def is_loopback(listener: socket.socket) -> bool:
    """Whether only this machine reaches the socket."""
    return _is_loopback(listener.getsockname()[0])


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def address_of(listener: socket.socket) -> str:
    """The URL under which this machine's browser reaches the socket."""
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "127.0.0.1" if listener.family == socket.AF_INET else "::1"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve(app: Guard, listener: socket.socket, when_ready: Callable[[], None]) -> int:
    """Answer requests until SIGINT or SIGTERM; gives the signal's number. For the main thread.

    Requests in progress get five seconds to end.
    """
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a browser's burst of requests is no news
    server = create_server(
        app, sockets=[listener], threads=THREADS, ident=None, max_request_body_size=MAX_REQUEST_BYTES
    )
    received: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        raise SystemExit(128 + number)  # ends waitress's loop

    former = {number: signal.signal(number, end) for number in END_SIGNALS}
    try:
        when_ready()
        server.run()
    finally:
        server.close()
        for number, handler in former.items():
            signal.signal(number, handler)
    return received[0]


class _FirstLine(logging.Formatter):
    """The dashboard logs a database that is away with a traceback, once for each request."""

    def format(self, record: logging.LogRecord) -> str:
        return super().format(record).split("\n", 1)[0]


def _log_in_single_lines(name: str) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_FirstLine("%(message)s"))
    logger = logging.getLogger(name)
    logger.handlers, logger.propagate = [handler], False
