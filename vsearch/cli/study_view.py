"""`vsearch study list`, `show`, `best` and `export`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vsearch.cli.evidence_view import content_of, print_planned, show_planned
from vsearch.cli.options import Settings, json_option, storage_options
from vsearch.cli.output import (
    check_output,
    duration,
    force_option,
    note,
    percent,
    points,
    print_json,
    print_line,
    print_table,
    print_text,
)
from vsearch.errors import InputError

if TYPE_CHECKING:
    from vsearch.search.trials import TrialResult


@click.command("list")
@json_option
@storage_options
def list_studies(as_json: bool, settings: Settings) -> None:
    """All studies of the storage: states of their trials, best score, budget used."""
    from vsearch.search.overview import overviews
    from vsearch.storage import open_storage

    rows = []
    if not settings.is_untouched:
        rows = overviews(open_storage(settings.storage.value, create=False, retry_seconds=settings.retry_seconds))
    if as_json:
        print_json("study-list", {"studies": [row._asdict() for row in rows]})
        return
    if not rows:
        note("no study yet; make one with: vsearch study run --family triangle --depth 32 --dataset digits")
        return
    print_table(
        ("study", "purpose", "state", "trials", "running", "finished", "pruned", "failed", "best"),
        [
            (
                row.name,
                row.purpose or "-",
                row.state,
                f"{row.finished + row.pruned}/{row.trials}",
                row.running,
                row.finished,
                row.pruned,
                row.failed,
                percent(row.best),
            )
            for row in rows
        ],
    )


@click.command()
@click.argument("study")
@click.option("--toml", "as_toml", is_flag=True, help="Print the spec as a TOML file that `study create` reads.")
@json_option
@storage_options
def show(study: str, as_toml: bool, as_json: bool, settings: Settings) -> None:
    """One study: its spec and all its trials."""
    from vsearch import study as studies
    from vsearch.spec.toml import to_toml

    if as_toml and as_json:
        raise InputError("both --toml and --json are given; keep one")
    found = studies.open_study(study, settings)
    trials = found.trials()
    if as_toml:
        print_text(to_toml(found.spec))
        return
    if as_json:
        outcome = {"outcome": content_of(found)} if found.spec.planned else {}
        print_json("study", {"spec": found.spec.to_dict(), "trials": [trial.row() for trial in trials]} | outcome)
        return
    spec = found.spec
    if spec.planned:
        show_planned(found, trials)
        return
    print_line(f"{spec.name}: {', '.join(spec.families)} curves for {spec.network}{spec.depth} on {spec.dataset}")
    print_line(
        f"{spec.trials} trials of {spec.epochs} epochs, {spec.replicates} seed(s) each; sampler {spec.sampler}, "
        f"pruner {spec.pruner}, recipe {spec.recipe.name}; {found.stored.state}"
    )
    for key, text in spec.knobs:
        print_line(f"  {key} = {text}")
    _print_trials(trials)


def _print_trials(trials: "list[TrialResult]") -> None:
    """The best curve with its axes, and a line for each trial; all bars of the lines have one scale."""
    from vsearch.cli.pen import Pen
    from vsearch.cli.study_picture import trial_lines
    from vsearch.reports.terminal import limits
    from vsearch.search.ranking import best

    pen, span = Pen(), limits(trial.scales for trial in trials)
    if any(trial.is_finished and trial.accuracy is not None for trial in trials):
        found = best(trials).trial
        print_line(f"best of trial {found.number}, {percent(found.accuracy)}: {found.curve}")
        pen.write(*pen.chart(found.scales, span, indent=2))
    for trial in trials:
        pen.write(*trial_lines(trial, pen, span))


@click.command()
@click.argument("study")
@click.option("--top", type=int, default=1, show_default=True, help="So many curves, best first.")
@json_option
@storage_options
def best(study: str, top: int, as_json: bool, settings: Settings) -> None:
    """The best curve so far, beside the baseline: a search score, not yet a confirmed gain.

    Of a confirmation or another study with a plan, what it shows: no single score makes a curve the best there.
    """
    from vsearch import study as studies

    if top < 1:
        raise InputError(f"--top is {top}; give 1 or more")
    found = studies.open_study(study, settings)
    if found.spec.planned:
        print_planned(found, as_json=as_json)
        return
    print_best(found, found.best(), as_json=as_json, top=top)


def print_best(study: Any, best: Any, *, as_json: bool, top: int) -> None:
    """Print the best curves of a study on stdout, and what they are worth on stderr."""
    if as_json:
        print_json("best", _best_content(study, best, top))
        return
    from vsearch.cli.pen import Pen
    from vsearch.reports.terminal import limits

    shown = best.ranked[:top]
    pen, all_scales = Pen(), limits(trial.scales for trial in shown)
    for trial in shown:
        print_line(f"{'best' if trial is best.trial else 'then'}    {trial.curve}  (trial {trial.number})")
        pen.write(*pen.chart(trial.scales, all_scales))
        if trial.scales:
            span = f"{min(trial.scales):.3g} {pen.dots} {max(trial.scales):.3g}"
            mean = sum(trial.scales) / len(trial.scales)
            print_line(f"        scale {span} over {len(trial.scales)} blocks, mean {mean:.3f}")
        print_line(f"score   {percent(trial.accuracy)} validation accuracy after {trial.epochs} epochs")
        if best.baseline is not None:
            gain = points(best.difference_of(trial))
            print_line(f"        {gain} points against the baseline ({percent(best.baseline.accuracy)})")
    trials = study.trials()
    counts = ", ".join(f"{sum(t.state == state for t in trials)} {state}" for state in ("finished", "pruned", "failed"))
    print_line(
        f"budget  {counts} of {study.spec.trials} trials; {duration(sum(t.seconds for t in trials))} of training"
    )
    note(_caution(best))


def _caution(best: Any) -> str:
    number = len(best.ranked)
    text = f"This is a search score, the highest of {number} noisy ones, and not a confirmed gain."
    if best.noise is not None:
        return f"{text} Seed noise: {best.noise.points:.2f} points per training (from replicates)."
    return f"{text} How much seeds vary is not known: no curve was trained with two seeds (--replicates)."


def _best_content(study: Any, best: Any, top: int) -> dict[str, Any]:
    return {
        "study": study.spec.name,
        "is_confirmed": False,
        "caution": _caution(best),
        "baseline_accuracy": None if best.baseline is None else best.baseline.accuracy,
        "difference_points": best.difference,
        "seed_noise_points": None if best.noise is None else best.noise.points,
        "best": [{**trial.row(), "scales": list(trial.scales)} for trial in best.ranked[:top]],
    }


@click.command()
@click.argument("study")
@click.option(
    "--format", "kind", type=click.Choice(["csv", "json"]), default="csv", show_default=True, help="Of the output."
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write. [default: stdout]")
@force_option
@storage_options
def export(study: str, kind: str, output: Path | None, force: bool, settings: Settings) -> None:
    """All trials of a study as CSV or JSON."""
    from vsearch import study as studies

    if output is not None:
        check_output(output, force=force)
    found = studies.open_study(study, settings)
    rows = [trial.row() for trial in found.trials()]
    if kind == "json":
        text = json.dumps({"schema": "vsearch.trials/1", "spec": found.spec.to_dict(), "trials": rows}, indent=2) + "\n"
    else:
        from vsearch.reports.document.csv_table import csv_text

        text = csv_text(rows)
    if output is None:
        print_text(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{str(output)!r} cannot be written ({error.strerror or error}); choose another -o") from None
