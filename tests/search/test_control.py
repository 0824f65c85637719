"""What a person does to a study, and what becomes of its trials and its record."""

import getpass
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState

from vsearch.errors import InputError, LeaseLost
from vsearch.search import attributes, control
from vsearch.search.budget import is_exhausted
from vsearch.search.claims import Claim, claim_trial, put_back
from vsearch.search.overview import overviews
from vsearch.search.stored import StoredStudy, open_study
from vsearch.search.trials import trial_results
from vsearch.storage import Storage
from vsearch.storage.checkpoints import CheckpointStore, FolderStore, Key


@pytest.fixture
def storage(either_storage: Storage) -> Storage:
    """Each kind of database in turn."""
    return either_storage


@pytest.fixture
def checkpoints(tmp_path: Path) -> CheckpointStore:
    """A folder for checkpoints."""
    return FolderStore(str(tmp_path / "checkpoints"))


def claimed(study: StoredStudy) -> Claim:
    claim = claim_trial(study, "w")
    assert claim is not None
    return claim


def actions(study: StoredStudy) -> list[str]:
    return [event.action for event in study.storage.events(study.study_id)]


def outcomes(study: StoredStudy) -> list[tuple[str, str, str]]:
    return [(trial.role, trial.state, trial.reason) for trial in trial_results(study)]


def test_stop_pause_and_resume_say_whether_workers_may_take_trials(make_study: Any) -> None:
    study = make_study()
    assert control.stop(study)
    assert (study.state, claim_trial(study, "w")) == ("stopped", None)
    assert control.pause(study)
    assert (study.state, is_exhausted(study)) == ("paused", True)
    control.resume(study)
    assert study.state == "open"
    assert claim_trial(study, "w") is not None
    assert actions(study) == ["stop", "pause", "resume"]


def test_what_changes_nothing_is_not_recorded(make_study: Any) -> None:
    study = make_study()
    control.resume(study)
    control.pause(study)
    assert not control.pause(study)
    control.stop(study)
    assert not control.stop(study)
    assert actions(study) == ["pause", "stop"]


def test_a_new_budget_is_recorded_with_the_old_one(make_study: Any) -> None:
    study = make_study(trials=3)
    assert control.resume(study, trials=7, max_epochs=90).spec.trials == 7
    (event,) = study.storage.events(study.study_id)
    assert (event.action, event.detail) == ("resume", "trials 3 -> 7, max_epochs None -> 90")
    assert event.who == f"{getpass.getuser()}@{socket.gethostname()}"


def test_a_wrong_budget_leaves_a_study_as_it_was(make_study: Any) -> None:
    study = make_study(trials=3)
    control.pause(study)
    with pytest.raises(InputError, match="trials"):
        control.resume(study, trials=0)
    assert (study.state, actions(study)) == ("paused", ["pause"])


def test_cancelling_ends_every_open_trial_at_once_and_no_other(
    make_study: Any, finish: Callable[..., Any], checkpoints: CheckpointStore
) -> None:
    study = make_study(trials=9)
    finish(study)
    claimed(study)
    claim = claimed(study)
    put_back(study, claim, "preempted")
    assert control.cancel(study, checkpoints) == [1, 2]
    assert [(state, reason) for _, state, reason in outcomes(study)] == [
        ("finished", ""),
        ("failed", "cancelled"),
        ("failed", "cancelled"),
    ]
    assert (study.state, is_exhausted(study), claim_trial(study, "w")) == ("cancelled", True, None)
    assert control.cancel(study, checkpoints) == []
    assert actions(study) == ["cancel"]


def test_a_late_worker_can_write_nothing_to_a_cancelled_trial(make_study: Any, checkpoints: CheckpointStore) -> None:
    study = make_study()
    claim = claimed(study)
    claim.trial.report(0.5, 1)
    control.cancel(study, checkpoints)
    for write in (
        lambda: claim.lease.renew(1, 100.0),
        lambda: claim.trial.report(0.6, 2),
        lambda: study.storage.write_attrs(claim.trial_id, {"a": 1}),
        lambda: study.storage.end_trial(claim.trial_id, TrialState.COMPLETE, 0.9, "finished"),
        lambda: put_back(study, claim, "preempted"),
    ):
        with pytest.raises((LeaseLost, RuntimeError)):
            write()
    trial = study.storage.get_trial(claim.trial_id)
    assert (trial.state, trial.value, trial.intermediate_values) == (TrialState.FAIL, None, {1: 0.5})
    (attempt,) = study.storage.attempts(claim.trial_id)
    assert (attempt.reason, attempt.epoch) == ("cancelled", 1)
    assert "cancelled by" in trial.user_attrs[attributes.DETAIL]


