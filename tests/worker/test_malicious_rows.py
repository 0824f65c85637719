"""Rows that somebody else wrote, in the hands of a worker: it ends in one line, or passes the study over."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vsearch.errors import StorageError
from vsearch.search.stored import StoredStudy
from vsearch.settings import Settings
from vsearch.storage import Storage
from vsearch.worker.interrupts import Interrupts
from vsearch.worker.worker import Worker

ATTRIBUTE = "INSERT OR REPLACE INTO trial_{}_attributes (trial_id, key, value_json) VALUES (1, ?, ?)"
PARAM = "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) VALUES (1, 'peak', 1.0, ?)"
ROWS: dict[str, tuple[str, list[Any]]] = {
    **{
        f"the curve {curve!r}": (ATTRIBUTE.format("user"), ["curve", json.dumps(curve)])
        for curve in ({"family": "os.system"}, {"family": "constant", "value": 1e300}, 5, "text", None)
    },
    **{
        f"seeds {str(seeds)[:20]}": (ATTRIBUTE.format("user"), ["seeds", json.dumps(seeds)])
        for seeds in (["a"], [10**30], [-5], 5, list(range(100_000)), [1, 2], [])
    },
    "given knobs that are texts": (ATTRIBUTE.format("system"), ["fixed_params", '{"peak": "evil"}']),
    "given knobs that are a number": (ATTRIBUTE.format("system"), ["fixed_params", "5"]),
    "an attribute that is no JSON": (ATTRIBUTE.format("system"), ["fixed_params", "junk"]),
    "a score at a rung that is a text": (ATTRIBUTE.format("system"), ["completed_rung_0", '"x"']),
    "an unknown distribution": (PARAM, ['{"name": "Evil", "attributes": {}}']),
    "another distribution": (PARAM, ['{"name": "CategoricalDistribution", "attributes": {"choices": ["a", "b"]}}']),
    "a state of a trial": ("UPDATE trials SET state = ? WHERE trial_id = 1", ["EVIL"]),
}


@pytest.fixture
def worker(storage: Storage, settings: Settings) -> Callable[..., Worker]:
    return lambda *names: Worker(storage, settings, "w", Interrupts(), names=names)


def execute(study: StoredStudy, statement: str, values: list[Any]) -> None:
    with study.storage.engine.begin() as connection:
        assert connection.exec_driver_sql(statement, tuple(values)).rowcount == 1


@pytest.mark.parametrize("row", ROWS)
def test_a_worker_of_that_study_ends_in_one_line(make_study: Any, worker: Callable[..., Worker], row: str) -> None:
    study = make_study(pruner="asha", first_rung=1)
    execute(study, *ROWS[row])
    with pytest.raises(StorageError, match="vsearch did not write that") as told:
        worker(study.name).serve()
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 400


def test_a_worker_of_all_studies_passes_that_one_over(make_study: Any, worker: Callable[..., Worker]) -> None:
    execute(make_study(name="bad"), *ROWS["an unknown distribution"])
    good = make_study(name="good", trials=2)
    assert worker().serve() == 2
    assert [trial.state.name for trial in good.optuna_study.get_trials()] == ["COMPLETE"] * 2


@pytest.mark.parametrize("sampler", ["tpe", "gp", "qmc", "grid", "random"])
@pytest.mark.parametrize("pruner", ["asha", "hyperband", "median"])
def test_no_sampler_or_pruner_unpickles_what_a_row_holds(
    make_study: Any, worker: Callable[..., Worker], tmp_path: Path, sampler: str, pruner: str
) -> None:
    """Optuna's CMA-ES does, which is why vsearch has none."""
    evidence = tmp_path / "evidence"

    class RunsCode:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.mkdir, (evidence,)

    study = make_study(sampler=sampler, pruner=pruner, first_rung=1, startup_trials=1, trials=4)
    packed = pickle.dumps(RunsCode())
    for key in ("cma:optimizer", "cma:optimizer:0", "sampler", "optimizer", "pickle"):
        for value in (packed.hex(), packed.decode("latin-1")):
            execute(
                study, ATTRIBUTE.format("system"), [f"{key}{len(value)}" if key == "pickle" else key, json.dumps(value)]
            )
            study.storage.set_study_system_attr(study.study_id, key, value)
    worker(study.name).serve()
    assert not evidence.exists()
    pickle.loads(packed)
    assert evidence.exists()
