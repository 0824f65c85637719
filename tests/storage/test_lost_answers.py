"""Each of our own writing calls is done once, though the connection was cut after COMMIT and before the answer."""

from collections.abc import Callable
from typing import Any, NamedTuple

import optuna
import pytest
from optuna.trial import TrialState

from vsearch.storage import Storage, exclusions
from vsearch.storage.checkpoints import DatabaseStore, Key

SECONDS = 60.0


class Stage(NamedTuple):
    """A study with a trial that is held, one that waits and one that has ended."""

    storage: Storage
    study_id: int
    held: int
    waiting: int
    ended: int


@pytest.fixture
def stage(lossy_storage: Storage) -> Stage:
    return staged(lossy_storage)


def staged(storage: Storage) -> Stage:
    study_id = storage.create_new_study([optuna.study.StudyDirection.MAXIMIZE], "s")
    held, waiting, ended = (storage.create_new_trial(study_id) for _ in range(3))
    storage.take_lease(study_id, held, "w", SECONDS)
    storage.put_back(waiting, "preempted")
    storage.set_trial_intermediate_value(ended, 1, 0.5)
    storage.set_trial_system_attr(ended, "completed_rung_0", 0.5)
    storage.set_trial_state_values(ended, TrialState.COMPLETE, [0.5])
    storage.enter_worker("w", "host", 1, "cpu")
    return Stage(storage, study_id, held, waiting, ended)


def take(stage: Stage) -> object:
    stage.storage.set_trial_state_values(stage.waiting, TrialState.RUNNING)
    return stage.storage.take_lease(stage.study_id, stage.waiting, "w", SECONDS, "cpu")


def end(stage: Stage) -> None:
    stage.storage.end_trial(stage.held, TrialState.COMPLETE, 0.75, "finished", attrs={"epochs": 3})


def exclude(stage: Stage) -> object:
    return stage.storage.in_transaction(lambda connection: exclusions.exclude(connection, stage.study_id, 2))


def checkpoint(stage: Stage) -> None:
    DatabaseStore(stage.storage).write(Key("s", stage.study_id, 0, stage.held, 1), b"content")


CALLS: dict[str, Callable[[Stage], object]] = {
    "take a lease": take,
    "renew a lease": lambda stage: stage.storage.renew_lease(stage.held, SECONDS, 2, 10.0),
    "report": lambda stage: stage.storage.set_trial_intermediate_value(stage.held, 1, 0.5),
    "attribute": lambda stage: stage.storage.set_trial_user_attr(stage.held, "key", [1]),
    "attributes": lambda stage: stage.storage.write_attrs(stage.held, {"key": [1], "other": "text"}),
    "rung": lambda stage: stage.storage.set_trial_system_attr(stage.held, "completed_rung_0", 0.5),
    "end": end,
    "put back": lambda stage: stage.storage.put_back(stage.held, "preempted", "a signal"),
    "exclude": exclude,
    "enter": lambda stage: stage.storage.enter_worker("v", "host", 2, "cpu"),
    "drain": lambda stage: stage.storage.drain_workers("host"),
    "leave": lambda stage: stage.storage.leave_worker("w"),
    "checkpoint": checkpoint,
}


def contents(stage: Stage) -> dict[str, Any]:
    """All that is stored, without times."""
    storage = stage.storage
    trials = storage.get_all_trials(stage.study_id)
    return {
        "trials": [(t.state, t.values, t.user_attrs, t.system_attrs, t.intermediate_values) for t in trials],
        "leases": [(row.worker, row.fence, row.lost, row.epoch) for row in storage.running_leases()],
        "attempts": [
            [(row.fence, row.worker, row.reason, row.detail, row.epoch) for row in storage.attempts(trial._trial_id)]
            for trial in trials
        ],
        "workers": [(row.worker, row.asked) for row in storage.workers()],
        "excluded": storage.count_excluded(stage.study_id),
        "checkpoints": list(DatabaseStore(storage).read(Key("s", stage.study_id, 0, stage.held, 1))),
    }


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_a_lost_answer_changes_nothing_twice(
    stage: Stage, lossy: Any, call: Callable[[Stage], object], request: pytest.FixtureRequest
) -> None:
    """The same call on a second stage, whose answer arrives, leaves the very same in the database."""
    before = contents(stage)
    lossy.is_armed = True
    call(stage)
    assert lossy.lost == 1
    with_loss = contents(stage)
    assert with_loss != before or "renew" in request.node.callspec.id

    for study in stage.storage.get_all_studies():
        stage.storage.delete_study(study._study_id)
    for worker in stage.storage.workers():
        stage.storage.leave_worker(worker.worker)
    again = staged(stage.storage)
    call(again)
    assert lossy.lost == 1
    assert contents(again) == with_loss
