"""Every figure of every study at the edges goes into a page, a text and JSON."""

import json
from collections.abc import Callable

from vsearch.reports.document.pages import report_page
from vsearch.reports.document.report import csv_report, json_report, markdown_report
from vsearch.reports.figures import COMPARISONS, SEARCH_FIGURES
from vsearch.reports.study_data import StudyData


def test_a_study_at_the_edges_is_reported_in_every_format(edge_study: StudyData) -> None:
    html = report_page([edge_study], is_interactive=False)
    assert html.count("<figure ") == html.count("data:image/svg+xml;base64,") == len(SEARCH_FIGURES)
    text = markdown_report([edge_study])
    content = json_report([edge_study])
    for chart in content["studies"][0]["figures"].values():
        assert chart["alternative"]
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert csv_report([edge_study]).count("\r\n") == 1 + len(edge_study.trials)
    for report in (html, text):
        assert "<script" not in report
        assert "nan" not in report.lower().replace("finance", "")


def test_studies_at_the_edges_are_compared(edge_study: StudyData, data: Callable[..., StudyData]) -> None:
    content = json_report([edge_study, data()])
    assert list(content["comparisons"]) == list(COMPARISONS)
    assert "## Studies compared" in markdown_report([edge_study, data()])
