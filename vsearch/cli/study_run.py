"""`vsearch study run`: create a study or go on with it, train here, and show the best curve."""

import re
from pathlib import Path
from typing import Any

import click

from vsearch.cli.options import Settings, all_options, json_option
from vsearch.cli.output import note
from vsearch.cli.study_create import spec_from, spec_options, warn_about
from vsearch.errors import InputError

_STUDY_FILE = re.compile(r".*\.toml|.*[/\\].*")


@click.command()
@click.argument("study", required=False, metavar="[STUDY|FILE.toml]")
@spec_options
@click.option("--workers", type=int, help="Worker processes. [default: one per core; one on a GPU]")
@click.option("--threads", type=int, default=1, show_default=True, help="Threads of each worker.")
@click.option("--download", is_flag=True, help="Fetch the data set if it is missing.")
@json_option
@all_options
def run(
    study: str | None,
    flags: dict[str, Any],
    workers: int | None,
    threads: int,
    download: bool,
    as_json: bool,
    settings: Settings,
) -> None:
    """Create a study (or go on with a stored one) and train it with local workers, showing the best curve.

    Ctrl-C stops cleanly: trials in progress are put back with their last epoch, and the same command goes on with
    them. A second Ctrl-C stops at once.
    """
    from vsearch.cli.live import LiveView
    from vsearch.cli.study_view import print_best
    from vsearch.worker.fleet import check_workers

    if workers is not None:
        check_workers(workers)
    threads = _check_threads(threads)
    found = _study(study, flags, settings)
    if not found.is_done:
        _warn_threads(workers, threads)
    with LiveView(found) as view:
        best = found.run(workers=workers, threads=threads, download=download, watch=view.update)
    print_best(found, best, as_json=as_json, top=1)


def _study(name: str | None, flags: dict[str, Any], settings: Settings) -> Any:
    from vsearch import study as studies

    if name is not None and not _STUDY_FILE.fullmatch(name):
        if flags:
            given = ", ".join(f"--{flag.replace('_', '-')}" for flag in flags)
            raise InputError(
                f"the stored study {name!r} keeps its spec, but {given} was given; leave that out, "
                f"or change its number of trials with: vsearch study resume {name} --trials N"
            )
        return studies.open_study(name, settings)
    spec = spec_from(flags, Path(name) if name is not None else None)
    warn_about(spec)
    found, is_new = studies.create_or_open(spec, settings)
    note(f"{'created' if is_new else 'going on with'} the study {spec.name}: {spec.trials} trials")
    return found


def _check_threads(threads: int) -> int:
    if not 1 <= threads <= 1024:
        raise InputError(f"threads is {threads}; give 1 to 1024")
    return threads


def _warn_threads(workers: int | None, threads: int) -> None:
    from vsearch.worker.fleet import core_count

    wanted = (workers or core_count()) * threads
    if wanted > core_count():
        note(
            f"warning: {wanted} threads ({workers or core_count()} workers of {threads}) on {core_count()} cores "
            "train more slowly than one thread per core"
        )
