"""The Python interface to studies."""

from pathlib import Path

import pytest

from vsearch import study as studies
from vsearch.errors import InputError
from vsearch.settings import Settings, resolve
from vsearch.spec import StudySpec
from vsearch.spec.recipe import recipe

SPEC = StudySpec(
    ("triangle",),
    dataset="digits",
    depth=8,
    epochs=1,
    trials=3,
    train_images=128,
    recipe=recipe("short").override(batch_size=64),
    name="api",
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return resolve({"home": str(tmp_path), "device": "cpu"}, {})


def test_a_study_is_created_run_and_ranked(settings: Settings) -> None:
    seen: list[int] = []
    study = studies.create(SPEC, settings)
    assert not study.is_done
    best = study.run(workers=1, watch=lambda running: seen.append(len(running.trials())))
    assert study.is_done
    assert seen
    assert [trial.state for trial in study.trials()] == ["finished"] * 3
    assert best.trial.accuracy == study.optuna_study.best_value == max(t.accuracy or 0 for t in study.trials())
    assert study.run() == best  # nothing is left to do


def test_the_interface_names_what_the_command_line_refuses(settings: Settings) -> None:
    with pytest.raises(InputError, match="no study is called 'api'"):
        studies.open_study("api", settings)
    studies.create(SPEC, settings)
    with pytest.raises(InputError, match="exists already"):
        studies.create(SPEC, settings)
    assert not studies.create_or_open(SPEC, settings)[1]
    assert studies.open_study("api", settings).spec == SPEC


def test_stopping_resuming_and_deleting(settings: Settings) -> None:
    study = studies.create(SPEC, settings)
    study.stop()
    assert study.is_done
    assert study.resume(trials=9).spec.trials == 9
    assert not study.is_done
    study.delete()
    with pytest.raises(InputError, match="no study"):
        studies.open_study("api", settings)


def test_trials_are_rows_of_plain_values(settings: Settings) -> None:
    rows = [trial.row() for trial in studies.create(SPEC, settings).trials()]
    assert [(row["number"], row["state"], row["role"]) for row in rows] == [
        (0, "waiting", "baseline"),
        (1, "waiting", "paper"),
    ]
    kinds = {type(value) for row in rows for value in row.values()}
    assert kinds <= {int, float, str, list, type(None)}
