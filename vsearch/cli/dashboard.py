"""`vsearch dashboard`: Optuna's dashboard on the storage, for a browser."""

import socket

import click

from vsearch.cli.options import Settings, make_home, storage_options
from vsearch.cli.output import note
from vsearch.errors import VsearchError
from vsearch.settings import DashboardPassword, dashboard_password

ANSWER_SECONDS = 5.0
"""How long a request waits for a database that is away; its browser asks again anyway."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Listen on this address of the machine.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Listen on this port; 0 takes a free one.",
)
@click.option("--allow-host", "hosts", multiple=True, help="A further name that browsers may call it by; repeat.")
@click.option(
    "--password-file",
    metavar="FILE",
    help="Ask for the password in this file, with any user name. "
    "[VSEARCH_DASHBOARD_PASSWORD_FILE or VSEARCH_DASHBOARD_PASSWORD; default: none on 127.0.0.1]",
)
@click.option("--writable", is_flag=True, help="Let browsers change and delete studies, too.")
@storage_options
def dashboard(
    host: str, port: int, hosts: tuple[str, ...], password_file: str | None, writable: bool, settings: Settings
) -> int:
    """Serve Optuna's dashboard of all stored studies until Ctrl-C or SIGTERM (130, 143).

    It answers only who calls it by a name of this machine's loopback, by --host, or by a name of --allow-host, and
    changes nothing unless --writable is given. Where others than this machine reach it, it needs a password.
    """
    from vsearch.reports.server.dashboard import address_of, bound_socket, dashboard_app, serve
    from vsearch.reports.server.guard import allowed_hosts
    from vsearch.reports.server.site import Site
    from vsearch.reports.server.study_source import StudySource
    from vsearch.storage import open_storage

    allowed_hosts(hosts)
    password = dashboard_password(password_file)
    with bound_socket(host, port, has_password=password is not None) as listener:
        if settings.is_untouched:
            make_home(settings)
        url = settings.storage.value
        open_storage(url, create=settings.is_untouched, retry_seconds=settings.retry_seconds).close()
        storage = open_storage(url, create=False, retry_seconds=min(ANSWER_SECONDS, settings.retry_seconds))
        app = dashboard_app(
            storage,
            (host, listener.getsockname()[0], *hosts),
            explain=_explain,
            is_writable=writable,
            password=None if password is None else password.text,
            around=lambda dashboard: Site(dashboard, StudySource(storage, settings.lease_seconds)),
        )
        _warn(listener, password)
        here = address_of(listener)
        ready = f"the dashboard is at {here} and compares curves at {here}vsearch/ (Ctrl-C ends it)"
        number = serve(app, listener, lambda: note(ready))
        storage.close()
    return 128 + number


def _warn(listener: socket.socket, password: DashboardPassword | None) -> None:
    from vsearch.reports.server.dashboard import is_loopback

    if password is not None and password.exposed:
        note(f"warning: others on this machine can read {password.exposed}; chmod 600 it")
    if not is_loopback(listener):
        note("warning: the password and all pages cross the network unencrypted; put a proxy with TLS before it")


def _explain(error: Exception) -> str | None:
    from vsearch.storage.failure import classify

    failure = classify(error)
    if failure is not None:
        return f"the database fails: {failure.reason}"
    return str(error) if isinstance(error, VsearchError) else None
