"""`vsearch transfer`: does a curve carry over to other depths and data sets?"""

from typing import TYPE_CHECKING

import click

from vsearch.cli.crew import CrewFlags, crew_options
from vsearch.cli.options import Settings, all_options, json_option, make_home
from vsearch.cli.output import percent, points, print_json, print_line, print_table
from vsearch.cli.planned_run import train_all
from vsearch.cli.results import ResultFiles, result_options
from vsearch.cli.training_options import TrainingFlags, training_options
from vsearch.errors import InputError, shorten

if TYPE_CHECKING:
    from vsearch.confirmation.transfer import Moved

SEEDS = 3
HEADER = ("data set", "depth", "pairs", "plain", "curve", "difference", "95 % interval", "corrected", "verdict")


@click.command()
@click.argument("study")
@click.option("--depths", help="Comma between them: 20,32,44,56. [default: the search's]")
@click.option("--datasets", help="Comma between them: cifar10,cifar100. [default: the search's]")
@click.option("--seeds", type=int, default=SEEDS, show_default=True, help="Seeds for each network.")
@training_options
@result_options
@click.option("--queue", "is_queued", is_flag=True, help="Only store the studies, for workers elsewhere.")
@crew_options
@json_option
@all_options
def transfer(
    study: str,
    depths: str | None,
    datasets: str | None,
    seeds: int,
    training: TrainingFlags,
    files: ResultFiles,
    is_queued: bool,
    crew: CrewFlags,
    as_json: bool,
    settings: Settings,
) -> None:
    """Try a search's curve at other depths and on other data sets, each time against the plain network in pairs.

    The curve is the winner of the search's confirmation, or the most promising one where there is none. Its axis t
    spans every network, so the same curve fits any depth.
    """
    from vsearch import evidence
    from vsearch import study as studies
    from vsearch.confirmation.transfer import moved, places

    crew.check(settings)
    files.check()
    search = studies.open_study(study, settings)
    if search.spec.planned:
        raise InputError(f"{study} is a {search.spec.purpose}; name the search that the curve comes from")
    spec = search.spec
    where = places(_listed(datasets) or [spec.dataset], _depths(depths) or [spec.depth])
    make_home(settings)
    found = evidence.transfer(search, where, seeds=seeds, training=training.training(spec.recipe))
    outcomes = train_all(found, crew, settings, is_queued=is_queued)
    if not outcomes:
        return
    cells = moved(spec, outcomes)
    _show(cells, study, as_json=as_json)
    from vsearch.reports.figures.outcomes import transfer_info
    from vsearch.reports.figures.transfer_matrix import transfer_chart

    files.write(transfer_chart(transfer_info(cells)), [each.spec.name for each in outcomes], settings)


def _listed(text: str | None) -> list[str]:
    return [] if text is None else [part.strip() for part in text.split(",") if part.strip()]


def _depths(text: str | None) -> list[int]:
    parts = _listed(text)
    for part in parts:
        if not (part.isascii() and part.isdigit() and len(part) < 6):
            raise InputError(f"a depth is {shorten(repr(part))}; give whole numbers with commas between: 20,32,44,56")
    return [int(part) for part in parts]


def _show(cells: "tuple[Moved, ...]", study: str, *, as_json: bool) -> None:
    from vsearch.confirmation.content import outcome_content
    from vsearch.confirmation.transfer import transfer_sentence

    if as_json:
        content = [
            {**cell.place._asdict(), "is_origin": cell.is_origin, **outcome_content(cell.outcome)} for cell in cells
        ]
        print_json("transfer", {"search": study, "sentence": transfer_sentence(cells), "cells": content})
        return
    print_line(f"{cells[0].outcome.claims[0].label} of {study}: {cells[0].outcome.claims[0].curve}")
    print_table(HEADER, [_cells(cell) for cell in cells])
    print_line()
    print_line(transfer_sentence(cells))


def _cells(cell: "Moved") -> tuple[object, ...]:
    from vsearch.confirmation.sentences import between

    own = cell.outcome.claims[0]
    start = (cell.place.dataset, cell.place.depth, own.difference.n if own.difference else "-")
    scores = (percent(cell.outcome.baseline.mean), percent(own.mean))
    verdict = f"{own.verdict}{', found here' if cell.is_origin else ''}"
    if own.difference is None or own.decisive is None:
        return (*start, *scores, "-", "-", "-", verdict)
    intervals = (between(own.difference.interval), between(own.decisive))
    return (*start, *scores, points(own.difference.mean), *intervals, verdict)
