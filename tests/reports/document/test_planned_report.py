"""Planned studies in pages, Markdown and JSON."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from vsearch.curves import BASELINE
from vsearch.reports.document.pages import report_page, study_page
from vsearch.reports.document.planned_methods import planned_set_up
from vsearch.reports.document.planned_tables import CURVES, curve_lines, planned_row
from vsearch.reports.document.report import csv_report, json_report, markdown_report
from vsearch.reports.planned_words import planned_budget
from vsearch.reports.study_data import Child, StudyData
from vsearch.search.trials import TrialResult
from vsearch.spec.planned import PlannedCurve

MakeData = Callable[..., StudyData]
MakeTrial = Callable[..., TrialResult]


def test_a_curves_line_has_its_numbers_under_their_names(plan_data: MakeData) -> None:
    lines = [dict(zip(CURVES, line, strict=True)) for line in curve_lines(plan_data().outcome)]
    base, best, *_, control = lines
    assert (base["pairs"], base["points above baseline"], base["verdict"]) == ("-", "-", "-")
    assert (best["verdict"], best["pairs"], best["role"]) == ("confirmed", "5", "candidate")
    assert best["accuracy"].startswith("84.")
    assert " ± " in best["accuracy"]
    assert (control["role"], control["verdict"]) == ("control", "-")


def test_the_page_answers_first_and_shows_curves_and_shape_in_place_of_a_best_trial(plan_data: MakeData) -> None:
    html = report_page([plan_data()], is_interactive=False)
    order = ["Confirmed: trial 7", "Is it better than the plain network?", "Its curves", "Is it the shape?", "Methods"]
    places = [html.index(text) for text in order]
    assert places == sorted(places)
    assert html.count("<figure ") == 4
    for text in ("Best so far", "validation accuracy", "Baseline and paper", "where it matters"):
        assert text not in html
    assert "of the official test split, which no search opens" in html


def test_a_page_of_a_planned_study_leads_to_its_parent_while_that_is_there(plan_data: MakeData) -> None:
    assert '<a href="/vsearch/studies/search">search</a>' in study_page(plan_data())
    gone = study_page(plan_data(has_parent=False))
    assert "/vsearch/studies/search" not in gone
    assert "search, which was deleted" in gone


def test_the_page_of_a_search_leads_to_its_confirmation(data: MakeData, trial: MakeTrial) -> None:
    found = data(trial(0, 0.8, role="baseline"), name="peak")
    child = Child("peak-confirmation", 2, "confirmation", "not shown", "not shown: it differs.", True)
    html = study_page(StudyData(found.spec, 1, "open", found.trials, children=(child,)))
    assert '<a href="/vsearch/studies/peak-confirmation">peak-confirmation</a>, a confirmation. Not shown' in html


def test_in_a_report_of_both_they_lead_to_each_other_and_are_not_compared(plan_data: MakeData, data: MakeData) -> None:
    html = report_page([data(name="search"), plan_data()], is_interactive=False)
    assert '<a href="#study-1">search</a>' in html
    assert '<a href="#study-2">planned</a>' in html
    assert "What stands" in html
    assert "Studies compared" not in html


def test_markdown_has_the_verdict_the_curves_and_each_sentence_once(plan_data: MakeData) -> None:
    text = markdown_report([plan_data()])
    assert text.startswith("# Confirmed and searched shortcut curves")
    assert "| trial 7 | candidate | confirmed | 5 |" in text
    assert "### Is it the shape?" in text
    assert "The curves come from the study search." in text
    assert text.count("beats the plain network on the test images") == 2  # the headline, and the forest in words


def test_json_has_the_whole_outcome_and_whether_it_is_confirmed(plan_data: MakeData, data: MakeData) -> None:
    content = json_report([plan_data(), data(name="search")])
    first, second = content["studies"]
    assert first["is_confirmed"] is True
    assert first["outcome"]["winner"] == "trial 7"
    assert (second["is_confirmed"], second["outcome"], content["comparisons"]) == (False, None, {})
    assert list(first["figures"]) == ["forest", "pairs", "scales", "learning"]


@pytest.mark.parametrize("trained", [0, 1, 5, 7])
def test_a_study_that_goes_on_is_reported_in_every_format(plan_data: MakeData, trained: int) -> None:
    study = plan_data(trained=trained)
    content = json_report([study])
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    for text in (report_page([study], is_interactive=False), markdown_report([study])):
        assert "inf" not in text.replace("information", "")
        assert ("Confirmed: " if trained == 7 else "Not shown: ") in text
    assert csv_report([study]).count("\r\n") == 26


def test_labels_are_escaped(plan_data: MakeData) -> None:
    label = "<script>*x*|y"
    plan = (PlannedCurve("baseline", "baseline", BASELINE), PlannedCurve("candidate", label, BASELINE))
    study = plan_data(planned=plan)
    assert "<script" not in report_page([study], is_interactive=False)
    words, _, toml = markdown_report([study]).partition("#### The study as TOML")
    assert "<script" not in words
    assert toml.startswith("\n\n```")


def test_a_row_of_a_list_says_what_stands_and_how_far_it_is(plan_data: MakeData) -> None:
    row = planned_row(plan_data())
    assert (row.verdict, row.verdict_kind, row.state, row.done, row.trials) == ("confirmed", "good", "done", 25, 25)
    row = planned_row(plan_data(trained=3))
    assert (row.verdict, row.pairs, row.interval, row.state, row.done) == ("not shown", 1, "-", "open", 3)


def test_methods_say_how_many_comparisons_the_intervals_are_corrected_for(plan_data: MakeData) -> None:
    words = dict(planned_set_up(plan_data(sequential=True)))
    assert "2 comparisons" in words["intervals"]
    assert "confidence sequence" in words["intervals"]
    assert "however often one looks" in words["number of seeds"]
    assert words["comes from"] == "the study search"


def test_curves_that_got_fewer_seeds_are_named_and_counted_as_whole(plan_data: MakeData) -> None:
    plan = plan_data().spec.planned
    plan = tuple(replace(item, seeds=2) if item.label in ("trial 3", "reversed") else item for item in plan)
    study = plan_data(planned=plan, sequential=True)
    assert study.outcome.missing == 0
    seeds = dict(planned_set_up(study))["seeds"]
    assert seeds.startswith("up to 5 seeds for each curve, the same for all")
    assert seeds.endswith("; trial 3 got 2, as it was decided then; reversed got 2, as it was decided then")
    assert "5 curves with up to 5 seeds each" in planned_budget(study)
    assert "19 of 19 trainings" in planned_budget(study)
    assert "up to" not in dict(planned_set_up(plan_data()))["seeds"]
