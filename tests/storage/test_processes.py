"""Many real processes on one database."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from vsearch.storage import Storage


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'studies.db'}"


def test_eight_processes_start_at_once_on_an_empty_database(
    all_workers: Callable[..., list[Any]], database_url: str
) -> None:
    assert all_workers("names", database_url) == [[]] * 8


@pytest.mark.parametrize("attempt", range(10))
def test_thirty_two_processes_start_at_once_on_an_empty_database(postgres_url: str, attempt: int) -> None:
    crowd = [sys.executable, str(Path(__file__).with_name("crowd.py")), "32", postgres_url]
    done = subprocess.run(crowd, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_eight_processes_lose_no_trial_and_run_none_twice(
    all_workers: Callable[..., list[Any]], sqlite_url: str, opener: Callable[..., Storage]
) -> None:
    storage = opener(sqlite_url)
    study = optuna.create_study(storage=storage, study_name="shared", direction="maximize")
    for ticket in range(60):
        study.enqueue_trial({"x": ticket / 100}, user_attrs={"ticket": ticket})

    done = [trial for answer in all_workers("trials", sqlite_url, "shared", 25, 2) for trial in answer]

    assert Counter(number for number, _ in done) == Counter(range(200))
    assert Counter(ticket for _, ticket in done if ticket is not None) == Counter(range(60))
    assert Counter(trial.state for trial in study.trials) == {TrialState.COMPLETE: 200}
    assert all(list(trial.intermediate_values) == [0, 1] for trial in study.trials)


def test_a_budget_under_the_lock_is_never_overshot(
    all_workers: Callable[..., list[Any]], database_url: str, opener: Callable[..., Storage]
) -> None:
    storage = opener(database_url)
    study = optuna.create_study(storage=storage, study_name="limited")

    created = all_workers("budget", database_url, "limited", 40)

    assert sum(created) == 40
    assert sum(storage.tally(study._study_id)) == 40
