"""The fleet benchmark runs: many workers that only call, beside plain Optuna, and the parts of one claim."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from vsearch.search.stored import open_study
from vsearch.storage import open_storage

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
Table = Callable[..., list[list[str]]]


def test_workers_of_both_kinds_are_counted(table: Table, postgres_url: str) -> None:
    """Each line has trials, times, at most two connections for each worker, and no errors."""
    arguments = ("--workers", "1", "3", "--stored", "6", "--seconds", "4", "--warm-up", "1", "--repeat", "1")
    heads, *rows = table("fleet", *arguments, "--postgres", postgres_url)
    assert [row[:3] for row in rows] == [[n, "6", arm] for n in ("1", "3") for arm in ("vsearch", "Optuna")]
    for row in rows:
        found = dict(zip(heads, row, strict=True))
        assert float(found["trials/s"].split()[0]) > 0
        assert 0 < float(found["ask p50"]) <= float(found["ask p95"])
        assert 0 < float(found["report + prune p50"]) <= float(found["report + prune p95"])
        assert found["connections per worker"] == ("2" if found["by"] == "vsearch" else "1")
        assert float(found["ms of worker per trial"]) > 0
        assert found["errors"] == "0"


def test_the_parts_of_a_claim_are_measured_at_each_size(table: Table, postgres_url: str) -> None:
    heads, *rows = table("fleet", "--claim-cost", "--stored", "4", "9", "--postgres", postgres_url)
    assert heads == ["part", "calls", "4", "9"]
    named = {row[0]: row[2:] for row in rows}
    assert {"lock: get and let go", "count trials by state", "take the lease", "new trial", "all"} <= set(named)
    for column in (0, 1):
        parts = sum(float(cells[column]) for part, cells in named.items() if not part.startswith("all"))
        assert parts == pytest.approx(float(named["all"][column]), abs=1)


def test_the_study_that_is_measured_looks_like_one_that_workers_made(postgres_url: str) -> None:
    """Also the copies have attributes, rungs, a lease and an attempt that ended; the next trial goes on from there."""
    code = "import sys; from fleet_parts.filled import Databases; print(Databases(sys.argv[1]).fresh(7))"
    done = subprocess.run(
        [sys.executable, "-c", code, postgres_url],
        cwd=BENCHMARKS,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    storage = open_storage(done.stdout.strip())
    study = open_study(storage, "fleet")
    trials = study.optuna_study.get_trials(deepcopy=False)
    assert [trial.number for trial in trials] == list(range(7))
    for trial in trials:
        assert {"curve", "scales_key", "seeds", "reason", "train_losses"} <= set(trial.user_attrs)
        assert "completed_rung_0" in trial.system_attrs
        assert [attempt.reason for attempt in storage.attempts(trial._trial_id)] == [trial.user_attrs["reason"]]
    assert storage.tally(study.study_id).done == 7
    storage.close()
