"""Trials taken out of a study, and in again."""

from collections.abc import Callable
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from vsearch.errors import InputError
from vsearch.search.budget import is_exhausted
from vsearch.search.claims import claim_trial
from vsearch.search.control import cancel
from vsearch.search.excluding import exclude, include
from vsearch.search.overview import overviews
from vsearch.search.ranking import best
from vsearch.search.stored import StoredStudy, open_study, refreshed
from vsearch.search.trials import trial_of, trial_results
from vsearch.storage import Storage
from vsearch.storage.checkpoints import FolderStore

Finish = Callable[..., Any]


@pytest.fixture
def storage(either_storage: Storage) -> Storage:
    """Each kind of database in turn."""
    return either_storage


@pytest.fixture
def study(make_study: Any, finish: Finish) -> StoredStudy:
    """A study that is done: the baseline, the paper's curve and two others have finished."""
    made: StoredStudy = make_study(name="one", trials=4)
    for _ in range(4):
        finish(made)
    return made


def states(study: StoredStudy) -> list[str]:
    return [trial.state for trial in trial_results(study)]


def test_an_excluded_trial_is_no_candidate_and_leaves_room_for_another(study: StoredStudy, finish: Finish) -> None:
    winner = best(trial_results(study)).trial
    assert is_exhausted(study)
    study = exclude(study, winner.number, "a broken fan")
    assert best(trial_results(study)).trial.number != winner.number
    assert study.optuna_study.best_trial.number != winner.number
    assert not is_exhausted(study)
    assert finish(study) is not None
    assert is_exhausted(study)


def test_an_excluded_trial_keeps_what_was_measured(study: StoredStudy) -> None:
    before = trial_of(study, 2)
    after = trial_of(exclude(study, 2, "a broken fan"), 2)
    assert (after.state, after.counts, after.is_finished) == ("excluded", False, False)
    assert after.row() | {"state": "finished"} == before.row()
    assert after.accuracy is not None


def test_every_reader_sees_a_failed_trial(study: StoredStudy, storage: Storage) -> None:
    other = open_study(storage, "one")
    assert [trial.state for trial in other.optuna_study.trials] == [TrialState.COMPLETE] * 4
    exclude(study, 3, "why")
    assert refreshed(other) is not other
    assert refreshed(other).optuna_study.trials[3].state == TrialState.FAIL
    plain = optuna.load_study(study_name="one", storage=storage)
    assert [trial.number for trial in plain.get_trials(states=[TrialState.COMPLETE])] == [0, 1, 2]
    (row,) = overviews(storage)
    assert (row.finished, row.failed, row.excluded) == (3, 0, 1)


def test_an_included_trial_is_as_it_was(study: StoredStudy, storage: Storage) -> None:
    before, attrs = trial_of(study, 3), study.optuna_study.trials[3].system_attrs
    study = exclude(study, 3, "why")
    study = include(study, 3)
    assert trial_of(study, 3) == before
    assert study.optuna_study.trials[3].system_attrs == attrs
    assert is_exhausted(study)
    assert [row.excluded for row in overviews(storage)] == [0]


def test_the_pruner_compares_with_an_excluded_trial_no_more(make_study: Any) -> None:
    study = make_study(trials=9, pruner="asha", first_rung=1, rung_factor=2)

    def hopeless(accuracy: float) -> bool:
        claim = claim_trial(study, "w")
        assert claim is not None
        claim.trial.report(accuracy, 1)
        verdict: bool = claim.trial.should_prune()
        study.optuna_study.tell(claim.trial, None if verdict else accuracy, state=TrialState(2 if verdict else 1))
        return verdict

    assert not hopeless(0.9)
    assert hopeless(0.5)
    study = exclude(study, 0, "its score was wrong")
    assert not any("rung" in key for key in study.optuna_study.trials[0].system_attrs)
    assert not hopeless(0.6)
    study = include(study, 0)
    assert any("rung" in key for key in study.optuna_study.trials[0].system_attrs)
    assert hopeless(0.55)


@pytest.mark.parametrize(("number", "role"), [(0, "baseline"), (1, "paper")])
def test_a_first_curve_is_trained_again_in_place_of_its_excluded_trial(
    study: StoredStudy, finish: Finish, number: int, role: str
) -> None:
    curve = trial_of(study, number).curve
    study = exclude(study, number, "why")
    assert states(study)[4:] == ["waiting"]
    claim = finish(study)
    assert (claim.role, claim.curve) == (role, curve)
    assert trial_of(study, claim.number).state == "finished"


def test_including_withdraws_the_trial_that_waits_in_its_place(study: StoredStudy) -> None:
    study = include(exclude(study, 0, "a mistake"), 0)
    assert states(study) == ["finished"] * 4 + ["failed"]
    assert (trial_of(study, 4).reason, trial_of(study, 4).counts) == ("cancelled", False)
    baseline = best(trial_results(study)).baseline
    assert baseline is not None
    assert baseline.number == 0


def test_including_leaves_a_trial_that_has_begun_in_its_place(study: StoredStudy, finish: Finish) -> None:
    study = exclude(study, 0, "a mistake")
    finish(study)
    study = include(study, 0)
    assert states(study) == ["finished"] * 5


def test_excluding_and_including_are_recorded_with_the_reason(study: StoredStudy) -> None:
    include(exclude(study, 2, " the\tfan  broke "), 2)
    found = [(event.number, event.action, event.detail) for event in study.storage.events(study.study_id)]
    assert found == [(2, "exclude", "the fan broke"), (2, "include", "")]


def test_what_cannot_be_excluded_is_told(make_study: Any, finish: Finish, tmp_path: Any) -> None:
    study = make_study(name="one", trials=9)
    finish(study)
    claim_trial(study, "w")
    exclude(study, 0, "why")
    for number, words in (
        (0, "excluded already"),
        (1, "is running"),
        (2, "is waiting"),
        (3, "no trial 3; it has trials 0 to 2"),
        (-1, "no trial -1"),
        (10**30, "no trial 1000"),
    ):
        with pytest.raises(InputError, match=words):
            exclude(study, number, "why")
    cancel(study, FolderStore(str(tmp_path / "none")))
    with pytest.raises(InputError, match="was cancelled"):
        exclude(study, 1, "why")
    assert len(study.storage.events(study.study_id)) == 2


@pytest.mark.parametrize("reason", ["", " ", "\n", "a\0b", "x" * 1001, "\ud800"])
def test_a_reason_must_be_a_sentence(study: StoredStudy, reason: str) -> None:
    with pytest.raises(InputError, match=r"reason.*1 to 1000 characters"):
        exclude(study, 0, reason)
    assert states(study) == ["finished"] * 4


def test_only_an_excluded_trial_is_included(study: StoredStudy) -> None:
    with pytest.raises(InputError, match="trial 0 of one is not excluded: it is finished"):
        include(study, 0)
    with pytest.raises(InputError, match="no trial 9"):
        include(study, 9)


def test_excluded_failures_do_not_end_a_study(make_study: Any, finish: Finish) -> None:
    study = make_study(trials=9, max_failed=2)
    for _ in range(2):
        finish(study, state=TrialState.FAIL)
    assert is_exhausted(study)
    study = exclude(study, 0, "a broken fan")
    assert not is_exhausted(study)
    assert [row.state for row in overviews(study.storage)] == ["open"]
