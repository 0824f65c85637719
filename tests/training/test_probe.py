"""The measurement that finds how many trainings a device takes at the same time."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from vsearch.training import probe
from vsearch.training.layout import Layout
from vsearch.training.loop import Training

CPU = torch.device("cpu")
MakeTraining = Callable[..., Training]


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "SECONDS", 0.1)


def test_the_fastest_layout_is_taken(make_training: MakeTraining, monkeypatch: pytest.MonkeyPatch) -> None:
    speeds = {Layout(1, 4): 100.0, Layout(2, 2): 150.0, Layout(4, 1): 140.0}
    monkeypatch.setattr(probe, "total_speed", lambda _, layout: speeds[layout])
    assert probe.fastest(make_training, CPU, 4) == Layout(2, 2)
    speeds[Layout(2, 2)] = 102.0  # not worth its memory
    assert probe.fastest(make_training, CPU, 4) == Layout(4, 1)
    speeds[Layout(4, 1)] = 102.0
    assert probe.fastest(make_training, CPU, 4) == Layout(1, 4)


def test_a_layout_that_does_not_fit_into_memory_ends_the_search(
    make_training: MakeTraining, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[Layout] = []

    def speed(_: Any, layout: Layout) -> float:
        tried.append(layout)
        if layout.slots > 1:
            raise torch.OutOfMemoryError("no room")
        return 1.0

    monkeypatch.setattr(probe, "total_speed", speed)
    assert probe.fastest(make_training, CPU, 4) == Layout(1, 4)
    assert tried == [Layout(1, 4), Layout(2, 2)]


def test_with_one_choice_nothing_is_measured() -> None:
    def sample() -> Training:
        pytest.fail("measured")

    assert probe.fastest(sample, CPU, 2, slots=1) == Layout(1, 2)


def test_the_speed_is_that_of_real_trainings_added_up(make_training: MakeTraining) -> None:
    made: list[Training] = []

    def sample() -> Training:
        made.append(make_training())
        return made[-1]

    before = make_training()
    assert probe.total_speed(sample, Layout(2, 1), seconds=0.2) > 0
    assert len(made) == 2
    for training in made:
        assert training.epoch == 0
        pairs = zip(training.network.parameters(), before.network.parameters(), strict=True)
        assert not any(torch.equal(trained, new) for trained, new in pairs)
