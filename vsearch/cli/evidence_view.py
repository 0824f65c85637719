"""Showing what planned studies found: a table, sentences, JSON."""

from typing import TYPE_CHECKING

from vsearch.cli.output import percent, points, print_line, print_table

if TYPE_CHECKING:
    from vsearch.confirmation.outcome import Outcome, Row

HEADER = ("curve", "pairs", "accuracy", "difference", "95 % interval", "corrected", "P(better)", "search", "shrinkage")


def print_outcome(outcome: "Outcome") -> None:
    """A line for each curve, and the answer below."""
    from vsearch.confirmation.sentences import progress_sentence, shape_sentence, verdict_sentence

    print_table((*HEADER, "verdict"), [_cells(row) for row in outcome.rows])
    print_line()
    for text in (verdict_sentence(outcome), shape_sentence(outcome), progress_sentence(outcome)):
        if text:
            print_line(text)


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
