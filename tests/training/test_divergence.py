"""Telling a blow-up from a bad training."""

import math

import pytest

from vsearch.training.divergence import diverged
from vsearch.training.loop import EpochRecord

GOOD = EpochRecord(1, 0.1, 2.3, 4.0, 2.2, 0.1, 100.0, 1.0)


def test_a_training_that_learns_nothing_has_not_diverged() -> None:
    assert diverged(GOOD, 10) is None


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("train_loss", math.nan, "training loss is NaN after epoch 1"),
        ("train_loss", math.inf, "training loss is infinite after epoch 1"),
        ("max_loss", math.inf, "largest training loss is infinite after epoch 1"),
        ("validation_loss", math.nan, "validation loss is NaN after epoch 1"),
    ],
)
def test_a_loss_that_is_no_number_is_non_finite(field: str, value: float, reason: str) -> None:
    record = EpochRecord(**{**GOOD._asdict(), field: value})
    assert diverged(record, 10) == ("non-finite", reason)


@pytest.mark.parametrize("classes", [10, 100])
def test_a_mean_loss_above_ten_times_guessing_has_exploded(classes: int) -> None:
    limit = 10 * math.log(classes)
    assert diverged(GOOD._replace(train_loss=limit * 0.99), classes) is None
    found = diverged(GOOD._replace(train_loss=limit * 1.01), classes)
    assert found is not None
    assert found.kind == "exploded"
    assert "after epoch 1" in found.reason


def test_one_wild_step_is_not_a_blow_up() -> None:
    assert diverged(GOOD._replace(max_loss=1e9), 10) is None
