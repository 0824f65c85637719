"""The learning rate over the steps."""

import pytest

from vsearch.spec.recipe import Recipe, recipe
from vsearch.training.schedule import Schedule


def test_he2015_drops_at_32k_and_48k_of_64k_steps() -> None:
    schedule = Schedule(recipe("he2015"), 64_000)
    rates = [schedule(step) for step in (0, 31_999, 32_000, 47_999, 48_000, 63_999)]
    assert rates == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001, 0.001])


def test_warm_up_rises_by_equal_steps_and_then_stays_at_the_peak() -> None:
    schedule = Schedule(Recipe("r", learning_rate=0.5, warmup=0.2, drops=()), 20)
    assert [schedule(step) for step in range(6)] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.5])
    assert schedule(19) == 0.5


def test_a_drop_inside_the_warm_up_still_drops() -> None:
    schedule = Schedule(Recipe("r", learning_rate=1.0, warmup=0.5, drops=(0.25,), drop_factor=0.5), 8)
    assert schedule(2) == pytest.approx(0.5 * 3 / 5)


def test_a_schedule_of_one_step_has_a_rate_above_0() -> None:
    assert Schedule(recipe("short"), 1)(0) > 0


def test_schedules_are_values() -> None:
    assert Schedule(recipe("short"), 10) == Schedule(recipe("short"), 10)
    assert Schedule(recipe("short"), 10) != Schedule(recipe("short"), 11)
