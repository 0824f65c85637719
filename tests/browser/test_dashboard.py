"""Optuna's dashboard of a study in a real browser: our figures and notes are there, and nothing else is fetched."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.browser.conftest import Visit

Begin = Callable[..., "Visit"]
OURS = "[id^='user-defined-plot:vsearch-']"
TRACES = """
boxes => boxes.map(box => ({id: box.id.split("-").slice(4).join("-"), title: box.layout.title.text,
    names: box.data.map(trace => trace.name || ""), alternative: box.layout.meta.alternative}))
"""


@pytest.fixture
def page(served: str, visit: Begin) -> "Visit":
    """The page of the study `peak`, with all its plots."""
    opened = visit(height=3200)
    opened.page.goto(f"{served}/dashboard/studies/1")
    is_drawn = "selector => document.querySelectorAll(selector + ' .main-svg').length >= 10"
    opened.page.wait_for_function(is_drawn, arg=OURS)
    return opened


def test_the_figures_are_on_the_page_in_their_order_with_their_traces(page: "Visit") -> None:
    found = page.page.eval_on_selector_all(OURS, TRACES)
    assert [figure["id"] for figure in found] == ["curves", "positions", "progress", "rungs", "learning"]
    curves, _, progress, _, learning = found
    assert curves["title"].startswith("Curves: best ")
    assert any(name.startswith("best: trial ") for name in curves["names"])
    assert any("paper" in name for name in curves["names"])
    assert {"pruned", "finished", "best so far"} <= set(progress["names"])
    assert any(name.startswith("baseline") for name in learning["names"])
    assert all(len(figure["alternative"]) > 40 for figure in found)


def test_a_pointer_on_a_curve_tells_its_trial(page: "Visit") -> None:
    box = page.page.locator(f"{OURS}").first
    box.scroll_into_view_if_needed()
    area = box.locator(".nsewdrag").first.bounding_box()
    assert area is not None
    texts = ""
    for step in range(2, 40):  # along the middle of the picture until a line is met
        page.page.mouse.move(area["x"] + area["width"] / 2, area["y"] + area["height"] * step / 40)
        page.page.wait_for_timeout(60)
        texts = " ".join(box.locator(".hoverlayer text").all_text_contents())
        if "trial" in texts:
            break
    assert "trial" in texts
    assert "%" in texts


def test_nothing_is_fetched_from_another_host_and_no_script_fails(page: "Visit", served: str) -> None:
    assert page.requests
    assert page.strangers(served.removeprefix("http://")) == []
    assert page.errors == []


def test_the_note_tells_the_best_curve_and_leads_to_our_page(served: str, visit: Begin) -> None:
    opened = visit()
    opened.page.goto(f"{served}/dashboard/studies/1/note")
    link = opened.page.get_by_role("link", name="figures and comparisons")
    link.wait_for()
    body = opened.page.inner_text("body")
    assert "Which triangle curve beats the plain ResNet-32 on CIFAR-10?" in body
    assert "Best so far" in body
    assert "▁" in body
    link.click()
    opened.page.wait_for_url(f"{served}/vsearch/studies/peak")
    assert opened.page.locator("h1").inner_text() == "peak"


def test_a_trials_note_shows_its_curve_and_why_it_ended(served: str, visit: Begin) -> None:
    opened = visit()
    opened.page.goto(f"{served}/dashboard/studies/1/trials?numbers=0")
    opened.page.get_by_text("It ended as finished").first.wait_for()
    body = opened.page.inner_text("body")
    assert "after 8 of 8 epochs" in body
    assert "▄" * 15 in body
