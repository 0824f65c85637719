"""Pages in HTML: the report as one file that needs nothing else, and what the dashboard's server shows beside Optuna's.

All text of studies is data that others may have written: the templates escape it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from vsearch import __version__
from vsearch.reports.document.figure_view import FigureView, figure_view
from vsearch.reports.document.planned_tables import planned_row
from vsearch.reports.document.study_view import StudyRow, overview_rows, study_row, study_view
from vsearch.reports.figures import COMPARISONS, searches
from vsearch.reports.study_data import StudyData
from vsearch.reports.wording import counted, duration, percent, points
from vsearch.search.overview import Overview
from vsearch.search.workers import WorkerView

REFRESH_SECONDS = 60
"""After which a page of what is still going on loads itself again."""
PAGES = (("/vsearch/", "All studies"), ("/vsearch/workers", "Workers"), ("/dashboard/", "Optuna dashboard"))
"""The way from each served page to the others."""
TITLE = "Search of shortcut curves"
_WORKER_KINDS = {"working": "good", "silent": "bad"}


def report_page(studies: Sequence[StudyData], *, is_interactive: bool = True) -> str:
    """Studies as one HTML file that loads nothing: what was found first, then figures, tables and methods.

    Several studies are compared before each is shown. Without `is_interactive` there is no script in it.
    """
    scripts = [_plotly(), static_text("vsearch.js")] if is_interactive else []
    names = ", ".join(data.name for data in studies)
    kind = "Confirmed and searched shortcut curves" if any(data.spec.planned for data in studies) else TITLE
    return _render(
        "report.html",
        heading=kind,
        title=f"{kind}: {names if len(studies) < 4 else f'{len(studies)} studies'}",
        policy=_policy(scripts),
        css=Markup(static_text("vsearch.css")),
        scripts=[Markup(script) for script in scripts],
        views=[study_view(data, is_interactive=is_interactive) for data in studies],
        anchors={data.name: data.study_id for data in studies},
        rows=[study_row(data) for data in searches(studies)],
        **_lists(studies, is_interactive=is_interactive),
    )


def study_page(data: StudyData) -> str:
    """The server's page of one study; it loads itself again while the study goes on."""
    view = study_view(data, is_interactive=True)
    return _served("study.html", title=data.name, here="", is_live=view.is_live, has_figures=True, view=view)


def overview_page(studies: Sequence[StudyData], overviews: Sequence[Overview]) -> str:
    """The server's page of all studies, side by side.

    `overviews` are all studies of the storage; those that are not among `studies` are listed with their state alone.
    """
    rows = overview_rows(studies, overviews)
    return _served(
        "overview.html",
        title="Studies of shortcut curves",
        here="/vsearch/",
        is_live=any(row.running for row in overviews),
        has_figures=len(searches(studies)) > 1,
        unread=_unread(rows),
        rows=rows,
        **_lists(studies, is_interactive=True),
    )


def workers_page(views: Sequence[WorkerView]) -> str:
    """The server's page of all workers that have not ended."""
    return _served(
        "workers.html",
        title="Workers",
        here="/vsearch/workers",
        is_live=True,
        has_figures=False,
        views=views,
        kinds=[_WORKER_KINDS.get(view.state, "plain") for view in views],
        speed=sum(view.images_per_second for view in views),
        silent=sum(view.state == "silent" for view in views),
    )


def static_text(name: str) -> str:
    """A file that belongs to the pages: `vsearch.css` or `vsearch.js`."""
    return files("vsearch.reports.document").joinpath("static", name).read_text(encoding="utf-8")


def _lists(studies: Sequence[StudyData], *, is_interactive: bool) -> dict[str, Any]:
    """Planned studies in a list of their own, and the comparisons of searches."""
    return {
        "planned": [planned_row(data) for data in studies if data.spec.planned],
        "comparisons": _comparisons(searches(studies), is_interactive=is_interactive),
    }


def _comparisons(studies: Sequence[StudyData], *, is_interactive: bool) -> list[FigureView]:
    if len(studies) < 2:
        return []
    return [
        figure_view(chart(studies), f"compared-{name}", is_interactive=is_interactive)
        for name, chart in COMPARISONS.items()
    ]


def _unread(rows: Iterable[StudyRow]) -> bool:
    return any(row.study_id is None for row in rows)


def _served(template: str, *, is_live: bool, **content: Any) -> str:
    return _render(template, pages=PAGES, refresh=REFRESH_SECONDS if is_live else 0, **content)


def _render(template: str, **content: Any) -> str:
    now = datetime.now(UTC).replace(microsecond=0)
    return _environment().get_template(template).render(version=__version__, now=now, **content)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("vsearch.reports.document"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "points": points, "duration": duration, "counted": counted}
    return environment


@cache
def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    text: str = get_plotlyjs()
    return text


def _policy(scripts: Sequence[str]) -> str:
    """The Content-Security-Policy of a report: nothing from outside, and no script but these."""
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
