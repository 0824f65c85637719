"""Trainings side by side in slots."""

import threading
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
