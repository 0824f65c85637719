"""Seconds and bytes of a study's figures, and how long a browser needs for its dashboard, beside Optuna's own.

    python benchmarks/figures.py >> benchmarks/RESULTS.md        # with Chromium on the machine, also the dashboard
    python benchmarks/figures.py --trials 1000 --no-browser

Claim: the figures of a study of 5,000 trials are gathered and described in less than 2 s and 200 kB, and the dashboard
opens such a study as fast as plain optuna-dashboard does (RESULTS.md has the figures of our machine).

A study gets its trials by a law in place of a training (the nearer to a triangle, the better, with luck), pruned by
halving, on SQLite. `read` is what a process reads that knows nothing of the study; each figure is gathered from that
and described for Plotly as it is stored. The dashboard is opened in a headless Chromium, in turns: optuna-dashboard's
own server on the same file without our figures, and `vsearch dashboard`; the time runs from the address to the last
of the page's plots.
"""

import argparse
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from math import exp
from pathlib import Path
from random import Random
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import optuna
from optuna.trial import TrialState, create_trial

from vsearch.reports.drawing.plotly_chart import figure_json
from vsearch.reports.figures import SEARCH_FIGURES
from vsearch.reports.pictures import Painter
from vsearch.reports.study_data import study_data
from vsearch.search import attributes
from vsearch.search.claims import scales_key
from vsearch.search.space import family_space
from vsearch.search.stored import StoredStudy, create_study, open_study
from vsearch.spec import StudySpec
from vsearch.storage import open_storage

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE_SECONDS = 300
PLAIN = "optuna-dashboard, without figures"
OPTUNAS_PLOTS = 4
"""On the page of a study: history, importance, timeline, intermediate values. Ours are as many more as there are."""


def add_trials(study: StoredStudy, number: int, seed: int = 0) -> None:
    """Add so many ended trials to a study, whose accuracies follow a law with luck."""
    luck, spec = Random(seed), study.spec
    family = spec.families[0]
    space = family_space(spec, family)
    begun = datetime.now() - timedelta(days=2)
    for index in range(number):
        params = {name: _drawn(distribution, luck) for name, distribution in space.items()}
        curve = spec.build_curve(family, {name.rpartition(".")[2]: value for name, value in params.items()})
        scales = curve.scales(spec.num_blocks)
        level = 0.85 + 0.05 * (max(scales) - min(scales)) + luck.gauss(0, 0.01)
        kept = next((rung for rung in spec.rungs if luck.random() < 0.5), spec.epochs)
        epochs = [level * (1 - exp(-epoch / 3)) + luck.gauss(0, 0.004) for epoch in range(1, kept + 1)]
        is_whole = kept == spec.epochs
        attrs: dict[str, Any] = {
            attributes.ROLE: "search",
            attributes.CURVE: curve.to_dict(),
            attributes.SCALES: [round(scale, 6) for scale in scales],
            attributes.SCALES_KEY: scales_key(scales),
            attributes.SEEDS: [1],
            attributes.ACCURACIES: [epochs[-1]],
            attributes.REASON: "finished" if is_whole else "pruned",
            attributes.SECONDS: 30.0 * kept,
            attributes.DEVICE: "simulated",
            attributes.TRAIN_LOSSES: [round(1 - accuracy, 5) for accuracy in epochs],
            attributes.VALIDATION_LOSSES: [round(1.1 - accuracy, 5) for accuracy in epochs],
        }
        ended = create_trial(
            state=TrialState.COMPLETE if is_whole else TrialState.PRUNED,
            value=epochs[-1] if is_whole else None,
            params=params,
            distributions=space,
            user_attrs=attrs,
            intermediate_values=dict(enumerate(epochs, start=1)),
        )
        ended.datetime_start = begun + timedelta(seconds=30 * index)
        ended.datetime_complete = ended.datetime_start + timedelta(seconds=25 * kept)
        study.storage.create_new_trial(study.study_id, template_trial=ended)


def _drawn(distribution: optuna.distributions.BaseDistribution, luck: Random) -> Any:
    if isinstance(distribution, optuna.distributions.CategoricalDistribution):
        return luck.choice(distribution.choices)
    assert isinstance(distribution, optuna.distributions.FloatDistribution)
    return luck.uniform(distribution.low, distribution.high)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """The seconds that something takes, and what it gives."""
    begun = time.perf_counter()
    result = work()
    return time.perf_counter() - begun, result


