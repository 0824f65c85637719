"""The list of workers."""

from vsearch.storage import Storage


def test_a_worker_is_listed_from_its_start_to_its_end(storage: Storage) -> None:
    storage.enter_worker("a-1", "a", 1, "cpu")
    storage.enter_worker("a-1", "a", 1, "cpu")
    (row,) = storage.workers()
    assert row[:4] == ("a-1", "a", 1, "cpu")
    assert 0 <= row.seconds_silent <= row.seconds_alive < 5
    storage.leave_worker("a-1")
    assert storage.workers() == []


def test_one_worker_or_all_of_a_host_are_asked_to_end(storage: Storage) -> None:
    for worker, host in (("a-1", "a"), ("a-2", "a"), ("b-1", "b")):
        storage.enter_worker(worker, host, 1, "cpu")
    assert storage.beat_worker("a-1") == ""
    assert storage.drain_workers("a-2") == ["a-2"]
    assert [storage.beat_worker(worker) for worker in ("a-1", "a-2", "b-1")] == ["", "drain", ""]
    assert storage.drain_workers("a") == ["a-1", "a-2"]
    assert [row.asked for row in storage.workers()] == ["drain", "drain", ""]
    assert storage.drain_workers("c") == []
    for row in storage.workers():
        storage.leave_worker(row.worker)


def test_a_worker_that_the_list_has_forgotten_is_asked_nothing(storage: Storage) -> None:
    assert storage.beat_worker("unknown") == ""
