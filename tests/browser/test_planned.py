"""A confirmation in a real browser: its page, the way to its search and back, and its figures in Optuna's dashboard."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from optuna.trial import TrialState

from tests.browser.conftest import simulate
from vsearch.confirmation.plan import FullTraining, confirmation_spec
from vsearch.curves import Triangle
from vsearch.reports.pictures import Painter
from vsearch.search import attributes
from vsearch.search.claims import claim_trial
from vsearch.search.stored import StoredStudy, create_study
from vsearch.spec import StudySpec
from vsearch.storage import open_storage

if TYPE_CHECKING:
    from tests.browser.conftest import Visit

Begin = Callable[..., "Visit"]
FIGURES = ["forest", "pairs", "scales", "learning"]
LABEL = "trial <b>7</b> & co"


def tell(study: StoredStudy) -> None:
    """End all its trainings with accuracies in which the candidate beats all others."""
    while (claim := claim_trial(study, "told")) is not None:
        attrs = study.storage.get_trial(claim.trial_id).user_attrs
        label, pair = attrs[attributes.LABEL], attrs[attributes.PAIR]
        value = 0.6 + 0.01 * pair + 0.02 * (label == LABEL) + 0.0003 * ((3 * pair + len(label)) % 5)
        for epoch in range(1, study.spec.epochs + 1):
            claim.trial.report(value * epoch / study.spec.epochs, epoch)
        said = {attributes.REASON: "finished", attributes.ACCURACIES: [value], attributes.DEVICE: "told"}
        study.storage.end_trial(claim.trial_id, TrialState.COMPLETE, value, "finished", "", said)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard of a search and its confirmation."""
    folder = tmp_path_factory.mktemp("confirmed")
    storage = open_storage(f"sqlite:///{folder / 'vsearch.db'}")
    search = create_study(
        storage, StudySpec(("triangle",), name="peak", depth=20, epochs=8, first_rung=2, sampler="random", trials=6)
    )
    simulate(search, 6)
    chosen = [(LABEL, Triangle(peak=1.4, floor=0.8))]
    planned = create_study(storage, confirmation_spec(search.spec, chosen, seeds=4, training=FullTraining(epochs=4)))
    tell(planned)
    for study in (planned, search):
        Painter("painter").draw(study)
    storage.close()
    yield from _served(folder)


def _served(folder: Path) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "vsearch", "dashboard", "--port", "0"],
        env={"PATH": "/usr/bin:/bin", "VSEARCH_HOME": str(folder)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    found = next(filter(None, (re.search(r"http://127\.0\.0\.1:\d+", line) for line in process.stderr)))
    yield found[0]
    process.send_signal(signal.SIGTERM)
    process.communicate()


@pytest.mark.parametrize("width", [1400, 390])
def test_the_page_has_the_verdict_and_all_figures_at_any_width(address: str, visit: Begin, width: int) -> None:
    opened = visit(width=width)
    opened.page.goto(f"{address}/vsearch/studies/peak-confirmation")
    assert opened.page.locator(".best").inner_text().startswith(f"Confirmed: {LABEL}, Triangle(")
    figures = opened.page.locator("figure.figure")
    for number in range(figures.count()):
        figures.nth(number).scroll_into_view_if_needed()
        figures.nth(number).locator(".main-svg").first.wait_for()
    names = opened.page.eval_on_selector_all(".js-plotly-plot", "boxes => boxes.map(b => b.layout.meta.name)")
    assert names == FIGURES
    assert not opened.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert "trial <b>7</b>" in opened.page.locator("figure").first.inner_text()  # a label is no markup
    assert opened.errors == []
    assert opened.strangers(address.removeprefix("http://")) == []


def test_one_gets_from_the_search_to_its_confirmation_and_back(address: str, visit: Begin) -> None:
    opened = visit()
    opened.page.goto(f"{address}/vsearch/studies/peak")
    opened.page.get_by_role("link", name="peak-confirmation", exact=True).click()
    opened.page.wait_for_url(f"{address}/vsearch/studies/peak-confirmation")
    opened.page.get_by_role("link", name="peak", exact=True).click()
    opened.page.wait_for_url(f"{address}/vsearch/studies/peak")


def test_the_overview_lists_what_stands_apart_from_searches(address: str, visit: Begin) -> None:
    opened = visit(width=1400)
    opened.page.goto(f"{address}/vsearch/")
    row = opened.page.get_by_role("region", name="Planned studies").locator("tbody tr")
    assert row.count() == 1
    assert "confirmed" in row.inner_text()
    assert opened.page.get_by_role("region", name="Studies", exact=True).locator("tbody tr").count() == 1


def test_optunas_dashboard_shows_its_figures_and_complains_of_nothing(address: str, visit: Begin) -> None:
    opened = visit(height=3200)
    opened.page.goto(f"{address}/dashboard/studies/2")
    ours = "[id^='user-defined-plot:vsearch-']"
    is_drawn = "selector => document.querySelectorAll(selector + ' .main-svg').length >= 8"
    opened.page.wait_for_function(is_drawn, arg=ours)
    found = opened.page.eval_on_selector_all(ours, "boxes => boxes.map(box => box.layout.meta.name)")
    assert found == FIGURES
    assert opened.page.get_by_text("Failed to load").count() == 0
    assert opened.errors == []


def test_the_note_of_the_search_leads_to_the_confirmation(address: str, visit: Begin) -> None:
    opened = visit()
    opened.page.goto(f"{address}/dashboard/studies/1/note")
    opened.page.get_by_role("link", name="peak-confirmation").click()
    opened.page.wait_for_url(f"{address}/vsearch/studies/peak-confirmation")
