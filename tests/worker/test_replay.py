"""Training a recorded trial again, and telling how it compares with the record."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from optuna.trial import TrialState

from vsearch.errors import InputError
from vsearch.search import attributes
from vsearch.search.claims import claim_trial
from vsearch.search.control import resume
from vsearch.search.excluding import exclude
from vsearch.search.stored import StoredStudy, open_study
from vsearch.settings import Settings
from vsearch.training.slots import Slots
from vsearch.worker.comparison import Replay
from vsearch.worker.replay import replay
from vsearch.worker.workplace import Workplace

WorkplaceOf = Callable[[StoredStudy], Workplace]
CPU = torch.device("cpu")
RECORD = {
    **{"scales": [1.0, 1.0, 0.9], "seeds": [1], "accuracies": [0.99], "spec_digest": "0" * 64},
    **{"split_digest": "1" * 64, "weights_digests": ["2" * 64], "train_losses": [0.1, 0.1, 0.1]},
}
"""Attributes of a trial, each with a value that is not the recorded one."""


@pytest.fixture
def train(workplace_of: WorkplaceOf, attempt_at: Callable[..., Any]) -> Callable[..., StoredStudy]:
    """`train(study, trials)`: claim, train and tell so many trials, as a worker does."""

    def train_some(study: StoredStudy, trials: int = 1, slots: Slots | None = None) -> StoredStudy:
        for _ in range(trials):
            claim = claim_trial(study, "w")
            attempt_at(study, claim, workplace_of(study), slots)
        return open_study(study.storage, study.name)

    return train_some


@pytest.fixture
def again(settings: Settings) -> Callable[..., Replay]:
    """`again(study, number, …)`: the replay of a trial on the CPU."""

    def replay_one(study: StoredStudy, number: int = 0, **options: Any) -> Replay:
        return replay(study, number, data_path=settings.data_path, device=CPU, **options)

    return replay_one


def overwrite(study: StoredStudy, name: str, value: Any) -> None:
    """Change an attribute of the ended trial 0, as somebody with a database client does."""
    run(study, "UPDATE trial_user_attributes SET value_json = ? WHERE key = ?", json.dumps(value), name)


def run(study: StoredStudy, statement: str, *values: Any) -> None:
    with study.storage.engine.begin() as connection:
        assert connection.exec_driver_sql(statement, values).rowcount >= 1


def everything(study: StoredStudy) -> str:
    """All rows of the database, as text."""
    connection = study.storage.engine.raw_connection()
    try:
        return "\n".join(connection.iterdump())
    finally:
        connection.close()


def differing(done: Replay) -> set[str]:
    return {item.name for item in done.compared if item.differs}


@pytest.mark.parametrize("replicates", [1, 2])
def test_a_trial_gives_the_recorded_numbers_and_weights_bit_for_bit(
    make_study: Any, train: Any, again: Any, replicates: int
) -> None:
    study = train(make_study(replicates=replicates), 3)
    for number in range(3):
        done = again(study, number)
        assert (done.verdict, done.is_whole, done.has_weights) == ("equal", True, True)
        assert [pair.epoch for pair in done.epochs] == [1, 2, 3]
        assert all(pair.recorded == pair.repeated for pair in done.epochs)
        assert differing(done) == set()
        names = {item.name for item in done.compared if item.recorded is not None}
        assert {"scales", "spec", "images", "device", "precision", "versions", "threads", "weights"} <= names


def test_a_replay_writes_nothing_into_the_database_and_leaves_no_file(
    make_study: Any, train: Any, again: Any, tmp_path: Path
) -> None:
    study = train(make_study())
    before, files = everything(study), sorted(tmp_path.rglob("*"))
    again(study)
    assert everything(study) == before
    assert sorted(path for path in tmp_path.rglob("*") if "-wal" not in path.name and "-shm" not in path.name) == [
        path for path in files if "-wal" not in path.name and "-shm" not in path.name
    ]


def test_only_the_first_epochs_may_be_repeated(make_study: Any, train: Any, again: Any) -> None:
    study = train(make_study())
    done = again(study, epochs=2)
    assert (done.verdict, len(done.epochs), done.is_whole, done.has_weights) == ("equal", 2, False, False)
    for epochs in (0, 4):
        with pytest.raises(InputError, match=f"epochs is {epochs}; the trial has 1 to 3 on record"):
            again(study, epochs=epochs)


def test_a_pruned_trial_is_compared_up_to_where_it_was_pruned(make_study: Any, train: Any, again: Any) -> None:
    study = make_study(pruner="asha", first_rung=1)
    for worker in ("a", "b"):
        claim = claim_trial(study, worker)
        assert claim is not None
        claim.trial.report(1.0, 1)
        claim.trial.should_prune()
    done = again(train(study), 2)
    assert (done.verdict, len(done.epochs), done.has_weights) == ("equal", 1, True)


def test_a_diverged_trial_diverges_again(make_study: Any, train: Any, again: Any) -> None:
    """Its last epoch has no accuracy on record, but its losses have."""
    changes = {"training": {"learning_rate": 10.0, "warmup": 0.0}, "knobs": {"peak": "9:10", "floor": "9"}}
    study = make_study(**changes, retry=())
    done = again(train(study, 3), 2)
    assert study.optuna_study.trials[2].state == TrialState.FAIL
    assert done.epochs[-1].recorded is None
    assert done.verdict == "equal"


def test_the_number_of_threads_is_recorded_and_used(make_study: Any, train: Any, again: Any) -> None:
    study = train(make_study(), slots=Slots(1, threads=2))
    assert study.optuna_study.trials[0].user_attrs[attributes.THREADS] == 2
    assert again(study).verdict == "equal"
    assert torch.get_num_threads() == 1
    done = again(study, threads=1)
    assert "threads" in differing(done)
    assert done.verdict in ("equal", "not comparable")


@pytest.mark.parametrize("name", RECORD)
def test_a_record_that_was_changed_afterwards_is_told(make_study: Any, train: Any, again: Any, name: str) -> None:
    study = train(make_study())
    overwrite(study, name, RECORD[name])
    done = again(open_study(study.storage, study.name))
    assert done.verdict in ("different", "contradicted")
    assert differing(done), done
    assert done.sentence.startswith(("different", "the record contradicts itself"))


@pytest.mark.parametrize("table", ["trial_values SET value", "trial_intermediate_values SET intermediate_value"])
def test_a_score_that_was_improved_by_hand_is_told(make_study: Any, train: Any, again: Any, table: str) -> None:
    study = train(make_study())
    run(study, f"UPDATE {table} = ?", 0.999)
    done = again(open_study(study.storage, study.name))
    assert done.verdict == "contradicted"
    assert "objective" in differing(done)


def test_a_spec_that_was_changed_in_the_database_is_told(make_study: Any, train: Any, again: Any) -> None:
    study = train(make_study())
    changed = study.spec.with_changes(recipe=study.spec.recipe.override(weight_decay=0.01))
    study.storage.set_study_user_attr(study.study_id, attributes.SPEC, changed.to_json())
    done = again(open_study(study.storage, study.name))
    assert done.verdict == "contradicted"
    assert "spec" in differing(done)


def test_a_larger_budget_is_no_change_of_the_spec(make_study: Any, train: Any, again: Any) -> None:
    study = resume(train(make_study()), trials=50, max_failed=30)
    assert again(study).verdict == "equal"


def test_other_versions_explain_a_difference_and_do_not_excuse_it_silently(
    make_study: Any, train: Any, again: Any
) -> None:
    study = train(make_study())
    overwrite(study, attributes.VERSIONS, {"vsearch": "0.0.1", "torch": "1.0", "optuna": "5.0"})
    assert again(open_study(study.storage, study.name)).verdict == "equal"
    overwrite(study, attributes.TRAIN_LOSSES, [1.0, 1.0, 1.0])
    done = again(open_study(study.storage, study.name))
    assert done.verdict == "not comparable"
    assert "versions" in done.sentence


def test_a_trial_that_changed_hands_between_devices_says_so(make_study: Any, train: Any, again: Any) -> None:
    study = train(make_study())
    run(study, "UPDATE vsearch_attempts SET device = ?", "CPU one")
    columns = "trial_id, 99, study_id, worker, 'CPU two', started, ended, reason, detail, epoch"
    names = "trial_id, fence, study_id, worker, device, started, ended, reason, detail, epoch"
    run(study, f"INSERT INTO vsearch_attempts ({names}) SELECT {columns} FROM vsearch_attempts")
    assert "devices of its attempts" in differing(again(study))


def test_what_was_never_begun_is_refused(make_study: Any, again: Any) -> None:
    study = make_study()
    with pytest.raises(InputError, match=r"trial 0 of .* is waiting; only one that has ended"):
        again(study)
    claim_trial(study, "w")
    with pytest.raises(InputError, match="is running"):
        again(study)
    with pytest.raises(InputError, match="has no trial 7"):
        again(study, 7)


def test_a_trial_that_ended_before_its_first_epoch_has_nothing_to_compare(make_study: Any, again: Any) -> None:
    study = make_study()
    claim = claim_trial(study, "w")
    assert claim is not None
    study.optuna_study.tell(claim.trial, state=TrialState.FAIL)
    with pytest.raises(InputError, match="no epoch on record"):
        again(study)


def test_an_excluded_trial_is_refused_with_the_way_back(make_study: Any, train: Any, again: Any) -> None:
    study = exclude(train(make_study()), 0, "a broken fan")
    with pytest.raises(InputError, match="is excluded; take it in first: vsearch trial include"):
        again(study)


def test_a_record_with_holes_is_damaged(make_study: Any, train: Any, again: Any) -> None:
    study = train(make_study())
    run(study, "DELETE FROM trial_intermediate_values WHERE step = ?", 2)
    with pytest.raises(InputError, match="is damaged: its epochs are not 1, 2"):
        again(open_study(study.storage, study.name))
