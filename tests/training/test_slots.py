"""Trainings side by side in slots."""

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import torch

from vsearch.training.loop import EpochRecord, Training
from vsearch.training.slots import Slots

MakeTraining = Callable[..., Training]


@pytest.fixture
def slots() -> Iterator[Callable[..., Slots]]:
    """`slots(count, threads)`, closed at the end of the test."""
    made: list[Slots] = []

    def make(count: int, threads: int = 1) -> Slots:
        made.append(Slots(count, threads))
        return made[-1]

    yield make
    for each in made:
        each.close()


def numbers(records: list[EpochRecord]) -> list[tuple[float, ...]]:
    return [record[:6] for record in records]


def weights(training: Training) -> dict[str, Any]:
    return training.network.state_dict()


def train(training: Training) -> list[EpochRecord]:
    return list(training.epochs())


def test_a_training_among_others_gives_the_very_numbers_that_it_gives_alone(
    make_training: MakeTraining, slots: Callable[..., Slots]
) -> None:
    """Others differ in curve, seed, depth and number of epochs, and begin and end at other times."""
    alone = make_training(epochs=4, seed=1)
    expected = numbers(slots(1).submit(partial(train, alone)).result())
    full, among = slots(4), make_training(epochs=4, seed=1)
    others = [make_training(epochs=count, seed=count, depth=8, scale=0.5 * count) for count in (2, 3, 6)]
    before = [full.submit(partial(train, other)) for other in others[:2]]
    found = full.submit(partial(train, among))
    after = full.submit(partial(train, others[2]))
    assert numbers(found.result()) == expected
    assert all(torch.equal(value, weights(among)[name]) for name, value in weights(alone).items())
    for future in (*before, after):
        future.result()


def test_so_many_works_are_done_at_the_same_time_and_no_more(slots: Callable[..., Slots]) -> None:
    three = slots(3)
    barrier = threading.Barrier(3, timeout=20)
    assert sorted(future.result() for future in [three.submit(barrier.wait) for _ in range(3)]) == [0, 1, 2]
    assert len({future.result() for future in [three.submit(threading.get_ident) for _ in range(50)]}) <= 3


def test_each_slot_has_its_own_number_of_threads(slots: Callable[..., Slots]) -> None:
    before = torch.get_num_threads()
    counts = [slots(2, threads).submit(torch.get_num_threads).result() for threads in (1, 2)]
    assert counts == [1, 2]
    assert torch.get_num_threads() == before


def test_after_lowering_no_more_are_done_at_the_same_time_and_all_are_done(slots: Callable[..., Slots]) -> None:
    """What had begun goes on; what waited before is taken in its turn."""
    three, go_on, at_once = slots(3), threading.Event(), threading.Barrier(4, timeout=20)

    def hold() -> None:
        at_once.wait()
        go_on.wait(20)

    begun = [three.submit(hold) for _ in range(3)]
    waiting = [three.submit(partial(time.sleep, 0.01)) for _ in range(4)]
    at_once.wait()
    three.lower(1)
    go_on.set()
    later = [three.submit(partial(time.sleep, 0.01)) for _ in range(4)]
    for future in (*begun, *waiting, *later):
        future.result(20)
    assert [future.most_at_once for future in begun] == [3] * 3
    assert [future.most_at_once for future in later] == [1] * 4


def test_slots_are_never_lowered_below_one_nor_raised(slots: Callable[..., Slots]) -> None:
    two = slots(2)
    two.lower(3)
    assert two.count == 2
    two.lower(0)
    assert two.count == 1
    assert two.submit(lambda: 7).result(20) == 7


def test_what_was_cancelled_is_passed_over_and_an_error_leaves_its_slot_free(slots: Callable[..., Slots]) -> None:
    one, go_on = slots(1), threading.Event()
    first, second, third = one.submit(partial(go_on.wait, 20)), one.submit(lambda: 2), one.submit(lambda: 1 // 0)
    assert second.cancel()
    go_on.set()
    assert isinstance(third.exception(20), ZeroDivisionError)
    assert first.result(20)
    assert one.submit(lambda: 4).result(20) == 4


def test_closing_waits_for_all_that_was_submitted() -> None:
    two = Slots(2)
    futures = [two.submit(partial(time.sleep, 0.02)) for _ in range(5)]
    two.close()
    assert all(future.done() for future in futures)
