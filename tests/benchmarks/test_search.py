"""The benchmark of the storage's cost per trial runs, and measures studies of the size that it prints."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest

from vsearch.search.stored import create_study, open_study
from vsearch.spec.study import StudySpec
from vsearch.storage import open_storage

PHASES = ["claim", "report", "prune", "prune at a rung", "record", "tell"]
PARTS = ["see the spec again", "lock", "count states", "count equal curves", "one attribute", "sampler"]


def test_sqlite_is_measured_at_each_size(table: Callable[..., list[list[str]]], tmp_path: Path) -> None:
    """Every phase and every part of a claim has its line for 3 and for 6 trials, with positive times."""
    rows = table("search", "--storages", "sqlite", "--trials", "3", "6", "--rounds", "2", "--folder", str(tmp_path))
    for size in ("3", "6"):
        named = {row[1]: row for row in rows if row[0] == size}
        assert list(named)[: len(PHASES)] == PHASES
        assert list(named)[len(PHASES) :] == [*PARTS, "a claim after opening the study anew"]
        assert all(float(row[2].split()[0]) > 0 for row in named.values())
    assert not list(tmp_path.iterdir())


def test_a_given_postgresql_is_measured(table: Callable[..., list[list[str]]], postgres_url: str) -> None:
    """`--postgres URL` measures that database and starts no server."""
    rows = table("search", "--storages", "postgres", "--trials", "2", "--rounds", "1", "--postgres", postgres_url)
    assert [row[1] for row in rows if row[0] == "2"][: len(PHASES)] == PHASES


@pytest.mark.parametrize("size", [4, 11])
def test_copies_make_a_whole_study(module: Callable[[str], ModuleType], tmp_path: Path, size: int) -> None:
    """After `fill` the study has trials 0 … size - 1 with the attributes and values of real ones, and goes on."""
    search = module("search")
    storage = open_storage(f"sqlite:///{tmp_path / 'studies.db'}")
    study = create_study(storage, StudySpec(("triangle",), epochs=4, trials=100, name="filled"))
    for _ in range(4):
        study = search.vsearch_trial(study, defaultdict(list))
    search.fill(storage, size)
    trials = open_study(storage, "filled").optuna_study.get_trials()
    assert [trial.number for trial in trials] == list(range(size))
    for trial in trials:
        real = trials[trial.number % 4]
        assert trial.user_attrs == real.user_attrs
        assert trial.intermediate_values == real.intermediate_values
        assert (trial.params, trial.state, trial.value) == (real.params, real.state, real.value)
    search.vsearch_trial(open_study(storage, "filled"), defaultdict(list))
    assert sum(storage.tally(study.study_id)) == size + 1
    storage.close()


def test_plain_optuna_gets_a_copy(module: Callable[[str], ModuleType], tmp_path: Path) -> None:
    """On SQLite plain Optuna works on a copy in rollback mode; vsearch's own file keeps its trials and its mode."""
    search = module("search")
    url = f"sqlite:///{tmp_path / 'studies.db'}"
    storage = open_storage(url)
    spec = StudySpec(("triangle",), epochs=4, trials=100, name="copied")
    study = search.vsearch_trial(create_study(storage, spec), defaultdict(list))
    plain = search.plain_study(url, spec.name, spec, tmp_path)
    search.plain_trial(plain, spec, defaultdict(list))
    waiting = len(open_study(storage, "copied").optuna_study.get_trials())
    assert len(plain.get_trials()) in (waiting, waiting + 1)
    assert study.optuna_study.get_trials()[1].state.name == "WAITING"
    with closing(sqlite3.connect(tmp_path / "plain.db")) as copy:
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    with closing(sqlite3.connect(tmp_path / "studies.db")) as own:
        assert own.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    storage.close()
