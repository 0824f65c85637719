"""`vsearch reproduce paper`: the paper's table, with seeds, pairs and intervals."""

from typing import TYPE_CHECKING, Any

import click

from vsearch.cli.crew import CrewFlags, crew_options
from vsearch.cli.options import Settings, all_options, json_option, make_home
from vsearch.cli.output import note, percent, points, print_json, print_line, print_table
from vsearch.cli.planned_run import train_all
from vsearch.cli.results import ResultFiles, result_options
from vsearch.cli.training_options import TrainingFlags, training_options
from vsearch.errors import InputError

if TYPE_CHECKING:
    from vsearch.confirmation.plan import FullTraining
    from vsearch.confirmation.reproduction import Reproduced

SEEDS, MINIATURE_SEEDS = 5, 2
HEADER = ("setting", "pairs", "plain", "curve", "difference", "95 % interval", "corrected", "paper", "verdict")


@click.command()
@click.argument("what", type=click.Choice(["paper"]))
@click.option(
    "--setting", "settings_given", multiple=True, help="Such as cifar10-resnet32; repeat. [default: all four]"
)
@click.option(
    "--seeds", type=int, help=f"Seeds for each network. [default: {SEEDS}; {MINIATURE_SEEDS} for a miniature]"
)
@click.option("--miniature", is_flag=True, help="A demonstration in minutes: the same path on 640 images for 2 epochs.")
@click.option("--controls", is_flag=True, help="Train the curves' controls too: is it their shape?")
@training_options
@result_options
@click.option("--queue", "is_queued", is_flag=True, help="Only store the studies, for workers elsewhere.")
@crew_options
@json_option
@all_options
def reproduce(
    what: str,  # noqa: ARG001
    settings_given: tuple[str, ...],
    seeds: int | None,
    miniature: bool,
    controls: bool,
    training: TrainingFlags,
    files: ResultFiles,
    is_queued: bool,
    crew: CrewFlags,
    as_json: bool,
    settings: Settings,
) -> None:
    """Train the paper's four settings again, each curve against the plain network, and compare with its gains.

    Full schedule, paired seeds, whole training split, judged by the test split: 40 trainings of 164 epochs with 5
    seeds. The same command goes on where it was broken off.
    """
    from vsearch import evidence
    from vsearch.confirmation import reproduction

    chosen = reproduction.check_settings(settings_given)
    how = _training(training, miniature)
    crew.check(settings)
    files.check()
    make_home(settings)
    usual, prefix = (MINIATURE_SEEDS, reproduction.MINIATURE_NAME) if miniature else (SEEDS, reproduction.NAME)
    studies = evidence.reproduce(
        settings,
        chosen,
        seeds=usual if seeds is None else seeds,
        training=how,
        with_controls=controls,
        prefix=prefix,
    )
    outcomes = train_all(studies, crew, settings, is_queued=is_queued)
    if not outcomes:
        return
    table = reproduction.reproduced(outcomes)
    _show(table, as_json=as_json)
    if miniature:
        note("this is a miniature that shows the path; its figures say nothing of the paper")
    from vsearch.reports.figures.forest import forest_chart
    from vsearch.reports.figures.outcomes import reproduction_info

    files.write(forest_chart(reproduction_info(table)), [found.spec.name for found in outcomes], settings)


def _training(flags: TrainingFlags, miniature: bool) -> "FullTraining":
    from vsearch.confirmation.reproduction import MINIATURE

    if not miniature:
        return flags.training()
    if flags.is_given:
        raise InputError("--miniature says how to train; leave out --epochs, --recipe and the images, or --miniature")
    return MINIATURE


def _show(table: "tuple[Reproduced, ...]", *, as_json: bool) -> None:
    from vsearch.confirmation.content import outcome_content
    from vsearch.confirmation.reproduction import table_sentence

    if as_json:
        lines = [
            {"setting": row.setting, "published_gain": row.published, **outcome_content(row.outcome)} for row in table
        ]
        print_json("reproduction", {"sentence": table_sentence(table), "settings": lines})
        return
    print_table(HEADER, [_cells(row) for row in table])
    print_line()
    print_line(table_sentence(table))


def _cells(row: "Reproduced") -> tuple[Any, ...]:
    from vsearch.confirmation.sentences import between

    own = row.outcome.claims[0]
    start = (row.setting, own.difference.n if own.difference else "-")
    scores = (percent(row.outcome.baseline.mean), percent(own.mean))
    if own.difference is None or own.decisive is None:
        return (*start, *scores, "-", "-", "-", points(row.published), own.verdict)
    intervals = (between(own.difference.interval), between(own.decisive))
    return (*start, *scores, points(own.difference.mean), *intervals, points(row.published), own.verdict)
