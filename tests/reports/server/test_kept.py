"""Results that are kept: when they are made anew, how many, and by how many threads."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from vsearch.reports.server.kept import Kept


def test_a_result_is_made_once_for_each_mark() -> None:
    kept: Kept[str] = Kept(10)
    made: list[object] = []

    def ask(name: str, mark: object) -> str:
        def make(former: str | None) -> str:
            made.append(former)
            return f"{name} {mark}"

        return kept.get(name, (mark,), make)

    assert [ask("a", 1), ask("a", 1), ask("b", 1), ask("a", 2), ask("a", 2)] == ["a 1", "a 1", "b 1", "a 2", "a 2"]
    assert made == [None, None, "a 1"]  # the former result is at hand for the next


def test_the_ones_asked_for_longest_ago_go_first() -> None:
    kept: Kept[int] = Kept(10, weight=lambda value: value)
    made: list[str] = []

    def ask(name: str, weight: int) -> None:
        def make(_: object) -> int:
            made.append(name)
            return weight

        kept.get(name, 0, make)

    for name, weight in (("a", 4), ("b", 4), ("a", 4), ("c", 4), ("a", 4), ("b", 4)):
        ask(name, weight)
    assert made == ["a", "b", "c", "b"]
    ask("huge", 100)
    ask("huge", 100)
    assert made[-1:] == ["huge"]
    assert made.count("huge") == 1
    assert len(kept._results) == len(kept._making) == 1


def test_what_fails_is_tried_again_and_the_former_result_is_not_lost() -> None:
    kept: Kept[int] = Kept(10)

    def fail(_: object) -> int:
        raise ZeroDivisionError

    kept.get("a", 1, lambda _: 1)
    with pytest.raises(ZeroDivisionError):
        kept.get("a", 2, fail)
    assert kept.get("a", 2, lambda former: -1 if former is None else former + 1) == 2


def test_one_thread_makes_a_result_and_the_others_wait_for_it() -> None:
    kept: Kept[int] = Kept(10)
    begun, may_end = threading.Event(), threading.Event()
    made: list[str] = []

    def slow(_: object) -> int:
        begun.set()
        assert may_end.wait(60)
        made.append("slow")
        return 1

    with ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(kept.get, "a", 1, slow) for _ in range(3)]
        assert begun.wait(60)
        assert threads.submit(kept.get, "b", 1, lambda _: 2).result(60) == 2  # another name does not wait
        may_end.set()
        assert [future.result(60) for future in waiting] == [1, 1, 1]
    assert made == ["slow"]


def test_what_took_long_is_not_made_again_at_once() -> None:
    now = 100.0

    def make(_: object) -> float:
        nonlocal now
        now += 2.0
        return now

    kept: Kept[float] = Kept(10, rest=5.0, clock=lambda: now)
    first = kept.get("a", 1, make)
    now += 9.0
    assert kept.get("a", 2, make) == first
    now += 1.5
    assert kept.get("a", 2, make) == now > first
