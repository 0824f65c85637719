"""Changes that stand in the record."""

from typing import Any

import optuna
import pytest
import sqlalchemy

from vsearch.storage import Storage
from vsearch.storage.audit import Entry, carry_out, write_study_attr


@pytest.fixture
def study_id(storage: Storage) -> int:
    """An empty study."""
    return optuna.create_study(storage=storage, study_name="s")._study_id


def write(study_id: int, value: Any) -> Any:
    return lambda connection: write_study_attr(connection, study_id, "key", value)


def test_a_change_and_its_record_are_stored_together(storage: Storage, study_id: int) -> None:
    entry = Entry(study_id, 3, "ada@host", "exclude", "why")
    assert carry_out(storage, entry, write(study_id, [1, "ä"]))
    assert storage.study_attr(study_id, "key") == [1, "ä"]
    (event,) = storage.events(study_id)
    assert (event.number, event.who, event.action, event.detail) == (3, "ada@host", "exclude", "why")


def test_what_changes_nothing_is_not_recorded(storage: Storage, study_id: int) -> None:
    for value, has_changed in (("a", True), ("a", False), ("b", True)):
        assert carry_out(storage, Entry(study_id, None, "w", "act", ""), write(study_id, value)) is has_changed
    assert len(storage.events(study_id)) == 2


def test_a_change_that_fails_leaves_no_record(storage: Storage, study_id: int) -> None:
    def fail(connection: sqlalchemy.Connection) -> bool:
        write_study_attr(connection, study_id, "key", "half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        carry_out(storage, Entry(study_id, None, "w", "act", ""), fail)
    assert storage.study_attr(study_id, "key") is None
    assert storage.events(study_id) == []


def test_a_change_whose_answer_was_lost_is_done_and_recorded_once(lossy: Any, lossy_storage: Storage) -> None:
    study_id = optuna.create_study(storage=lossy_storage, study_name="s")._study_id
    done = []

    def change(connection: sqlalchemy.Connection) -> bool:
        done.append(1)
        return write_study_attr(connection, study_id, "key", len(done))

    lossy.is_armed = True
    assert carry_out(lossy_storage, Entry(study_id, None, "w", "act", ""), change)
    assert lossy.lost == 1
    assert lossy_storage.study_attr(study_id, "key") == len(done) == 1
    assert len(lossy_storage.events(study_id)) == 1
