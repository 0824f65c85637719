"""`vsearch calibrate`: do short trainings rank curves as long ones do, and from which epoch on?"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from vsearch.cli.crew import CrewFlags, crew_options
from vsearch.cli.options import Settings, all_options, json_option, make_home
from vsearch.cli.output import print_json, print_line
from vsearch.cli.planned_run import tell_plan, train_planned
from vsearch.confirmation.plan import FULL_EPOCHS
from vsearch.errors import DataError, DeviceError, InputError, shorten

if TYPE_CHECKING:
    from vsearch.spec.recipe import Recipe
    from vsearch.study import Study


@click.command()
@click.argument("study")
@click.option(
    "--short",
    metavar="EPOCHS,…",
    help="Epochs of the short trainings, by the search's recipe: 4,8,16. "
    "[default: about a quarter, a half and all of the search's]",
)
@click.option(
    "--long", type=int, help=f"Epochs of the long trainings. [default: the full schedule, {FULL_EPOCHS} at most]"
)
@click.option("--recipe", help="Of the long trainings: he2015, short, or search for the search's. [default: he2015]")
@click.option("--seeds", type=int, help="Seeds for each curve. [default: 2]")
@click.option(
    "--from-search", type=int, help="Finished trials of the search among the curves, best to worst. [default: 2]"
)
@click.option("--wanted", type=float, default=0.8, help="Rank correlation that is enough. [default: 0.8]")
@click.option("--name", help="Of the calibration. [default: the search's with -calibration]")
@click.option("--queue", "is_queued", is_flag=True, help="Only store it, for workers elsewhere; trains nothing here.")
@crew_options
@json_option
@all_options
def calibrate(
    study: str,
    short: str | None,
    long: int | None,
    recipe: str | None,
    seeds: int | None,
    from_search: int | None,
    wanted: float,
    name: str | None,
    is_queued: bool,
    crew: CrewFlags,
    as_json: bool,
    settings: Settings,
) -> None:
    """Train a spread of curves short and long, and say whether and from when on the short run is honest.

    The baseline, the paper's curves, constants, both ramps, the best and the worst of the search, on what the search
    trains on; the test split stays closed. Tells at each epoch how well the short trainings rank the curves, with an
    interval, from which epoch pruning is safe, and the cheapest schedule that a search may take: vsearch study create
    --rungs calibrated. The same command goes on where it was broken off. STUDY is the search, or a study of a
    calibration.
    """
    from vsearch import calibration, evidence
    from vsearch import study as studies
    from vsearch.confirmation.calibration import check_wanted

    check_wanted(wanted)
    epochs = _epochs(short)
    crew.check(settings)
    search = studies.open_study(study, settings)
    make_home(settings)
    plan = calibration.CalibrationPlan(epochs, long, _recipe(recipe, search), seeds, from_search, name or "")
    parts, new = calibration.calibrate(search, plan)
    for part in parts:
        tell_plan(part, evidence.parent_of(part))
    if is_queued:
        for part in parts:
            print_line(part.spec.name)
        return
    _train(parts, new, crew, settings)
    show(parts[-1], wanted, as_json=as_json)


def show(study: "Study", wanted: float, *, as_json: bool) -> None:
    """Print what the calibration shows that a study belongs to."""
    from vsearch.calibration import calibration_of
    from vsearch.cli.calibration_view import print_calibration
    from vsearch.confirmation.calibration_content import calibration_content

    found = calibration_of(study, wanted=wanted)
    assert found is not None
    if as_json:
        print_json("calibration", calibration_content(found))
    else:
        print_calibration(found)


def _train(parts: "Sequence[Study]", new: "Sequence[Study]", crew: CrewFlags, settings: Settings) -> None:
    """Train one schedule after the other; if not even the first can begin, nothing is left of what is new."""
    try:
        for part in parts:
            train_planned(part, crew, settings, is_new=False)
    except (InputError, DataError, DeviceError):
        if all(trial.state == "waiting" for part in new for trial in part.trials()):
            for part in new:
                part.delete()
        raise


def _epochs(text: str | None) -> tuple[int, ...]:
    """The numbers of `4,8,16`."""
    parts = [] if text is None else [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and len(part) < 9 for part in parts):
        raise InputError(f"--short is {shorten(repr(text))}; give numbers of epochs, such as 4,8,16")
    return tuple(map(int, parts))


def _recipe(name: str | None, search: "Study") -> "Recipe | None":
    from vsearch.spec.recipe import recipe

    if name is None:
        return None
    return search.spec.recipe if name == "search" else recipe(name)
