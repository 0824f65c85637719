"""A study as a page shows it: what its template needs, in the order in which it is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from vsearch.reports.document.figure_view import FigureView, figure_view
from vsearch.reports.document.methods import Methods, methods
from vsearch.reports.document.planned_tables import CURVES, NUMBERS, SHAPE, curve_lines, shape_lines
from vsearch.reports.document.tables import Ending, TrialLine, endings, references, top_trials
from vsearch.reports.figures import searches, study_figures
from vsearch.reports.planned_words import child_sentences
from vsearch.reports.study_data import Child, StudyData
from vsearch.reports.summary import Summary, has_failed, is_spent, summary
from vsearch.search.overview import Overview

_KINDS = {"done": "good", "failed": "bad", "foreign": "bad", "damaged": "bad", "cancelled": "bad"}


class StudyView(NamedTuple):
    """One study in a page."""

    name: str
    study_id: int
    summary: Summary
    figures: tuple[FigureView, ...]
    top: tuple[TrialLine, ...]
    has_spread: bool
    references: tuple[TrialLine, ...]
    endings: tuple[Ending, ...]
    methods: Methods
    plan: PlanView | None
    """Of a planned study: its tables, in place of those of the best trials."""
    children: tuple[tuple[Child, str], ...]
    """The planned studies that come from a search, with what each shows."""
    is_live: bool
    """Whether its trials go on."""


class PlanView(NamedTuple):
    """What a page shows of a planned study alone."""

    parent: str
    has_parent: bool
    header: tuple[str, ...]
    numbers: frozenset[str]
    """Columns that are aligned to the right."""
    curves: tuple[tuple[str, ...], ...]
    shape_header: tuple[str, ...]
    shape: tuple[tuple[str, ...], ...]
    subject: str
    verdict: str
    """`confirmed`, `not shown` or `worse`; empty for a calibration."""
    judged_by: str
    """`test` or `validation`."""


class StudyRow(NamedTuple):
    """One study in a list of studies."""

    name: str
    study_id: int | None
    """None for one that cannot be read."""
    state: str
    kind: str
    """`good`, `bad` or `plain`: how its state is coloured."""
    done: int
    """Finished and pruned trials."""
    budget: int
    running: int
    searches: str
    """Families, network and data set."""
    sparkline: str
    """Of the best curve."""
    curve: str
    best: float | None
    difference: float | None
    """Of the best to the baseline, in points."""
    luck: float | None
    """What the best of as many equal curves could show by luck alone, in points."""
    children: tuple[Child, ...] = ()
    """The planned studies that come from it."""


def study_view(data: StudyData, *, is_interactive: bool) -> StudyView:
    """Everything that a page shows of a study."""
    top, compared = ((), ()) if data.spec.planned else (top_trials(data), references(data))
    return StudyView(
        name=data.name,
        study_id=data.study_id,
        summary=summary(data),
        figures=tuple(
            figure_view(chart(data), f"{name}-{data.study_id}", is_interactive=is_interactive)
            for name, chart in study_figures(data).items()
        ),
        top=top,
        has_spread=any(line.spread is not None for line in top),
        references=compared,
        endings=endings(data),
        methods=methods(data),
        plan=_plan_view(data) if data.spec.planned else None,
        children=child_sentences(data.children),
        is_live=any(trial.state in ("running", "waiting") for trial in data.trials) and data.state == "open",
    )


def _plan_view(data: StudyData) -> PlanView:
    found = data.outcome
    return PlanView(
        parent=data.spec.parent,
        has_parent=data.has_parent,
        header=CURVES,
        numbers=NUMBERS,
        curves=curve_lines(found),
        shape_header=SHAPE,
        shape=shape_lines(found),
        subject="" if found.subject is None else found.subject.label,
        verdict="" if data.spec.purpose == "calibration" else found.verdict,
        judged_by=data.spec.evaluated_on,
    )


def study_row(data: StudyData) -> StudyRow:
    """A study in a list, from its trials alone."""
    done = sum(trial.state in ("finished", "pruned") for trial in data.trials)
    state = "done" if is_spent(data) else "failed" if has_failed(data) else data.state
    running = sum(trial.state == "running" for trial in data.trials)
    best = next(iter(top_trials(data, 1)), None)
    spec = data.spec
    return StudyRow(
        name=data.name,
        study_id=data.study_id,
        state=state,
        kind=_KINDS.get(state, "plain"),
        done=done,
        budget=spec.trials,
        running=running,
        searches=f"{', '.join(spec.families)} for {spec.network}{spec.depth} on {spec.dataset}",
        sparkline=best.sparkline if best else "",
        curve=best.curve if best else "none yet",
        best=best.accuracy if best else None,
        difference=best.difference if best else None,
        luck=summary(data).luck,
        children=data.children,
    )


def overview_rows(studies: Sequence[StudyData], overviews: Sequence[Overview]) -> tuple[StudyRow, ...]:
    """All searches in the order of `overviews`, with those that are not among `studies` by their counts alone."""
    known = {data.name: study_row(data) for data in searches(studies)}
    planned = {data.name for data in studies} - known.keys()
    return tuple(_overview_row(row, known.get(row.name)) for row in overviews if row.name not in planned)


def _overview_row(overview: Overview, known: StudyRow | None) -> StudyRow:
    state = overview.state if known or overview.state == "foreign" else "damaged"
    done = overview.finished + overview.pruned
    unread = StudyRow(overview.name, None, "", "", done, overview.trials, 0, "-", "", "-", overview.best, None, None)
    return (known or unread)._replace(state=state, kind=_KINDS.get(state, "plain"), running=overview.running)
