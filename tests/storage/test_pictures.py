"""Who may draw the pictures of a study, and their exchange as a whole."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from optuna.study import StudyDirection
from optuna.trial import TrialState

from vsearch.storage import Storage

Opener = Callable[..., Storage]


@pytest.fixture
def storage(database_url: str, opener: Opener) -> Storage:
    """A storage with one study, whose id is 1."""
    opened = opener(database_url)
    assert opened.create_new_study([StudyDirection.MAXIMIZE], "s") == 1
    return opened


def always(wanted: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    return lambda _: wanted


def test_of_two_painters_one_draws_at_a_time(storage: Storage) -> None:
    assert storage.drawing(1).holder == ""
    assert storage.take_drawing(1, "a", 60)
    assert not storage.take_drawing(1, "b", 60)
    assert storage.take_drawing(1, "a", 60)
    found = storage.drawing(1)
    assert (found.holder, found.is_held, found.state) == ("a", True, "")
    storage.release_drawing(1, "b")
    assert storage.drawing(1).is_held
    storage.release_drawing(1, "a")
    assert storage.take_drawing(1, "b", 60)


def test_the_right_of_a_painter_that_died_runs_out(storage: Storage) -> None:
    assert storage.take_drawing(1, "a", 0)
    assert storage.take_drawing(1, "b", 60)
    assert not storage.write_drawing(1, "a", "late", 1.0, always({"dashboard:x": 1}))
    assert storage.get_study_system_attrs(1) == {}


def test_what_is_written_takes_the_place_of_all_that_was_there(storage: Storage) -> None:
    storage.set_study_system_attr(1, "dashboard:old", "o")
    storage.set_study_system_attr(1, "other", "stays")
    seen: list[Mapping[str, Any]] = []

    def change(present: Mapping[str, Any]) -> Mapping[str, Any]:
        seen.append(present)
        return {"dashboard:new": "n" * 100_000, "dashboard:number": 0}

    storage.take_drawing(1, "a", 60)
    assert storage.write_drawing(1, "a", "3 trials", 0.5, change)
    assert seen == [{"dashboard:old": "o"}]
    attrs = storage.get_study_system_attrs(1)
    assert attrs == {"other": "stays", "dashboard:new": "n" * 100_000, "dashboard:number": 0}
    found = storage.drawing(1)
    assert (found.holder, found.is_held, found.state, found.seconds) == ("a", False, "3 trials", 0.5)
    assert 0 <= found.seconds_ago < 100


def test_thousands_of_notes_are_written_and_removed_again(storage: Storage) -> None:
    for count in (3000, 1):
        assert storage.take_drawing(1, "a", 60)
        assert storage.write_drawing(1, "a", "s", 0.1, always({f"dashboard:{i}:note_str:0": "n" for i in range(count)}))
        assert len(storage.get_study_system_attrs(1)) == count


def test_a_failing_change_leaves_everything_as_it_was(storage: Storage) -> None:
    storage.set_study_system_attr(1, "dashboard:old", "o")
    storage.take_drawing(1, "a", 60)

    def change(_: Mapping[str, Any]) -> Mapping[str, Any]:
        raise ValueError("no picture today")

    with pytest.raises(ValueError, match="no picture today"):
        storage.write_drawing(1, "a", "s", 0.1, change)
    assert storage.get_study_system_attrs(1) == {"dashboard:old": "o"}
    assert storage.drawing(1).is_held


def test_nobody_draws_a_study_that_is_gone(storage: Storage) -> None:
    storage.take_drawing(1, "a", 60)
    storage.delete_study(1)
    assert storage.drawing(1).holder == ""
    assert not storage.take_drawing(1, "a", 60)
    assert not storage.write_drawing(1, "a", "s", 0.1, always({"dashboard:x": 1}))


def test_ids_of_trials_are_found_by_their_numbers(storage: Storage) -> None:
    ids = [storage.create_new_trial(1) for _ in range(3)]
    assert storage.trial_ids(1) == dict(enumerate(ids))


def test_the_time_for_which_workers_held_a_trial_adds_up_over_its_attempts(storage: Storage) -> None:
    first, second = storage.create_new_trial(1), storage.create_new_trial(1)
    assert storage.held_seconds(1) == {}
    for _ in range(2):
        storage.take_lease(1, first, "w", 60)
        storage.put_back(first, "preempted")
        storage.set_trial_state_values(first, TrialState.RUNNING)
    storage.take_lease(1, second, "w", 60)
    storage.renew_lease(second, 60)
    held = storage.held_seconds(1)
    spans = [attempt.ended - attempt.started for attempt in storage.attempts(first) if attempt.ended]
    assert held[0] == pytest.approx(sum(spans))
    assert len(spans) == 2
    assert held[1] >= 0