def report_figures(url: str, name: str, repeat: int) -> None:
    """Print the seconds and bytes of each figure, the median over repetitions; imports are done before."""
    rows: dict[str, list[tuple[float, int]]] = {}
    for round_number in range(repeat + 1):
        storage = open_storage(url)
        seconds, data = timed(lambda: study_data(open_study(storage, name)))  # noqa: B023
        found = {"read": (seconds, 0)}
        for figure, chart in SEARCH_FIGURES.items():
            seconds, text = timed(lambda: figure_json(chart(data)))  # noqa: B023
            found[figure] = (seconds, len(text))
        found["all figures"] = (
            sum(found[key][0] for key in SEARCH_FIGURES),
            sum(found[key][1] for key in SEARCH_FIGURES),
        )
        painting = Painter("benchmark")
        found["read, draw and write, with notes"] = (timed(lambda: painting.draw(open_study(storage, name)))[0], 0)  # noqa: B023
        if round_number:  # the first imports
            for key, value in found.items():
                rows.setdefault(key, []).append(value)
        storage.close()
    print("| part | seconds (min / median / max) | kB |\n| --- | --- | --- |")
    for key, values in rows.items():
        size = f"{statistics.median(size for _, size in values) / 1000:.1f}" if values[0][1] else ""
        print(f"| {key} | {_spread([seconds for seconds, _ in values])} | {size} |")


def report_dashboards(folder: Path, repeat: int, study_id: int) -> None:
    """Print how long a browser needs until the study's page has all its plots, served in both ways."""
    from playwright.sync_api import sync_playwright

    plain = folder / "plain.db"
    shutil.copy(folder / "vsearch.db", plain)
    _take_down(plain)
    environ = os.environ | {"VSEARCH_HOME": str(folder)}
    times: dict[str, list[float]] = {}
    plots: dict[str, int] = {}
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        found = next(filter(None, map(shutil.which, BROWSERS)), None) or own
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        browser = playwright.chromium.launch(executable_path=found, args=flags)
        arms = {
            PLAIN: [
                str(Path(sys.executable).with_name("optuna-dashboard")),
                f"sqlite:///{plain}",
                "--port",
            ],
            "vsearch dashboard": [sys.executable, "-m", "vsearch", "dashboard", "--port"],
        }
        for _ in range(repeat):
            for arm, command in arms.items():
                plots[arm] = OPTUNAS_PLOTS + len(SEARCH_FIGURES) * (arm != PLAIN)
                with _served(command, environ) as address:
                    seconds = _until_drawn(browser, f"{address}/dashboard/studies/{study_id}", plots[arm])
                times.setdefault(arm, []).append(seconds)
        browser.close()
    print("\n| served by | plots on the page | seconds until all stand (min / median / max) |\n| --- | --- | --- |")
    for arm, values in times.items():
        print(f"| {arm} | {plots[arm]} | {_spread(values)} |")


def _take_down(database: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(database)
    connection.execute("DELETE FROM study_system_attributes")
    connection.commit()
    connection.close()


@contextmanager
def _served(command: list[str], environ: dict[str, str]) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([*command, str(port)], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                urlopen(f"http://127.0.0.1:{port}/api/meta", timeout=5).close()
                break
            except (URLError, ConnectionError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _until_drawn(browser: Any, address: str, plots: int) -> float:
    """The seconds until so many plots stand and none was drawn on for two seconds, without those two.

    Raises:
        TimeoutError: that did not come about.
    """
    page = browser.new_page(viewport={"width": 1280, "height": 3000})
    begun = time.perf_counter()
    page.goto(address)
    count, changed = 0, begun
    while time.perf_counter() < begun + PATIENCE_SECONDS:
        found = page.locator(".main-svg .plot, .main-svg .barlayer .trace").count()
        if found != count:
            count, changed = found, time.perf_counter()
        if time.perf_counter() > changed + 2 and page.locator(".js-plotly-plot").count() >= plots:
            page.close()
            return changed - begun
        page.wait_for_timeout(50)
    raise TimeoutError(f"{address} has not {plots} plots after {PATIENCE_SECONDS} s")


def _spread(values: list[float]) -> str:
    return f"{min(values):.2f} / {statistics.median(values):.2f} / {max(values):.2f}"


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=5000, help="of the study")
    parser.add_argument("--repeat", type=int, default=3, help="times that everything is measured")
    parser.add_argument("--no-browser", action="store_true", help="only the figures")
    parser.add_argument("--folder", type=Path, help="where the SQLite file goes: the disk matters")
    arguments = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    print(f"{datetime.now(UTC):%Y-%m-%d}: {machine}; Python {platform.python_version()}, optuna {optuna.__version__}")
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'vsearch.db'}"
        storage = open_storage(url)
        spec = StudySpec(("triangle",), name="large", dataset="cifar10", epochs=16, trials=arguments.trials)
        study = create_study(storage, spec)
        add_trials(study, arguments.trials)
        storage.close()
        print(
            f"\nA study of {arguments.trials} trials of up to 16 epochs, ResNet-32, SQLite; n = {arguments.repeat}.\n"
        )
        report_figures(url, spec.name, arguments.repeat)
        if not arguments.no_browser:
            report_dashboards(folder, arguments.repeat, study.study_id)


if __name__ == "__main__":
    main()
