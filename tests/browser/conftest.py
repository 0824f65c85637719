"""A real browser, real studies for it to show, and a dashboard that serves them."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from math import exp
from pathlib import Path
from random import Random
from statistics import correlation

import pytest
from optuna.trial import TrialState
from playwright.sync_api import Browser, Page, Request, sync_playwright

from vsearch.reports.pictures import Painter
from vsearch.search import attributes
from vsearch.search.claims import claim_trial
from vsearch.search.stored import StoredStudy, create_study
from vsearch.spec import StudySpec
from vsearch.storage import open_storage

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
ALONE = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-sync", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
)
"""So that it works as root and in a container, and asks for nothing by itself."""
HOW = "apt-get install chromium, or python -m playwright install chromium; or name one in VSEARCH_TEST_BROWSER"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium of this machine."""
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        found = os.environ.get("VSEARCH_TEST_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
        if found is None and not Path(own).exists():
            pytest.skip(f"no Chromium is here: {HOW}")
        opened = playwright.chromium.launch(executable_path=found or own, args=list(ALONE))
        yield opened
        opened.close()


class Visit:
    """A page of the browser, with what it asked the network for and what went wrong in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.errors: list[str] = []
        page.on("request", self._note)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda told: self.errors.append(told.text) if told.type == "error" else None)

    def _note(self, request: Request) -> None:
        self.requests.append(request.url)

    def strangers(self, *hosts: str) -> list[str]:
        """The requests that went to anybody else."""
        known = tuple(f"http://{host}" for host in hosts)
        return [url for url in self.requests if not url.startswith((*known, "data:", "blob:", "file:"))]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """`visit(width=…, height=…)`: an empty page of that size."""
    contexts = []

    def begin(width: int = 1280, height: int = 1000, **settings: bool) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": height}, **settings)  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(120_000)
        return Visit(context.new_page())

    yield begin
    for context in contexts:
        context.close()


def simulate(study: StoredStudy, trials: int, seed: int = 0) -> None:
    """Let a study have its trials by a law in place of a training: the nearer to a triangle, the better, with luck."""
    luck, blocks = Random(seed), study.spec.num_blocks
    ideal = [1 - abs(2 * block / (blocks - 1) - 1) for block in range(blocks)]
    for _ in range(trials):
        claim = claim_trial(study, "simulated")
        assert claim is not None
        is_flat = max(claim.scales) == min(claim.scales)
        level = 0.6 + (0.0 if is_flat else 0.05 * correlation(claim.scales, ideal)) + luck.gauss(0, 0.01)
        state, last = TrialState.COMPLETE, 0.0
        for epoch in range(1, study.spec.epochs + 1):
            last = level * (1 - exp(-epoch / 2)) + luck.gauss(0, 0.005)
            claim.trial.report(last, epoch)
            if claim.role == "search" and claim.trial.should_prune():
                state = TrialState.PRUNED
                break
        reason = "pruned" if state == TrialState.PRUNED else "finished"
        attrs = {attributes.REASON: reason, attributes.SECONDS: 10.0, attributes.DEVICE: "simulated"}
        attrs |= {attributes.ACCURACIES: [last]}
        value = last if state == TrialState.COMPLETE else None
        study.storage.end_trial(claim.trial_id, state, value, reason, "", attrs)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a storage with three studies whose pictures are drawn: two families, two depths."""
    folder = tmp_path_factory.mktemp("home")
    storage = open_storage(f"sqlite:///{folder / 'vsearch.db'}")
    plain = {"dataset": "cifar10", "epochs": 8, "first_rung": 2, "sampler": "random"}
    for name, family, depth, trials in (
        ("peak", "triangle", 32, 24),
        ("slope", "ramp", 32, 12),
        ("deep", "ramp", 56, 5),
    ):
        study = create_study(storage, StudySpec((family,), name=name, depth=depth, trials=trials, **plain))  # type: ignore[arg-type]
        simulate(study, trials)
        Painter("painter").draw(study)
    storage.close()
    return folder


@pytest.fixture(scope="session")
def served(home: Path) -> Iterator[str]:
    """The address of a dashboard of these studies, such as `http://127.0.0.1:12345`."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("VSEARCH_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "vsearch", "dashboard", "--port", "0"],
        env=environ | {"VSEARCH_HOME": str(home)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    found = None
    for line in process.stderr:
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found:
            break
    assert found is not None
    yield found[0]
    process.send_signal(signal.SIGTERM)
    process.communicate()
