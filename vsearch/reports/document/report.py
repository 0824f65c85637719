"""The report of studies as Markdown, JSON and CSV; `vsearch.reports.document.pages` has it as HTML."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vsearch import __version__
from vsearch.confirmation.content import outcome_content
from vsearch.reports.chart import Chart, Panel
from vsearch.reports.document import planned_tables
from vsearch.reports.document.csv_table import csv_text
from vsearch.reports.document.methods import Methods, methods
from vsearch.reports.document.planned_tables import CURVES, SHAPE, PlannedRow, planned_row
from vsearch.reports.document.study_view import StudyRow, study_row
from vsearch.reports.document.tables import TrialLine, endings, references, top_trials
from vsearch.reports.figures import COMPARISONS, searches, study_figures
from vsearch.reports.notes import code_block, code_span, curve_lines, markdown_text
from vsearch.reports.study_data import StudyData
from vsearch.reports.summary import summary
from vsearch.reports.wording import duration, percent, points

SCHEMA = "vsearch.report/1"
_STYLE = ("colour", "dash", "width", "dots", "symbol", "size", "opacity")
"""Of marks: how they look and not what they say."""
_HARMLESS = re.compile(r"\\([-.,:;%?=+()/'])")
"""Escapes that Markdown needs at the beginning of a line alone."""
_TRIALS = ("trial", "shape", "accuracy", "points above baseline", "curve", "mean scale", "epochs", "time")
_STUDIES = (
    *("study", "state", "best accuracy", "points above baseline", "luck alone gives up to"),
    *("best curve", "trials", "searches"),
)

_PLANNED = (
    *("study", "verdict", "curve", "points above baseline", "corrected interval", "pairs"),
    *("trainings", "network and images", "comes from"),
)


def markdown_report(studies: Sequence[StudyData]) -> str:
    """The report as Markdown: what the figures show is said in words."""
    planned, searched = [data for data in studies if data.spec.planned], searches(studies)
    blocks = ["# Confirmed and searched shortcut curves" if planned else "# Search of shortcut curves"]
    if planned and len(studies) > 1:
        blocks += ["## What stands", _table(_PLANNED, [_planned_cells(planned_row(data)) for data in planned])]
    if len(searched) > 1:
        blocks += ["## Studies compared", _table(_STUDIES, map(_study_cells, map(study_row, searched)))]
        blocks += [_words(chart(searched), 3) for chart in COMPARISONS.values()]
    for data in studies:
        blocks += _study_blocks(data)
    return "\n\n".join(block for block in blocks if block) + f"\n\n---\nvsearch {__version__}\n"


def json_report(studies: Sequence[StudyData]) -> dict[str, Any]:
    """The report as values for JSON: each study with its trials and the numbers of its figures.

    Numbers that are not finite are None.
    """
    several = len(searches(studies)) > 1
    content = {
        "schema": SCHEMA,
        "vsearch": __version__,
        "comparisons": {name: _chart(chart(studies)) for name, chart in COMPARISONS.items()} if several else {},
        "studies": [_study(data) for data in studies],
    }
    finite: dict[str, Any] = _finite(content)
    return finite


def csv_report(studies: Sequence[StudyData]) -> str:
    """A row for each trial that counts, with the name of its study; safe for spreadsheets and terminals."""
    rows = ({"study": data.name, **trial.row()} for data in studies for trial in data.trials)
    return csv_text(rows, ("study",))


def _study_blocks(data: StudyData) -> Iterator[str]:
    told, how = summary(data), methods(data)
    yield f"## {_inner(data.name)}"
    yield f"**{_inner(told.question)}**"
    yield f"**{_inner(told.headline)}**"
    if picture := curve_lines(told.scales):
        yield code_block(*picture)
    yield _text(told.how_sure)
    yield "\n".join(f"- {_text(sentence)}" for sentence in told.children)
    if data.spec.parent:
        gone = "" if data.has_parent else ", which was deleted"
        yield f"The curves come from the study {_inner(data.spec.parent)}{gone}."
    yield from (_text(told.budget), f"Next: {code_span(told.next_command)}")
    yield from _planned_tables(data) if data.spec.planned else ()
    yield "### Figures in words"
    yield from (_words(chart(data), 4) for chart in study_figures(data).values())
    yield "### Trials"
    yield from () if data.spec.planned else _search_tables(data)
    yield "#### How the trials ended"
    cells = [
        (ending.state, ending.reason, str(ending.trials), str(ending.epochs), duration(ending.seconds), ending.detail)
        for ending in endings(data)
    ]
    yield _table(("state", "reason", "trials", "epochs", "time", "the last one said"), cells) or "There is none yet."
    yield "Trials that a person excluded or cancelled are in none of these numbers."
    yield from _methods_blocks(how)


def _search_tables(data: StudyData) -> Iterator[str]:
    yield "#### The best"
    yield _table(_TRIALS, map(_trial_cells, top_trials(data))) or "No trial has finished."
    yield "#### Baseline and paper"
    yield _table(_TRIALS, map(_trial_cells, references(data))) or "Neither was begun."


def _planned_tables(data: StudyData) -> Iterator[str]:
    yield "### Curves"
    yield _table(CURVES, planned_tables.curve_lines(data.outcome))
    shape = planned_tables.shape_lines(data.outcome)
    if shape:
        yield "### Is it the shape?"
        yield _table(SHAPE, shape)


def _methods_blocks(how: Methods) -> Iterator[str]:
    yield "### Methods"
    yield _list(how.set_up)
    yield from ("#### Recipe", _list(how.recipe))
    yield from ("#### What the trials recorded", _recorded(how) or "Nothing yet.")
    yield "#### Commands to repeat it"
    yield "\n".join(f"- {_text(what)}: {code_span(command)}" for what, command in how.commands)
    yield from ("#### The study as TOML", code_block(*how.toml.rstrip().split("\n")))


def _recorded(how: Methods) -> str:
    rows = []
    for recorded in how.recorded:
        values = [f"{value} ({trials} trials)" if recorded.differs else value for value, trials in recorded.values]
        rows.append(
            (f"{recorded.thing}{', not the same in all trials' if recorded.differs else ''}", "; ".join(values))
        )
    if how.seeds:
        more = f" and {len(how.seeds) - 20} more" if len(how.seeds) > 20 else ""
        rows.append(("seeds of training", ", ".join(map(str, how.seeds[:20])) + more))
    return _list(rows)


def _words(chart: Chart, level: int) -> str:
    note = "" if chart.note in chart.alternative else chart.note
    return f"{'#' * level} {_inner(chart.title)}\n\n{_text(_joined(chart.alternative, note))}"


def _joined(text: str, more: str) -> str:
    """Two texts after each other; what ends the first and begins the second stands once."""
    common = next((end for end in range(len(more), 0, -1) if text.endswith(more[:end])), 0)
    return f"{text} {more[common:].lstrip()}"


def _study_cells(row: StudyRow) -> tuple[str, ...]:
    done = f"{row.done} of {row.budget}"
    scores = (percent(row.best), points(row.difference), points(row.luck))
    return (row.name, row.state, *scores, row.curve, done, row.searches)


def _planned_cells(row: PlannedRow) -> tuple[str, ...]:
    difference = (points(row.difference), row.interval, str(row.pairs))
    return (row.name, row.verdict, row.curve, *difference, f"{row.done} of {row.trials}", row.where, row.parent)


def _trial_cells(line: TrialLine) -> tuple[str, ...]:
    role = "" if line.role == "search" else f" ({line.role})"
    state = "" if line.state == "finished" else f", {line.state}"
    spread = "" if line.spread is None else f" ± {line.spread:.2f} ({line.seeds} seeds)"
    mean = "-" if line.mean_scale is None else f"{line.mean_scale:.3f}"
    score = f"{percent(line.accuracy)}{spread}"
    ends = (line.curve, mean, str(line.epochs), duration(line.seconds))
    return (f"{line.number}{role}{state}", line.sparkline, score, points(line.difference), *ends)


def _table(header: Sequence[str], rows: Iterator[tuple[str, ...]] | Sequence[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(_inner(cell) or '-' for cell in row)} |" for row in rows]
    if not lines:
        return ""
    return "\n".join((f"| {' | '.join(header)} |", f"|{' --- |' * len(header)}", *lines))


def _list(rows: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"- {_text(name)}: {_inner(text)}" for name, text in rows)


def _text(text: str) -> str:
    """Foreign text on a line of its own: escaped word by word, so that a long one is not cut."""
    first, *others = text.split() or [""]
    return " ".join((markdown_text(first), _inner(" ".join(others)))).rstrip()


def _inner(text: str) -> str:
    """Foreign text behind other text, legible also as it stands."""
    return " ".join(_HARMLESS.sub(r"\1", markdown_text(word)) for word in text.split())


def _study(data: StudyData) -> dict[str, Any]:
    told, how = summary(data), methods(data)
    return {
        "name": data.name,
        "state": data.state,
        "question": told.question,
        "headline": told.headline,
        "how_sure": told.how_sure,
        "is_confirmed": data.spec.purpose not in ("search", "calibration") and data.outcome.verdict == "confirmed",
        "outcome": outcome_content(data.outcome) if data.spec.planned else None,
        "children": [child._asdict() for child in data.children],
        "budget": told.budget,
        "next_command": told.next_command,
        "best_trial": None if told.best is None else told.best.number,
        "baseline_trial": None if told.baseline is None else told.baseline.number,
        "difference_points": told.difference,
        "noise_points": told.noise.points,
        "luck_points": told.luck,
        "endings": [ending._asdict() for ending in endings(data)],
        "recorded": {recorded.thing: dict(recorded.values) for recorded in how.recorded},
        "commands": [command for _, command in how.commands],
        "spec": data.spec.to_dict(),
        "figures": {name: _chart(chart(data)) for name, chart in study_figures(data).items()},
        "trials": [
            {**trial.row(), "scales": list(trial.scales), "learning_curve": list(trial.learning_curve)}
            for trial in data.trials
        ],
    }


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "title": chart.title,
        "alternative": chart.alternative,
        "note": chart.note,
        "panels": [_panel(panel) for panel in chart.panels],
    }


def _panel(panel: Panel) -> dict[str, Any]:
    marks = []
    for mark in panel.marks:
        values = {key: value for key, value in mark._asdict().items() if key not in _STYLE and value not in ("", ())}
        marks.append({"kind": type(mark).__name__.lower(), **values})
    axes = {"x": panel.x.title, "y": panel.y.title}
    return {"title": panel.title, **axes, "empty": panel.empty, "marks": marks}


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
