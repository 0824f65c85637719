"""`vsearch study run`: create a study or go on with it, train here, and show the best curve."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vsearch.cli.crew import CrewFlags, crew_options, warn_of_threads
from vsearch.cli.options import Settings, all_options, json_option, make_home
from vsearch.cli.output import note
from vsearch.cli.study_create import calibrated_or_plain, spec_options, warn_about
from vsearch.curves import families
from vsearch.errors import DataError, DeviceError, InputError

if TYPE_CHECKING:
    from vsearch.study import Study

_FLAGS = {"families": "family", "knobs": "knob"}
_STUDY_FILE = re.compile(r".*\.toml|.*[/\\].*")


@click.command()
@click.argument("study", required=False, metavar="[STUDY|FILE.toml]")
@spec_options
@crew_options
@json_option
@all_options
def run(
    study: str | None,
    flags: dict[str, Any],
    crew: CrewFlags,
    as_json: bool,
    settings: Settings,
) -> None:
    """Create a study (or go on with a stored one) and train it with local workers, showing the best curve.

    Ctrl-C stops cleanly: trials in progress are put back with their last epoch, and the same command goes on with
    them. A second Ctrl-C stops at once.
    """
    from vsearch.cli.study_view import print_best

    chosen = crew.check(settings)
    found, is_new = _study(study, flags, settings)
    if (state := found.stored.state) != "open":
        note(f"the study {found.spec.name} is {state}; let it go on with: vsearch study resume {found.spec.name}")
    elif not found.is_done:
        warn_of_threads(chosen, settings)
    try:
        crew.train(found)
    except (InputError, DataError, DeviceError):
        if is_new and all(trial.state == "waiting" for trial in found.trials()):
            found.delete()  # it could not begin: nothing is left of it
        raise
    print_best(found, found.best(), as_json=as_json, top=1)


def _study(name: str | None, flags: dict[str, Any], settings: Settings) -> tuple["Study", bool]:
    """The study to train, and whether it is new."""
    from vsearch import study as studies

    if name is not None and not _STUDY_FILE.fullmatch(name):
        return _stored(name, flags, settings), False
    spec = calibrated_or_plain(flags, Path(name) if name is not None else None, settings)
    make_home(settings)
    found, is_new = studies.create_or_open(spec, settings)
    warn_about(found)
    note(f"{'created' if is_new else 'going on with'} the study {spec.name}: {spec.trials} trials")
    return found, is_new


def _stored(name: str, flags: dict[str, Any], settings: Settings) -> "Study":
    from vsearch import study as studies

    try:
        found = studies.open_study(name, settings)
    except InputError as error:
        hint = f"; for a new study say --family {name}" if name in families() else ""
        hint = f"; for a new study of that name say --name {name}" if "families" in flags else hint
        raise InputError(f"{error}{hint}") from None
    if flags:
        given = ", ".join(f"--{_FLAGS.get(flag, flag.replace('_', '-'))}" for flag in flags)
        raise InputError(
            f"the stored study {name!r} keeps its spec, but {given} was given; leave that out, "
            f"or change its number of trials with: vsearch study resume {name} --trials N"
        )
    make_home(settings)
    return found
