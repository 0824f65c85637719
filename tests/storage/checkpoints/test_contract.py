"""What holds of checkpoints wherever they lie."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.storage.checkpoints.conftest import Stage


def test_what_one_worker_wrote_another_reads(stage: "Stage") -> None:
    key = stage.take()
    content = bytes(range(256)) * 5000
    stage.store.write(key, content)
    ((name, found),) = stage.other_store().read(key)
    assert found == content
    assert stage.store.place in name
    assert str(key.number) in name


def test_a_trial_without_checkpoints_has_none(stage: "Stage") -> None:
    key = stage.take()
    assert stage.contents(key) == []
    stage.store.delete(key)
    stage.store.delete_study(key.study, key.study_id)


def test_a_second_write_replaces_the_first(stage: "Stage") -> None:
    key = stage.take()
    for content in (b"first", b"second, and longer", b"3"):
        stage.store.write(key, content)
        assert stage.contents(key) == [content]


def test_who_adopts_a_trial_reads_the_checkpoint_of_the_worker_before(stage: "Stage") -> None:
    first = stage.take()
    stage.store.write(first, b"first")
    second = stage.take(first.trial_id)
    assert second.fence > first.fence
    assert stage.contents(second) == [b"first"]


def test_a_write_deletes_the_checkpoints_of_workers_before(stage: "Stage") -> None:
    first = stage.take()
    stage.store.write(first, b"first")
    second = stage.take(first.trial_id)
    stage.store.write(second, b"second")
    assert stage.contents(second) == [b"second"]
    assert stage.contents(first) == []


def test_a_late_worker_neither_reads_nor_deletes_the_checkpoint_of_who_adopted_the_trial(stage: "Stage") -> None:
    late = stage.take()
    adopter = stage.take(late.trial_id)
    stage.store.write(adopter, b"adopter")
    assert stage.contents(late) == []
    stage.other_store().delete(late)
    assert stage.contents(adopter) == [b"adopter"]


def test_deleting_takes_all_of_a_trial_and_nothing_of_others(stage: "Stage") -> None:
    keys = [stage.take() for _ in range(12)]  # trial 1 beside trials 10 and 11
    for key in keys:
        stage.store.write(key, b"%d" % key.number)
    stage.store.delete(keys[1])
    assert stage.contents(keys[1]) == []
    assert [stage.contents(key) for key in keys if key.number != 1] == [[b"%d" % n] for n in range(12) if n != 1]


def test_deleting_a_study_takes_all_of_its_trials_and_nothing_of_other_studies(stage: "Stage") -> None:
    keys = [stage.take(), stage.take()]
    other = type(stage)(stage.place, stage.storage)
    kept = other.take()
    for key in (*keys, kept):
        stage.store.write(key, b"content")
    stage.store.delete_study(stage.study, stage.study_id)
    assert [stage.contents(key) for key in keys] == [[], []]
    assert stage.contents(kept) == [b"content"]
    stage.store.write(keys[0], b"again")
    assert stage.contents(keys[0]) == [b"again"]


def test_a_probe_passes_and_leaves_nothing(stage: "Stage") -> None:
    key = stage.take()
    stage.store.write(key, b"content")
    stage.store.probe()
    assert stage.contents(key) == [b"content"]
