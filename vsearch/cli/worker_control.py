"""`vsearch worker list` and `drain`."""

from typing import TYPE_CHECKING

import click

from vsearch.cli.options import Settings, json_option, settings_options
from vsearch.cli.output import duration, note, print_json, print_table
from vsearch.errors import InputError

if TYPE_CHECKING:
    from vsearch.storage import Storage

_options = settings_options("home", "storage", "storage-timeout", "lease")


@click.command("list")
@json_option
@_options
def list_workers(as_json: bool, settings: Settings) -> None:
    """Every worker that has not ended: where it runs, what it trains, and when it last made progress.

    One without a sign of life for 60 seconds and two leases is `silent`: it was killed, or cannot reach the database.
    """
    from vsearch.search.workers import worker_views

    storage = _storage(settings)
    views = [] if storage is None else worker_views(storage, settings.lease_seconds)
    if as_json:
        print_json("worker-list", {"workers": [view._asdict() for view in views]})
        return
    if not views:
        note("no worker runs; start one with: vsearch worker")
        return
    print_table(
        ("host", "worker", "device", "state", "study", "trial", "epoch", "images/s", "progress", "seen"),
        [
            (
                view.host,
                view.worker,
                view.device,
                view.state,
                ", ".join(view.studies),
                ", ".join(map(str, view.trials)),
                ", ".join(map(str, view.epochs)),
                f"{view.images_per_second:.0f}" if view.images_per_second else "",
                "" if view.seconds_since_progress is None else f"{duration(view.seconds_since_progress)} ago",
                f"{duration(view.seconds_silent)} ago",
            )
            for view in views
        ],
    )


@click.command()
@click.argument("worker", metavar="HOST|ID")
@click.option("--wait", is_flag=True, help="Return when they have ended.")
@_options
def drain(worker: str, wait: bool, settings: Settings) -> None:
    """Let a worker, or all workers of a host, put their trials back with their last epoch and end with code 0.

    Other workers go on with these trials.
    """
    from vsearch.search import workers

    storage = _storage(settings)
    if storage is None:
        raise InputError(f"no worker is called {worker[:60]!r}: there is no storage yet")
    names = workers.drain(storage, worker)
    note(f"asked to end: {', '.join(names)}; their trials wait for other workers")
    if not wait:
        return
    for silent in workers.wait_until_gone(storage, names, settings.lease_seconds):
        note(f"{silent} gives no sign of life; it is taken for dead")
    note("they have ended")


def _storage(settings: Settings) -> "Storage | None":
    from vsearch.storage import open_storage

    if settings.is_untouched:
        return None
    return open_storage(settings.storage.value, create=False, retry_seconds=settings.retry_seconds)
