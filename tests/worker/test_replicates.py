"""The replicates of a trial give the same numbers whether they are trained side by side or take turns."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from vsearch.models.digest import state_digest
from vsearch.search.stored import StoredStudy
from vsearch.training.loop import Training
from vsearch.training.slots import Slots
from vsearch.worker.replicates import Replicates, Trained
from vsearch.worker.workplace import Workplace

SEEDS = (1, 2, 3)


@pytest.fixture
def slots() -> Iterator[Callable[[int], Slots]]:
    """`slots(count)`, closed at the end of the test."""
    made: list[Slots] = []

    def make(count: int) -> Slots:
        made.append(Slots(count))
        return made[-1]

    yield make
    for each in made:
        each.close()


class Places:
    """Makes trainings, and counts those that have a place on the device."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace
        self.taken = self.most = 0

    def __call__(self, seed: int, on_step: Callable[[], None]) -> Training:
        training = self._workplace.training((1.0,) * self._workplace.spec.num_blocks, seed, on_step)
        self.taken += 1
        self.most = max(self.most, self.taken)
        close = training.close

        def give_back() -> None:
            self.taken -= 1
            close()

        training.close = give_back  # type: ignore[method-assign]
        return training


@pytest.fixture
def places(make_study: Callable[..., StoredStudy], workplace_of: Callable[[StoredStudy], Workplace]) -> Places:
    return Places(workplace_of(make_study()))


def epochs(replicates: Replicates, count: int) -> list[list[Trained]]:
    found = []
    for _ in range(count):
        replicates.begin_epoch()
        found.append(replicates.take_epoch())
    return found


def numbers(found: list[list[Trained]]) -> list[list[Any]]:
    return [[(each.record[:6], state_digest(each.state["network"])) for each in epoch] for epoch in found]


def test_replicates_that_take_turns_give_the_same_bits_and_hold_one_place_at_a_time(
    places: Places, slots: Callable[[int], Slots]
) -> None:
    together = epochs(Replicates(SEEDS, places, slots(3), takes_turns=True), 3)
    assert places.most == 3
    places.taken = places.most = 0
    in_turns = Replicates(SEEDS, places, slots(1), takes_turns=True)
    assert numbers(epochs(in_turns, 3)) == numbers(together)
    assert (places.taken, places.most, in_turns.most_at_once) == (0, 1, 1)


def test_replicates_that_take_turns_go_on_from_a_checkpoint(places: Places, slots: Callable[[int], Slots]) -> None:
    one = slots(1)
    expected = epochs(Replicates(SEEDS, places, one, takes_turns=True), 3)
    again = Replicates(SEEDS, places, one, takes_turns=True)
    again.restore([each.state for each in expected[0]])
    assert numbers(epochs(again, 2)) == numbers(expected[1:])


def test_their_parameters_are_counted_either_way(places: Places, slots: Callable[[int], Slots]) -> None:
    counts = {Replicates(SEEDS, places, slots(1), takes_turns=way).parameters() for way in (False, True)}
    assert len(counts) == 1
    assert counts.pop() > 10_000
