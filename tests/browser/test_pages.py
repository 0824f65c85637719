"""Our pages beside the dashboard, and reports as files, in a real browser: wide, narrow, without scripts, by keys."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.browser.conftest import Visit

Begin = Callable[..., "Visit"]
FIGURES = ["curves", "positions", "progress", "rungs", "learning"]
PHONE = 360


def draw_all(visit: "Visit") -> list[str]:
    """Bring every figure of the page into view; the names of those that Plotly has drawn."""
    figures = visit.page.locator("figure.figure")
    for number in range(figures.count()):
        figures.nth(number).scroll_into_view_if_needed()
        figures.nth(number).locator(".main-svg").first.wait_for()
    names: list[str] = visit.page.eval_on_selector_all(".js-plotly-plot", "boxes => boxes.map(b => b.layout.meta.name)")
    return names


def is_too_wide(visit: "Visit") -> bool:
    """Whether the page as a whole must be moved sideways to be read."""
    return bool(visit.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.fixture(scope="session")
def report(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of three studies, made by the command."""
    target = tmp_path_factory.mktemp("report") / "report.html"
    environ = {key: value for key, value in os.environ.items() if not key.startswith("VSEARCH_")}
    subprocess.run(
        [sys.executable, "-m", "vsearch", "report", "peak", "slope", "deep", "-o", str(target)],
        env=environ | {"VSEARCH_HOME": str(home)},
        check=True,
        timeout=300,
    )
    return target


@pytest.mark.parametrize("width", [1280, PHONE])
def test_a_studys_page_has_all_figures_at_any_width(served: str, visit: Begin, width: int) -> None:
    opened = visit(width=width)
    opened.page.goto(f"{served}/vsearch/studies/peak")
    assert draw_all(opened) == FIGURES
    assert not is_too_wide(opened)
    assert opened.errors == []
    assert opened.strangers(served.removeprefix("http://")) == []


def test_the_overview_compares_families_and_depths_and_leads_to_studies_and_back(served: str, visit: Begin) -> None:
    opened = visit()
    opened.page.goto(f"{served}/vsearch/")
    assert draw_all(opened) == ["families", "depths"]
    opened.page.get_by_role("link", name="slope", exact=True).click()
    opened.page.wait_for_url(f"{served}/vsearch/studies/slope")
    opened.page.get_by_role("link", name="This study in the Optuna dashboard").click()
    opened.page.wait_for_url(f"{served}/dashboard/studies/2")
    opened.page.get_by_text("slope (id=2)").wait_for()
    opened.page.goto(f"{served}/vsearch/")
    opened.page.get_by_role("link", name="Workers").click()
    opened.page.wait_for_url(f"{served}/vsearch/workers")
    assert opened.errors == []


def test_a_report_needs_no_network_and_has_the_figures_of_all_its_studies(report: Path, visit: Begin) -> None:
    opened = visit()
    opened.page.context.set_offline(True)
    opened.page.goto(report.as_uri())
    assert draw_all(opened) == ["families", "depths", *FIGURES * 3]
    assert opened.strangers() == []
    assert opened.errors == []


def test_a_report_can_be_read_on_a_phone(report: Path, visit: Begin) -> None:
    opened = visit(width=PHONE, height=740)
    opened.page.goto(report.as_uri())
    draw_all(opened)
    assert not is_too_wide(opened)


def test_without_scripts_every_figure_is_a_picture_with_words(report: Path, visit: Begin) -> None:
    opened = visit(java_script_enabled=False)
    opened.page.goto(report.as_uri())
    pictures = opened.page.locator("figure.figure img")
    assert pictures.count() == 17
    for number in range(pictures.count()):
        assert len(pictures.nth(number).get_attribute("alt") or "") > 40
        assert pictures.nth(number).is_visible()


def test_on_paper_the_pictures_stand_in_place_of_the_live_figures(report: Path, visit: Begin) -> None:
    opened = visit()
    opened.page.goto(report.as_uri())
    draw_all(opened)
    opened.page.emulate_media(media="print")
    figure = opened.page.locator("figure.figure").first
    assert figure.locator("img").is_visible()
    assert not figure.locator(".main-svg").first.is_visible()
    assert not figure.locator("details").is_visible()  # nobody opens it there
    assert opened.page.pdf(format="A4").startswith(b"%PDF")


def test_on_paper_a_curve_takes_a_few_lines_of_its_table(report: Path, visit: Begin) -> None:
    opened = visit(width=703)  # A4 without its margins
    opened.page.goto(report.as_uri())
    opened.page.emulate_media(media="print")
    cells = opened.page.locator("article td.text")
    heights = [box["height"] for cell in cells.all() if (box := cell.bounding_box()) is not None]
    assert heights
    assert max(heights) < 60
    assert not is_too_wide(opened)


def test_wide_pages_have_two_panels_in_a_row_and_narrow_ones_a_column(report: Path, visit: Begin) -> None:
    places = {}
    for width in (1280, 520):
        opened = visit(width=width)
        opened.page.goto(report.as_uri())
        draw_all(opened)
        boxes = opened.page.locator("figure").first.locator(".nsewdrag").all()
        found = [box.bounding_box() for box in boxes]
        places[width] = {(round(box["x"]), round(box["y"])) for box in found if box is not None}
    assert {len({x for x, _ in places[width]}) for width in places} == {1, 2}
    assert len({y for _, y in places[520]}) == 2


def test_by_keys_one_gets_past_the_navigation_and_opens_the_numbers(served: str, visit: Begin) -> None:
    opened = visit()
    opened.page.goto(f"{served}/vsearch/studies/peak")
    opened.page.keyboard.press("Tab")
    assert opened.page.evaluate("document.activeElement.getAttribute('href')").startswith("#")
    opened.page.keyboard.press("Enter")
    for _ in range(40):
        opened.page.keyboard.press("Tab")
        if opened.page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    opened.page.keyboard.press("Enter")
    assert opened.page.locator("details[open]").count() >= 1
