"""A planned study as it stands, as lines for a terminal: its answer so far, and its curves."""

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from vsearch.cli.output import percent, plain, points
from vsearch.cli.pen import Pen
from vsearch.confirmation.outcome import Outcome, Row, outcome
from vsearch.confirmation.sentences import verdict_sentence
from vsearch.reports.terminal import limits
from vsearch.search.following import Moment

WIDEST = 27
"""Columns of a curve's picture."""


def outcome_at(moment: Moment) -> Outcome | None:
    """What a planned study shows so far; None for a search."""
    if not moment.spec.planned:
        return None
    return outcome(moment.spec, [trial for trial in moment.trials if trial.counts])


def answer(found: Outcome) -> str:
    """The verdict in a sentence; of a calibration, which has none, how many results there are."""
    if found.spec.purpose == "calibration":
        return f"{found.spec.trials - found.missing} results"
    return verdict_sentence(found)


def planned_picture(found: Outcome, pen: Pen) -> Iterator[Text]:
    """The answer so far, and a line for each curve with its picture; all pictures have one scale."""
    if found.spec.purpose != "calibration":
        yield Text(plain(answer(found)), style="bold")
    scales = [row.curve.scales(found.spec.num_blocks) for row in found.rows]
    span, width = limits(scales), max(len(plain(row.label)) for row in found.rows)
    for row, values in zip(found.rows, scales, strict=True):
        head = f"  {plain(row.label):<{width}}  {_trained(row, found):<8} {percent(row.mean):>8} {_gain(row):>7}"
        bars = pen.bars(values, span, room=WIDEST)
        yield Text.assemble(head, "  ", bars) if pen.fits(len(head) + 2 + bars.cell_len) else Text(head)


def planned_content(moment: Moment) -> dict[str, Any]:
    """What JSON says of a planned study beside what it says of every study; nothing for a search."""
    found = outcome_at(moment)
    if found is None:
        return {}
    has_verdict = found.spec.purpose != "calibration"
    return {
        "purpose": found.spec.purpose,
        "verdict": found.verdict if has_verdict else None,
        "curves": [
            {"label": row.label, "role": row.role, "finished": len(row.accuracies), "mean_accuracy": row.mean}
            for row in found.rows
        ],
    }


def _trained(row: Row, found: Outcome) -> str:
    return f"{len(row.accuracies)} of {found.spec.seeds_of(row.planned)}"


def _gain(row: Row) -> str:
    return "" if row.difference is None else points(row.difference.mean)
