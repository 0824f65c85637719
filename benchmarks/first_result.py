"""Seconds from `vsearch study run` to the first epoch that anyone can see, on the digits that come with scikit-learn.

    python benchmarks/first_result.py >> benchmarks/RESULTS.md

Each run is the real command in an empty home folder. This process, which has loaded everything before, looks into the
database about twenty times a second (1.2 ms each), so that the command has nearly the whole machine; then it stops the
command with Ctrl-C. The first run may find files that the system has not read yet, so it is told apart.

The parts add up to the whole: until the study is stored; until a worker has loaded torch and says that it is there;
until it has loaded the images and claimed a trial; until that trial's first epoch is reported. The second and the
third are times that the database noted, the others those of the look that saw it.
"""

import argparse
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

import optuna
import torch

from vsearch import study
from vsearch.errors import VsearchError
from vsearch.settings import Settings, inherited_environment, resolve
from vsearch.study import Study
from vsearch.worker.fleet import core_count
from vsearch.worker.workplace import commit, cpu_name

NAME = "first"
LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 120.0


class Parts(NamedTuple):
    """Seconds of each part of one run."""

    study: float
    """Until the study is stored."""
    worker: float
    """Until a worker has loaded torch."""
    claim: float
    """Until it has loaded the images and claimed a trial."""
    epoch: float
    """Until the first epoch is reported."""

    @property
    def total(self) -> float:
        """From the start of the command to the first reported epoch."""
        return sum(self)


WORDS = {
    "study": "the study is stored",
    "worker": "a worker has loaded torch",
    "claim": "images loaded, trial claimed",
    "epoch": "first epoch reported",
}


def measure(depth: int) -> Parts:
    """One run in a fresh home folder."""
    with tempfile.TemporaryDirectory(prefix="vsearch-first-") as folder:
        environ = {name: value for name, value in inherited_environment().items() if not name.startswith("VSEARCH_")}
        environ |= {"VSEARCH_HOME": folder}
        begun = time.time()
        with _running(depth, environ) as process:
            return _watch(process, resolve(environ=environ), begun)


@contextmanager
def _running(depth: int, environ: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The command, which is stopped at the end as by Ctrl-C."""
    what = ["--family", "triangle", "--depth", str(depth), "--dataset", "digits", "--name", NAME]
    process = subprocess.Popen(
        [sys.executable, "-m", "vsearch", "study", "run", *what],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A shell makes what it starts in the background deaf to Ctrl-C, and that is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _watch(process: subprocess.Popen[str], settings: Settings, begun: float) -> Parts:
    """The parts of a run that began then; times are seconds since 1970, as those of the database on this machine."""
    found, stored = None, 0.0
    while time.time() < begun + PATIENCE_SECONDS:
        time.sleep(LOOK_SECONDS)
        if process.poll() is not None:
            raise SystemExit(f"the command ended with {process.returncode}: {process.communicate()[0]}")
        if found is None:
            found, stored = _study(settings), time.time()
        elif (number := _first_reported(found)) is not None:
            reported, attempt = time.time(), found.attempts(number)[0]
            alive = {row.worker: row.seconds_alive for row in found.stored.storage.workers()}
            entered = time.time() - alive[attempt.worker]
            return Parts(stored - begun, entered - stored, attempt.started - entered, reported - attempt.started)
    raise SystemExit(f"no epoch was reported within {PATIENCE_SECONDS:.0f} s")


def _first_reported(found: Study) -> int | None:
    return next((trial.number for trial in found.trials() if trial.learning_curve), None)


def _study(settings: Settings) -> Study | None:
    try:
        return study.open_study(NAME, settings)
    except VsearchError:
        return None


def table(runs: Sequence[Parts]) -> list[str]:
    """The rows: each part, and all together."""
    lines = ["| until | seconds (min / median / max) | first run |", "| --- | --- | --- |"]
    lines += [_row(words, [getattr(run, part) for run in runs]) for part, words in WORDS.items()]
    return [*lines, _row("all", [run.total for run in runs])]


def _row(name: str, seconds: Sequence[float]) -> str:
    low, high = min(seconds), max(seconds)
    return f"| {name} | {low:.2f} / {statistics.median(seconds):.2f} / {high:.2f} | {seconds[0]:.2f} |"


def heading(depth: int, runs: int) -> str:
    """What a reader needs to judge the table."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}: {cpu_name()}, {core_count()} cores, load before {os.getloadavg()[0]:.1f}; "
        f"ResNet-{depth} on digits, n = {runs}; torch {torch.__version__}, optuna {optuna.__version__}, "
        f"Python {platform.python_version()}, {platform.system()}. At {(commit() or 'an installed vsearch')[:7]}.\n"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--depth", type=int, default=32, help="of the network, 6n + 2")
    given = parser.parse_args(arguments)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    print(heading(given.depth, given.runs), flush=True)
    print("\n".join(table([measure(given.depth) for _ in range(given.runs)])))


if __name__ == "__main__":
    main()
