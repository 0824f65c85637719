"""The HTML of reports and of the server's pages, read by a parser: what they say, and that nothing gets out of text."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from vsearch.reports.document.pages import overview_page, report_page, study_page, workers_page
from vsearch.reports.study_data import StudyData
from vsearch.search.overview import Overview
from vsearch.search.trials import TrialResult
from vsearch.search.workers import WorkerView

MakeTrial = Callable[..., TrialResult]
MakeData = Callable[..., StudyData]
Attributes = dict[str, str | None]

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\u2028'\"&{{7*7}}"
LOADING = ("src", "href", "data", "action", "poster", "srcset")
VOID = ("meta", "link", "img", "br", "hr", "input")


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.elements: list[tuple[str, Attributes]] = []
        self.texts: list[tuple[str, str]] = []
        """The name of the innermost element around each text, and the text."""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == [], "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), "an attribute is given twice"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self._open[-1] if self._open else "", data))

    def all(self, tag: str) -> list[Attributes]:
        """The attributes of each element of that name."""
        return [attributes for name, attributes in self.elements if name == tag]

    def inside(self, tag: str) -> list[str]:
        """The texts of elements of that name."""
        return [text for name, text in self.texts if name == tag]

    @property
    def words(self) -> str:
        """All text that is not script or style, on one line."""
        shown = (text for name, text in self.texts if name not in ("script", "style"))
        return " ".join(" ".join(shown).split())

    def scripts(self, kind: str | None) -> list[str]:
        """The content of script elements of that type."""
        kinds = [attributes.get("type") for attributes in self.all("script") if "src" not in attributes]
        texts = self.inside("script")
        assert len(kinds) == len(texts)
        return [text for found, text in zip(kinds, texts, strict=True) if found == kind]


@pytest.fixture
def study(trial: MakeTrial, data: MakeData) -> StudyData:
    """Twelve finished trials, the baseline at 80 % and the best at 82 %, and one of each other state."""
    curves = [f"triangle peak={1.05 + n / 40} floor=0.8" for n in range(12)]
    return data(
        trial(0, 0.8, role="baseline", num_blocks=15),
        *(trial(1 + n, 0.8 + n / 550, curves[n], learning_curve=(0.5, 0.8 + n / 550)) for n in range(12)),
        trial(13, 0.6, curves[3], state="pruned", learning_curve=(0.5, 0.6), detail="behind after epoch 2"),
        trial(14, None, curves[4], state="failed", reason="diverged", detail="the loss is not finite"),
        trial(15, 0.4, curves[5], state="running"),
        trials=20,
    )


@pytest.fixture
def evil(trial: MakeTrial, data: MakeData) -> StudyData:
    """The rows of a database that somebody wrote to in order to run a script."""
    attrs = dict.fromkeys(("device", "precision", "commit", "split_digest", "spec_digest", "worker"), EVIL)
    rows = {"role": EVIL, "detail": EVIL, "reason": EVIL, "knobs": {EVIL: EVIL}}
    attrs_and_versions = {**attrs, "versions": {EVIL: EVIL}}
    return data(
        trial(0, 0.8, role="baseline", attributes=attrs_and_versions),
        trial(1, 0.82, "triangle peak=1.2 floor=0.8", attributes=attrs_and_versions, **rows),
        trial(2, 0.4, "triangle peak=1.5 floor=0.8", state="pruned", **rows),
        trial(3, None, None, state="failed", **rows),
        dataset=f"folder:/{EVIL}",
        name="evil",
    )


def test_a_report_says_first_what_was_found_and_how_sure_that_is(study: StudyData) -> None:
    page = Page(report_page([study], is_interactive=False))
    words = page.words
    assert "82.00 % validation accuracy, +2.00 points" in words
    order = ["82.00 % validation accuracy", "device hours", "Figures", "Baseline and paper", "Methods", "Commands to"]
    places = [words.index(text) for text in order]
    assert places == sorted(places)


def test_a_report_counts_how_trials_ended(study: StudyData) -> None:
    words = Page(report_page([study], is_interactive=False)).words
    assert "finished finished 13 25" in words
    assert "pruned pruned 1 2 1 min 0 s behind after epoch 2" in words
    assert "failed diverged 1 0 1 min 0 s the loss is not finite" in words
    assert "running - 1 1" in words


def test_each_figure_has_a_picture_with_words_and_data_for_the_browser(study: StudyData) -> None:
    page = Page(report_page([study]))
    figures = [attributes["id"] for attributes in page.all("figure")]
    assert figures == ["curves-1", "positions-1", "progress-1", "rungs-1", "learning-1"]
    pictures = page.all("img")
    assert [picture["src"].startswith("data:image/svg+xml;base64,") for picture in pictures if picture["src"]] == [
        True
    ] * 5
    assert all(len(picture["alt"] or "") > 40 for picture in pictures)
    assert len(page.all("figcaption")) == 5
    blocks = [json.loads(text) for text in page.scripts("application/json")]
    assert [block["layout"]["meta"]["name"] for block in blocks if block["data"]] == [
        name.split("-")[0] for name in figures if name
    ]


def test_a_report_loads_nothing(study: StudyData) -> None:
    page = Page(report_page([study]))
    for _, attributes in page.elements:
        assert all(re.match(r"data:|#|$", attributes.get(key) or "") for key in LOADING), attributes
    (css,) = page.inside("style")
    assert "url(" not in css
    assert "@import" not in css


def test_the_policy_of_a_report_allows_its_own_scripts_alone(study: StudyData) -> None:
    page = Page(report_page([study]))
    scripts = page.scripts(None)
    assert [("plotly.js v" in text[:200], "newPlot" in text) for text in scripts] == [(True, True), (False, True)]
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts]
    rules = dict(rule.strip().partition(" ")[::2] for rule in _policy(page).split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == " ".join(f"'sha256-{digest}'" for digest in digests)


def _policy(page: Page) -> str:
    policies = (meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    return next(policies) or ""


def test_a_static_report_holds_no_script_and_is_small(study: StudyData) -> None:
    html = report_page([study], is_interactive=False)
    page = Page(html)
    assert page.all("script") == []
    assert "script-src 'none'" in _policy(page)
    assert len(html) < 500_000


@pytest.mark.parametrize("is_interactive", [False, True])
def test_no_text_of_a_study_becomes_markup(evil: StudyData, study: StudyData, is_interactive: bool) -> None:
    page, harmless = (Page(report_page([each], is_interactive=is_interactive)) for each in (evil, study))
    assert page.all("script") == harmless.all("script")
    assert page.scripts(None) == harmless.scripts(None)
    assert len(page.scripts("application/json")) == 5 * is_interactive
    _has_nothing_foreign(page)
    assert EVIL.replace("\u2028", " ") in page.words.replace("\u2028", " ")


def test_no_text_of_a_study_becomes_markup_on_served_pages(evil: StudyData) -> None:
    foreign = Overview(EVIL, "foreign", 0, 0, 0, 0, 0, 0, None, None, 0)
    view = WorkerView(EVIL, EVIL, EVIL, EVIL, (EVIL,), (1,), (2,), 10.0, 1.0, 2.0, 3.0)
    for html in (study_page(evil), overview_page([evil, evil], [foreign]), workers_page([view])):
        page = Page(html)
        _has_nothing_foreign(page)
        assert page.scripts(None) == []
        assert EVIL.replace("\u2028", " ") in page.words.replace("\u2028", " ")


def _has_nothing_foreign(page: Page) -> None:
    assert not [attributes for _, attributes in page.elements if any(name.startswith("on") for name in attributes)]
    assert not [picture for picture in page.all("img") if not (picture["src"] or "").startswith("data:image/svg+xml")]
    assert "49" not in page.inside("title")[0]
    for text in page.scripts("application/json"):
        assert json.loads(text)
        assert not set("<>&\u2028\u2029") & set(text)


@pytest.mark.parametrize("kind", ["report", "several", "study", "overview", "workers"])
def test_pages_can_be_read_by_machines_and_used_by_keyboard(study: StudyData, data: MakeData, kind: str) -> None:
    view = WorkerView("w", "h", "cpu", "working", ("s",), (1,), (2,), 10.0, 1.0, 2.0, 3.0)
    pages = {
        "report": lambda: report_page([study], is_interactive=False),
        "several": lambda: report_page([study, replace(data(name="other"), study_id=2)], is_interactive=False),
        "study": lambda: study_page(study),
        "overview": lambda: overview_page([study], [_overview(study)]),
        "workers": lambda: workers_page([view]),
    }
    page = Page(pages[kind]())
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert page.all("html") == [{"lang": "en"}]
    assert len(ids) == len(set(ids))
    assert (page.all("a")[0]["href"], "main" in ids) == ("#main", True)
    levels = [int(name[1]) for name, _ in page.elements if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    named = [a.get(key) for _, a in page.elements for key in ("aria-labelledby", "aria-describedby") if key in a]
    assert set(named) <= set(ids)
    assert all("scope" in attributes for attributes in page.all("th"))
    boxes = [attributes for attributes in page.all("div") if attributes.get("class") == "scroll"]
    assert all(box["tabindex"] == "0" and box["aria-label"] for box in boxes)
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all("meta")


def test_what_differs_between_trials_is_told(trial: MakeTrial, data: MakeData) -> None:
    devices = ("NVIDIA H200", "NVIDIA H200", "CPU")
    study = data(*(trial(n, 0.8, attributes={"device": device, "threads": 1}) for n, device in enumerate(devices)))
    words = Page(report_page([study], is_interactive=False)).words
    assert "Not the same in all trials: device." in words
    assert "NVIDIA H200 (2 trials); CPU (1 trial)" in words


def test_several_studies_are_compared_before_each_is_shown(trial: MakeTrial, data: MakeData) -> None:
    first = data(trial(0, 0.8, role="baseline"), name="first")
    studies = [first, replace(data(trial(0, 0.9), name="second"), study_id=2)]
    page = Page(report_page(studies, is_interactive=False))
    assert [a["id"] for a in page.all("figure")][:2] == ["compared-families", "compared-depths"]
    ids = {attributes.get("id") for _, attributes in page.elements}
    links = [a["href"] for a in page.all("a")]
    assert links[1:] == ["#compared", "#study-1", "#study-2", "#study-1", "#study-2"]
    assert {(link or "")[1:] for link in links} <= ids


def test_the_page_of_a_study_loads_its_scripts_from_the_server_and_leads_on(study: StudyData) -> None:
    page = Page(study_page(study))
    assert [a["src"] for a in page.all("script") if "src" in a] == [
        "/vsearch/static/plotly.min.js",
        "/vsearch/static/vsearch.js",
    ]
    assert page.all("link")[1] == {"rel": "stylesheet", "href": "/vsearch/static/vsearch.css"}
    links = [a["href"] for a in page.all("a")]
    assert links == ["#main", "/vsearch/", "/vsearch/workers", "/dashboard/", "/dashboard/studies/1"]
    assert "82.00 %" in page.words


def test_only_pages_of_what_goes_on_refresh_themselves(study: StudyData, data: MakeData, trial: MakeTrial) -> None:
    assert 'http-equiv="refresh" content="60"' in study_page(study)
    assert 'data-refresh="60"' in study_page(study)
    assert "refresh" not in study_page(data(trial(0, 0.8, role="baseline"), trials=1))


def _overview(data: StudyData) -> Overview:
    return Overview(data.name, "open", data.spec.trials, 1, 13, 1, 1, 0, 0.82, 12, 0)


def test_the_overview_lists_every_study_with_the_ways_to_it(study: StudyData) -> None:
    rows = [
        _overview(study),
        _overview(study)._replace(name="broken"),
        _overview(study)._replace(name="of someone else", state="foreign", trials=0, best=None),
    ]
    page = Page(overview_page([study], rows))
    links = [a["href"] for a in page.all("a")]
    assert links[4:] == [f"/vsearch/studies/{study.name}", "/dashboard/studies/1"]
    words = page.words
    assert f"{study.name} open 82.00 % +2.00 +" in words
    assert "14 of 20, 1 running triangle for resnet32 on cifar10 in Optuna" in words
    assert "broken damaged 82.00 % - - - 14 of 20, 1 running" in words
    assert "of someone else foreign" in words
    assert page.all("figure") == []
    empty = Page(overview_page([], []))
    assert "There is no study yet." in empty.words
    assert empty.all("table") == []


def test_the_fleet_is_told_in_numbers_and_in_words_when_it_is_empty() -> None:
    working = WorkerView("w1", "gpu1", "NVIDIA H200", "working", ("a",), (3, 4), (5, 6), 1000.4, 12.0, 2.0, 3700.0)
    silent = WorkerView("w2", "gpu2", "cpu", "silent", (), (), (), 0.0, None, 500.0, 900.0)
    words = Page(workers_page([working, silent])).words
    assert "2 workers, 1000 images per second together; 1 worker without a sign of life." in words
    assert (
        "w1 gpu1 NVIDIA H200 working a: trial 3 at epoch 5, trial 4 at epoch 6 1000 12 s ago 2 s ago 1 h 1 min" in words
    )
    assert "w2 gpu2 cpu silent nothing - - 8 min 20 s ago 15 min 0 s" in words
    empty = Page(workers_page([]))
    assert "No worker runs." in empty.words
    assert empty.all("table") == []