def test_cancelling_deletes_the_checkpoints(make_study: Any, checkpoints: CheckpointStore, tmp_path: Path) -> None:
    study = make_study()
    claim = claimed(study)
    checkpoints.write(Key(study.name, study.study_id, claim.number, claim.trial_id, claim.lease.fence), b"state")
    assert len(list(tmp_path.rglob("*.ckpt"))) == 1
    control.cancel(study, checkpoints)
    assert list(tmp_path.rglob("*.ckpt")) == []


def test_checkpoints_that_cannot_be_deleted_are_told_and_do_not_keep_a_study(
    make_study: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no folder")
    study = make_study()
    control.cancel(study, FolderStore(str(tmp_path / "file")))
    assert study.state == "cancelled"
    assert "stay" in caplog.text


def test_a_cancelled_study_is_neither_stopped_nor_paused(make_study: Any, checkpoints: CheckpointStore) -> None:
    study = make_study()
    control.cancel(study, checkpoints)
    for close in (control.stop, control.pause):
        with pytest.raises(InputError, match=r"was cancelled.*vsearch study resume"):
            close(study)
    assert study.state == "cancelled"


def test_resuming_a_cancelled_study_queues_its_first_curves_again(
    make_study: Any, finish: Callable[..., Any], checkpoints: CheckpointStore
) -> None:
    study = make_study(trials=9)
    control.cancel(study, checkpoints)
    resumed = control.resume(study)
    lost = [("baseline", "failed", "cancelled"), ("paper", "failed", "cancelled")]
    assert outcomes(resumed) == [*lost, ("baseline", "waiting", ""), ("paper", "waiting", "")]
    assert [finish(resumed).role for _ in range(3)] == ["baseline", "paper", "search"]


def test_resuming_queues_only_those_of_which_nothing_is_left(
    make_study: Any, finish: Callable[..., Any], checkpoints: CheckpointStore
) -> None:
    study = make_study(trials=9)
    finish(study)
    control.cancel(study, checkpoints)
    for _ in range(2):
        control.resume(study)
        control.pause(study)
    assert [role for role, state, _ in outcomes(study) if state == "waiting"] == ["paper"]


def test_cancelled_trials_are_no_failures_of_the_study(make_study: Any, checkpoints: CheckpointStore) -> None:
    study = make_study(trials=9, max_failed=2)
    control.cancel(study, checkpoints)
    resumed = control.resume(study)
    assert not is_exhausted(resumed)
    assert claim_trial(resumed, "w") is not None
    assert [row.state for row in overviews(study.storage)] == ["open"]


def test_a_study_that_is_trained_is_deleted_only_by_force(make_study: Any, checkpoints: CheckpointStore) -> None:
    study = make_study(name="one")
    claim_trial(study, "worker-7")
    with pytest.raises(InputError, match=r"trial 0 by worker-7.*study stop one.*study cancel one.*--force"):
        control.delete(study, checkpoints)
    assert study.storage.study_names() == ["one"]
    control.delete(study, checkpoints, force=True)
    assert study.storage.study_names() == []


@pytest.mark.parametrize("ended", ["cancelled", "run out"])
def test_a_study_that_nobody_trains_any_more_is_deleted(
    make_study: Any, checkpoints: CheckpointStore, ended: str
) -> None:
    study = make_study()
    claim_trial(study, "w", lease_seconds=100 if ended == "cancelled" else -1)
    if ended == "cancelled":
        control.cancel(study, checkpoints)
    control.delete(study, checkpoints)
    assert study.storage.study_names() == []


def test_deleting_takes_checkpoints_and_record_along(
    make_study: Any, checkpoints: CheckpointStore, tmp_path: Path
) -> None:
    study = make_study()
    control.stop(study)
    checkpoints.write(Key(study.name, study.study_id, 0, 1, 1), b"state")
    control.delete(study, checkpoints)
    assert list(tmp_path.rglob("*.ckpt")) == []
    assert study.storage.events(study.study_id) == []


def test_a_user_without_a_name_is_recorded_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 54321")

    monkeypatch.setattr(getpass, "getuser", unknown)
    user, _, host = control.who().partition("@")
    assert user.isdigit()
    assert host == socket.gethostname()


def test_the_other_side_sees_each_state(make_study: Any, storage: Storage, checkpoints: CheckpointStore) -> None:
    study = make_study(name="one")
    for change, state in ((control.stop, "stopped"), (control.pause, "paused"), (control.resume, "open")):
        change(study)
        assert open_study(storage, "one").state == state
        assert overviews(storage)[0].state == state
    control.cancel(study, checkpoints)
    assert overviews(storage)[0].state == "cancelled"
