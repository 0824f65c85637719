"""Studies in a storage."""

import json
from collections.abc import Callable
from typing import Any

import optuna
import pytest

from vsearch.errors import InputError
from vsearch.search import attributes
from vsearch.search.control import resume
from vsearch.search.first import first_curves
from vsearch.search.stored import create_or_open, create_study, open_study, refreshed
from vsearch.spec import StudySpec
from vsearch.storage import Storage

SPEC = StudySpec(("triangle",), dataset="digits", depth=8, name="one")


def test_an_opened_study_has_the_spec_that_it_was_made_with(storage: Storage) -> None:
    create_study(storage, SPEC)
    assert open_study(storage, "one").spec == SPEC


def test_a_new_study_has_its_first_curves_waiting(storage: Storage) -> None:
    trials = create_study(storage, SPEC).optuna_study.trials
    assert [trial.state.name for trial in trials] == ["WAITING"] * 2
    assert [trial.user_attrs[attributes.ROLE] for trial in trials] == ["baseline", "paper"]


@pytest.mark.parametrize(
    ("families", "dataset", "number"),
    [(("triangle",), "cifar10", 1), (("triangle",), "digits", 1), (("bump",), "digits", 0)],
)
def test_the_papers_curves_are_those_of_the_data_set(families: tuple[str, ...], dataset: str, number: int) -> None:
    roles = [role for role, _, _ in first_curves(StudySpec(families, dataset=dataset))]
    assert roles == ["baseline"] + ["paper"] * number


def test_a_taken_name_is_refused_with_what_differs(storage: Storage) -> None:
    create_study(storage, SPEC)
    with pytest.raises(InputError, match="exists already; go on with it"):
        create_study(storage, SPEC)
    with pytest.raises(InputError, match="trials: stored 50, asked for 7"):
        create_study(storage, SPEC.with_changes(trials=7))
    assert storage.study_names() == ["one"]


def test_a_study_that_could_not_be_made_leaves_nothing(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("no")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "set_study_user_attr", fail)
        with pytest.raises(RuntimeError, match="no"):
            create_study(storage, SPEC)
    assert storage.study_names() == []
    create_study(storage, SPEC)


def test_create_or_open_goes_on_with_an_equal_study_and_refuses_another(storage: Storage) -> None:
    assert create_or_open(storage, SPEC)[1]
    assert not create_or_open(storage, SPEC)[1]
    with pytest.raises(InputError, match="epochs: stored 16, asked for 3"):
        create_or_open(storage, SPEC.with_changes(epochs=3))


def test_a_missing_study_is_told_with_the_nearest_name(storage: Storage) -> None:
    create_study(storage, SPEC)
    with pytest.raises(InputError, match="Did you mean 'one'"):
        open_study(storage, "onee")


def test_a_study_of_plain_optuna_is_left_alone(storage: Storage) -> None:
    optuna.create_study(storage=storage, study_name="foreign")
    with pytest.raises(InputError, match="not made by vsearch"):
        open_study(storage, "foreign")


def test_a_spec_of_a_later_version_is_refused(storage: Storage) -> None:
    study = create_study(storage, SPEC)
    content = SPEC.to_dict() | {"version": 99}
    storage.set_study_user_attr(study.study_id, attributes.SPEC, json.dumps(content))
    with pytest.raises(InputError, match="version 99"):
        open_study(storage, "one")


def test_refreshing_keeps_the_study_as_long_as_its_spec_stays(storage: Storage) -> None:
    study = create_study(storage, SPEC)
    assert refreshed(study) is study
    resume(open_study(storage, "one"), trials=99)
    changed = refreshed(study)
    assert changed.spec.trials == 99
    assert changed.optuna_study is study.optuna_study


def test_refreshing_a_deleted_study_says_so(storage: Storage) -> None:
    study = create_study(storage, SPEC)
    study.storage.delete_study(study.study_id)
    with pytest.raises(InputError, match="is gone"):
        refreshed(study)


def test_refreshing_finds_another_study_in_the_place_of_a_deleted_one(storage: Storage) -> None:
    """SQLite gives the number of a deleted study to the next one."""
    study = create_study(storage, SPEC)
    study.storage.delete_study(study.study_id)
    new = create_study(storage, SPEC.with_changes(epochs=5))
    if new.study_id != study.study_id:
        pytest.skip("this database does not give numbers again")
    assert refreshed(study).spec.epochs == 5


def test_sampler_and_pruner_come_from_the_stored_spec(make_study: Callable[..., Any]) -> None:
    study = make_study("constant", sampler="grid", pruner="none")
    opened = open_study(study.storage, study.name)
    assert type(opened.optuna_study.pruner).__name__ == "NopPruner"
    assert type(opened.optuna_study.sampler).__name__ == "CurveSampler"
    assert opened.spec.sampler == "grid"
