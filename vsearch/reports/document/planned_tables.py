"""The tables of a planned study: its curves beside the baseline, and the study as a line of a list."""

from __future__ import annotations

from statistics import stdev
from typing import NamedTuple

from vsearch.confirmation.outcome import Outcome, Row, ShapeRow
from vsearch.confirmation.sentences import between
from vsearch.errors import shorten
from vsearch.reports.planned_words import is_over
from vsearch.reports.study_data import StudyData
from vsearch.reports.wording import percent, points
from vsearch.spec.datasets import dataset_info
from vsearch.statistics import Interval

CURVES = (
    *("curve", "role", "verdict", "pairs", "accuracy", "points above baseline", "95 % interval"),
    *("corrected interval", "bootstrap interval", "P(better)", "lead in the search", "shrinkage"),
    *("not counted", "written as"),
)
"""The columns of a curve's line, in the order of its cells."""
SHAPE = ("control", "pairs", "points of the subject above it", "95 % interval", "beaten")
NUMBERS = frozenset(CURVES[3:12])
"""The columns that are aligned to the right."""

LONGEST_CURVE = 80
"""Characters of a curve in a table; the study's TOML has all of it."""


class PlannedRow(NamedTuple):
    """One planned study in a list of studies."""

    name: str
    study_id: int
    purpose: str
    parent: str
    has_parent: bool
    state: str
    kind: str
    """`good`, `bad` or `plain`: how its state is coloured."""
    verdict: str
    """Empty for a calibration."""
    verdict_kind: str
    curve: str
    """The winner, or the first curve before any pair is there."""
    difference: float | None
    """Of that, in points."""
    interval: str
    pairs: int
    done: int
    """Trainings with a result."""
    trials: int
    running: int
    where: str
    """Network and data set."""


def curve_lines(outcome: Outcome) -> tuple[tuple[str, ...], ...]:
    """A line for each curve, in the order of the plan."""
    return tuple(_curve_line(row) for row in outcome.rows)


def shape_lines(outcome: Outcome) -> tuple[tuple[str, ...], ...]:
    """A line for each control of the subject that has been compared with it."""
    return tuple(_shape_line(row) for row in outcome.shape)


def planned_row(data: StudyData) -> PlannedRow:
    """A planned study in a list."""
    spec, found = data.spec, data.outcome
    shown = found.winner or found.subject
    state = data.state if data.state != "open" or not is_over(data) else "incomplete" if found.missing else "done"
    verdict = "" if spec.purpose == "calibration" else found.verdict
    info = dataset_info(spec.dataset)
    difference = None if shown is None else shown.difference
    return PlannedRow(
        name=data.name,
        study_id=data.study_id,
        purpose=spec.purpose,
        parent=spec.parent,
        has_parent=data.has_parent,
        state=state,
        kind={"done": "good", "incomplete": "bad", "cancelled": "bad"}.get(state, "plain"),
        verdict=verdict,
        verdict_kind={"confirmed": "good", "worse": "bad"}.get(verdict, "plain"),
        curve="-" if shown is None else shown.label,
        difference=None if difference is None else difference.mean,
        interval=_interval(None if shown is None else shown.decisive),
        pairs=0 if difference is None else difference.n,
        done=spec.trials - found.missing,
        trials=spec.trials,
        running=sum(trial.state == "running" for trial in data.trials),
        where=f"{spec.network}{spec.depth} on {spec.dataset if info is None else info.title}",
    )


def _curve_line(row: Row) -> tuple[str, ...]:
    found = row.difference
    is_claim = row.is_claim and found is not None
    known = (
        ("-",) * 5
        if found is None
        else (
            points(found.mean),
            _interval(found.interval),
            _interval(row.decisive),
            _interval(found.bootstrap),
            f"{found.p_better:.3f}",
        )
    )
    return (
        row.label,
        row.role,
        row.verdict if is_claim else "-",
        "-" if found is None else str(found.n),
        _score(row),
        *known,
        points(row.search_lead),
        points(row.shrinkage),
        _not_counted(row),
        shorten(str(row.curve), LONGEST_CURVE),
    )


def _shape_line(row: ShapeRow) -> tuple[str, ...]:
    found = row.difference
    beaten = "yes" if row.interval.low > 0 else "not shown"
    return (row.label, str(found.n), points(found.mean), _interval(row.interval), beaten)


def _score(row: Row) -> str:
    """The mean accuracy, and how much it varies from seed to seed in points."""
    scores = list(row.accuracies.values())
    return f"{percent(row.mean)} ± {100 * stdev(scores):.2f}" if len(scores) > 1 else percent(row.mean)


def _interval(interval: Interval | None) -> str:
    return "-" if interval is None or not interval.is_finite else between(interval)


def _not_counted(row: Row) -> str:
    counts = ((row.diverged, "diverged"), (row.missing, "missing"))
    return ", ".join(f"{number} {word}" for number, word in counts if number) or "-"
