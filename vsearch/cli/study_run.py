"""`vsearch study run`: create a study or go on with it, train here, and show the best curve."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from vsearch.cli.options import Settings, all_options, check_threads, json_option, make_home, parse_slots
from vsearch.cli.output import note
from vsearch.cli.study_create import spec_from, spec_options, warn_about
from vsearch.curves import families
from vsearch.errors import DataError, DeviceError, InputError

if TYPE_CHECKING:
    from vsearch.study import Study
    from vsearch.worker.fleet import Crew

_FLAGS = {"families": "family", "knobs": "knob"}
_STUDY_FILE = re.compile(r".*\.toml|.*[/\\].*")


@click.command()
@click.argument("study", required=False, metavar="[STUDY|FILE.toml]")
@spec_options
@click.option("--workers", type=int, help="Worker processes. [default: one per core; one on a GPU or with --slots]")
@click.option(
    "--slots",
    metavar="N",
    help="Trainings at the same time in each worker; auto: as many as a short measurement finds best. "
    "[default: 1; auto on a GPU]",
)
@click.option("--threads", type=int, help="CPU threads of each training. [default: 1; found with slots that are auto]")
@click.option("--download", is_flag=True, help="Fetch the data set if it is missing.")
@json_option
@all_options
def run(
    study: str | None,
    flags: dict[str, Any],
    workers: int | None,
    slots: str | None,
    threads: int | None,
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
    from vsearch.worker.fleet import check_workers, choose_crew, is_gpu

    if workers is not None:
        check_workers(workers)
    if threads is not None:
        check_threads(threads)
    given: int | Literal["auto"] | None = None if slots is None else parse_slots(slots) or "auto"
    check_device(settings)
    crew = choose_crew(settings.device.value, workers, threads, given)
    found, is_new = _study(study, flags, settings)
    if (state := found.stored.state) != "open":
        note(f"the study {found.spec.name} is {state}; let it go on with: vsearch study resume {found.spec.name}")
    elif not found.is_done and not is_gpu(settings.device.value):
        _warn_threads(crew)
    try:
        with LiveView(found) as view:
            best = found.run(workers=workers, slots=given, threads=threads, download=download, watch=view.update)
    except (InputError, DataError, DeviceError):
        if is_new and all(trial.state == "waiting" for trial in found.trials()):
            found.delete()  # it could not begin: nothing is left of it
        raise
    print_best(found, best, as_json=as_json, top=1)


def _study(name: str | None, flags: dict[str, Any], settings: Settings) -> tuple["Study", bool]:
    """The study to train, and whether it is new."""
    from vsearch import study as studies

    if name is not None and not _STUDY_FILE.fullmatch(name):
        return _stored(name, flags, settings), False
    spec = spec_from(flags, Path(name) if name is not None else None)
    make_home(settings)
    found, is_new = studies.create_or_open(spec, settings)
    warn_about(spec)
    note(f"{'created' if is_new else 'going on with'} the study {spec.name}: {spec.trials} trials")
    return found, is_new


def _stored(name: str, flags: dict[str, Any], settings: Settings) -> "Study":
    from vsearch import study as studies

    try:
        found = studies.open_study(name, settings)
    except InputError as error:
        hint = f"; for a new study say --family {name}" if name in families() else ""
        raise InputError(f"{error}{hint}") from None
    if flags:
        given = ", ".join(f"--{_FLAGS.get(flag, flag.replace('_', '-'))}" for flag in flags)
        raise InputError(
            f"the stored study {name!r} keeps its spec, but {given} was given; leave that out, "
            f"or change its number of trials with: vsearch study resume {name} --trials N"
        )
    make_home(settings)
    return found


def check_device(settings: Settings) -> None:
    """Refuse a GPU that is not there before a study is made; other devices need no torch to be known.

    Raises:
        InputError: no device has that name.
        DeviceError: this machine lacks it.
    """
    if settings.device.value not in ("auto", "cpu"):
        from vsearch.training.device import choose_device

        choose_device(settings.device.value)


def _warn_threads(crew: "Crew") -> None:
    from vsearch.worker.fleet import core_count

    cores = core_count()
    # Each worker that looks for its slots finds as many as if it were alone.
    each = cores if crew.slots == "auto" else int(crew.slots) * (crew.threads or 1)
    if crew.workers * each > cores:
        note(
            f"warning: {crew.workers * each} threads ({crew.workers} workers of {each}) on {cores} cores "
            "train more slowly than one thread per core"
        )
