"""Showing what planned studies found: a table, sentences, JSON."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vsearch.cli.output import percent, points, print_json, print_line, print_table

if TYPE_CHECKING:
    from vsearch.confirmation.outcome import Outcome, Row
    from vsearch.search.trials import TrialResult
    from vsearch.study import Study

HEADER = ("curve", "pairs", "accuracy", "difference", "95 % interval", "corrected", "P(better)", "search", "shrinkage")


def print_outcome(outcome: "Outcome") -> None:
    """A line for each curve, and the answer below."""
    from vsearch.confirmation.sentences import progress_sentence, shape_sentence, verdict_sentence

    print_table((*HEADER, "verdict"), [_cells(row) for row in outcome.rows])
    print_line()
    for text in (verdict_sentence(outcome), shape_sentence(outcome), progress_sentence(outcome)):
        if text:
            print_line(text)


def print_planned(study: "Study", *, as_json: bool = False) -> None:
    """Print what a planned study shows, read together with those that answer the same question."""
    if as_json:
        print_json(study.spec.purpose, content_of(study))
        return
    from vsearch.reports.planned_words import planned_question

    print_line(planned_question(study.spec))
    print_outcome(_outcome(study))


def content_of(study: "Study") -> dict[str, Any]:
    """The same as plain JSON values."""
    from vsearch.confirmation.content import outcome_content

    return outcome_content(_outcome(study))


def show_planned(study: "Study", trials: "Sequence[TrialResult]") -> None:
    """Print what a planned study is and shows, and a line for each of its trainings."""
    from vsearch.cli.pen import Pen
    from vsearch.cli.study_picture import trial_lines
    from vsearch.confirmation.sentences import seeds_in_words
    from vsearch.reports.terminal import limits

    spec = study.spec
    comes = f", from {spec.parent}" if spec.parent else ""
    print_line(f"{spec.name}: {spec.purpose}{comes}; {spec.network}{spec.depth} on {spec.dataset}")
    print_line(
        f"{len(spec.planned)} curves x {seeds_in_words(spec)}, {spec.epochs} epochs each, judged by the "
        f"{spec.evaluated_on} images; recipe {spec.recipe.name}; {study.stored.state}"
    )
    print_planned(study)
    pen, span = Pen(), limits(trial.scales for trial in trials)
    for trial in trials:
        pen.write(*trial_lines(trial, pen, span))


def _outcome(study: "Study") -> "Outcome":
    from vsearch.evidence import outcome_of

    return outcome_of(study)


def _cells(row: "Row") -> tuple[str, ...]:
    from vsearch.confirmation.sentences import between

    score = percent(row.mean)
    if row.difference is None or row.decisive is None:
        return (row.label, "-", score, *"-" * 6, _words(row))
    return (
        row.label,
        str(row.difference.n),
        score,
        points(row.difference.mean),
        between(row.difference.interval),
        between(row.decisive),
        f"{row.difference.p_better:.3f}",
        points(row.search_lead),
        points(row.shrinkage),
        _words(row),
    )


def _words(row: "Row") -> str:
    found = [row.verdict if row.is_claim else row.role]
    found += [f"{row.diverged} diverged"] if row.diverged else []
    found += [f"{row.missing} missing"] if row.missing else []
    return ", ".join(found)
