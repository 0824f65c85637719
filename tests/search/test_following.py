"""Following a study: what is read, what is seen, and a database that goes away."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy
from optuna.trial import TrialState

from vsearch.errors import InputError, StorageAway
from vsearch.search import attributes, control, excluding, following
from vsearch.search.claims import claim_trial
from vsearch.search.following import Follower
from vsearch.search.stored import StoredStudy
from vsearch.storage import Storage, open_storage


@contextmanager
def statements(storage: Storage) -> Iterator[list[str]]:
    """Inside the block, the SQL that the storage sends."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    sqlalchemy.event.listen(storage.engine, "before_cursor_execute", note)
    yield sent
    sqlalchemy.event.remove(storage.engine, "before_cursor_execute", note)


@pytest.fixture
def study(make_study: Any) -> StoredStudy:
    """A study of four trials."""
    found: StoredStudy = make_study(trials=4, pruner="none")
    return found


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has much else to do reads slowly, and would rest between two looks."""
    monkeypatch.setattr(following, "REST", 0.0)


def follower(study: StoredStudy) -> Follower:
    return Follower(study, 120.0)


def test_a_look_takes_four_statements_while_no_trial_ends(make_study: Any, either_storage: Storage) -> None:
    study = make_study(on=either_storage, trials=4, pruner="none")
    claim = claim_trial(study, "w", 60)
    assert claim is not None
    watching = follower(study)
    watching.look()
    with statements(either_storage) as sent:
        for epoch in range(5):
            either_storage.renew_lease(claim.trial._trial_id, 60, epoch, 100.0)
            assert watching.look().running_epochs == {0: epoch}
    reads = [statement for statement in sent if statement.lstrip().startswith("SELECT")]
    assert len(reads) == 5 * 4
    assert not any("trial_user_attributes" in statement or "trial_values" in statement for statement in reads)
    assert not any(word in statement for statement in reads for word in ("UPDATE", "INSERT", "DELETE"))


def test_a_trial_that_ends_is_read_once(study: StoredStudy, finish: Any) -> None:
    watching = follower(study)
    assert (watching.look().best, watching.look().tally.done) == (None, 0)
    finish(study)
    moment = watching.look()
    assert moment.best is not None
    assert (moment.best.trial.role, moment.tally.done, moment.state) == ("baseline", 1, "open")
    with statements(study.storage) as sent:
        assert watching.look().trials is moment.trials
    assert len(sent) == 4


def test_the_number_of_statements_does_not_grow_with_the_trials(make_study: Any, finish: Any) -> None:
    study = make_study(trials=60, pruner="none", sampler="random")
    for _ in range(40):
        finish(study)
    watching = follower(study)
    watching.look()
    with statements(study.storage) as sent:
        watching.look()
    assert len(sent) == 4
    finish(study)
    with statements(study.storage) as sent:
        assert watching.look().tally.done == 41
    assert len(sent) < 25


def test_slow_reading_is_followed_by_a_rest(study: StoredStudy, finish: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The counts are those of each look nevertheless."""
    monkeypatch.setattr(following, "SLOW_SECONDS", 0.0)
    monkeypatch.setattr(following, "REST", 1e9)
    watching = follower(study)
    assert len(watching.look().trials) == 2
    finish(study)
    moment = watching.look()
    assert (moment.tally.done, moment.best) == (1, None)
    monkeypatch.setattr(following, "REST", 0.0)
    assert watching.look().best is not None


def test_done_counts_the_epochs_of_running_trials(study: StoredStudy, finish: Any) -> None:
    finish(study)
    claim = claim_trial(study, "w", 60)
    assert claim is not None
    study.storage.renew_lease(claim.trial._trial_id, 60, 2, 100.0)
    moment = follower(study).look()
    assert moment.done == pytest.approx(1 + 2 / 8)
    assert moment.running_epochs == {1: 2}


def test_the_workers_that_hold_its_trials_are_told_from_the_others(study: StoredStudy) -> None:
    for worker in ("here", "elsewhere"):
        study.storage.enter_worker(worker, "host", 1, "cpu")
    assert claim_trial(study, "here", 60) is not None
    moment = follower(study).look()
    assert [(view.worker, view.trials, view.state) for view in moment.workers] == [("here", (0,), "working")]
    assert moment.elsewhere == {"idle": 1}


def test_it_is_over_when_the_budget_is_spent(study: StoredStudy, finish: Any) -> None:
    watching = follower(study)
    for _ in range(3):
        finish(study)
    claim = claim_trial(study, "w", 60)
    assert claim is not None
    assert (watching.look().state, watching.look().is_over) == ("open", False)
    study.optuna_study.tell(claim.trial, 0.9)
    assert (watching.look().state, watching.look().is_over) == ("done", True)
    control.resume(study, trials=6)
    moment = watching.look()
    assert (moment.state, moment.is_over, moment.spec.trials) == ("open", False, 6)


def test_it_is_over_when_too_many_trials_failed(make_study: Any, finish: Any) -> None:
    study = make_study(trials=4, max_failed=2)
    watching = follower(study)
    for _ in range(2):
        assert not watching.look().is_over
        finish(study, state=TrialState.FAIL)
    moment = watching.look()
    assert (moment.state, moment.is_over, moment.count("failed")) == ("failed", True, 2)


@pytest.mark.parametrize(("state", "is_over"), [("stopped", True), ("paused", False), ("cancelled", True)])
def test_a_closed_study_is_over_when_nothing_runs_unless_it_is_paused(
    study: StoredStudy, state: str, is_over: bool
) -> None:
    claim = claim_trial(study, "w", 60)
    assert claim is not None
    watching = follower(study)
    study.storage.set_study_user_attr(study.study_id, attributes.STATE, state)
    moment = watching.look()
    assert (moment.state, moment.is_over, moment.seconds_left) == (state, False, None)
    study.storage.put_back(claim.trial._trial_id, "preempted")
    assert (watching.look().state, watching.look().is_over) == (state, is_over)


def test_what_a_person_does_is_seen_at_the_next_look(study: StoredStudy, finish: Any) -> None:
    watching = follower(study)
    for _ in range(2):
        finish(study)
    before = watching.look()
    excluding.exclude(study, 1, "a broken fan")
    moment = watching.look()
    assert (moment.count("excluded"), moment.count("failed"), moment.tally.done) == (1, 0, before.tally.done - 1)
    assert [event.detail for event in moment.events] == ["a broken fan"]


def test_a_study_that_is_deleted_meanwhile_is_told(study: StoredStudy) -> None:
    watching = follower(study)
    watching.look()
    study.storage.delete_study(study.study_id)
    with pytest.raises(InputError, match="is gone"):
        watching.look()


def test_a_database_that_goes_away_is_waited_for(
    make_study: Any, finish: Any, own_postgres_url: str, tell_postgres: Callable[[str], None]
) -> None:
    storage = open_storage(own_postgres_url)
    study = make_study(on=storage, trials=4, pruner="none")
    finish(study)
    watching, late = follower(study), follower(study)
    before = watching.look()
    tell_postgres("crash")
    try:
        moments = [watching.look() for _ in range(3)]
        with storage.patience(0.0), pytest.raises(StorageAway):
            late.look()
    finally:
        tell_postgres("start")
    assert [moment.trials for moment in moments] == [before.trials] * 3
    absences = [moment.absence for moment in moments]
    assert all(absence is not None for absence in absences)
    finish(study)
    after = watching.look()
    assert (after.absence, after.tally.done) == (None, 2)
    storage.close()
