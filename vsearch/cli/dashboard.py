"""`vsearch dashboard`: Optuna's dashboard on the storage, for a browser."""

import click

from vsearch.cli.options import Settings, make_home, storage_options
from vsearch.cli.output import note
from vsearch.errors import VsearchError

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
@click.option("--writable", is_flag=True, help="Let browsers change and delete studies, too.")
@storage_options
def dashboard(host: str, port: int, hosts: tuple[str, ...], writable: bool, settings: Settings) -> int:
    """Serve Optuna's dashboard of all stored studies until Ctrl-C or SIGTERM (130, 143).

    It asks for no password. It answers only who calls it by a name of this machine's loopback, by --host, or by a
    name of --allow-host, and changes nothing unless --writable is given.
    """
    from vsearch.reports.dashboard import address_of, bound_socket, dashboard_app, is_loopback, serve
    from vsearch.reports.guard import allowed_hosts
    from vsearch.storage import open_storage

    allowed_hosts(hosts)
    with bound_socket(host, port) as listener:
        if settings.is_untouched:
            make_home(settings)
        url = settings.storage.value
        open_storage(url, create=settings.is_untouched, retry_seconds=settings.retry_seconds).close()
        storage = open_storage(url, create=False, retry_seconds=min(ANSWER_SECONDS, settings.retry_seconds))
        names = (host, listener.getsockname()[0], *hosts)
        app = dashboard_app(storage, names, explain=_explain, is_writable=writable)
        if not is_loopback(listener):
            _warn(host, writable=writable)
        number = serve(app, listener, lambda: note(f"the dashboard is at {address_of(listener)} (Ctrl-C ends it)"))
        storage.close()
    return 128 + number


def _warn(host: str, *, writable: bool) -> None:
    what = "read, change and delete every study" if writable else "read every study"
    note(f"warning: it listens on {host} and asks for no password: whoever reaches that port can {what}")


def _explain(error: Exception) -> str | None:
    from vsearch.storage.failure import classify

    failure = classify(error)
    if failure is not None:
        return f"the database fails: {failure.reason}"
    return str(error) if isinstance(error, VsearchError) else None
