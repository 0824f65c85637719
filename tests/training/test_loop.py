"""Training epoch by epoch: it learns, repeats itself exactly, and goes on exactly where it stopped."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from vsearch.data import ImageSet, SearchData
from vsearch.errors import InputError
from vsearch.models import resnet
from vsearch.spec.recipe import Recipe
from vsearch.training.checkpoint import CheckpointError, decode, encode
from vsearch.training.divergence import diverged
from vsearch.training.loop import EpochRecord, Training
from vsearch.training.schedule import Schedule

MakeTraining = Callable[..., Training]
TIMES = ("images_per_second", "seconds")


def numbers(record: EpochRecord) -> dict[str, float]:
    """The record without what the clock decides."""
    return {name: value for name, value in record._asdict().items() if name not in TIMES}


def equal(left: Any, right: Any) -> bool:
    if isinstance(left, Tensor):
        return torch.equal(left, right)
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(equal, left, right))
    return bool(left == right)


def test_it_learns_to_read_digits(make_training: MakeTraining) -> None:
    records = list(make_training(epochs=6).epochs())
    assert records[-1].validation_accuracy > 0.8
    assert records[-1].train_loss < records[0].train_loss / 2


def test_a_record_tells_what_the_epoch_gave(make_training: MakeTraining, tiny_recipe: Recipe) -> None:
    training = make_training(epochs=2)
    records = list(training.epochs())
    assert [record.epoch for record in records] == [1, 2]
    assert records[1].learning_rate == Schedule(tiny_recipe, 2 * 9)(17)
    assert all(0 <= record.validation_accuracy <= 1 for record in records)
    assert all(record.max_loss >= record.train_loss > 0 for record in records)
    assert all(record.seconds > 9 * 32 / record.images_per_second > 0 for record in records)
    assert training.epoch == 2


def test_the_same_seed_gives_the_same_numbers_to_the_last_bit(make_training: MakeTraining) -> None:
    first, second, other = make_training(epochs=2), make_training(epochs=2), make_training(epochs=2, seed=2)
    runs = [[numbers(record) for record in training.epochs()] for training in (first, second, other)]
    assert runs[0] == runs[1] != runs[2]
    assert equal(first.state_dict(), second.state_dict())


@pytest.mark.parametrize("stop_after", [0, 1, 3])
def test_a_training_goes_on_from_its_checkpoint_as_if_never_stopped(
    make_training: MakeTraining, stop_after: int
) -> None:
    whole = make_training(epochs=4, scale=0.8)
    uninterrupted = [numbers(record) for record in whole.epochs()]

    stopped = make_training(epochs=4, scale=0.8)
    before = [numbers(record) for _, record in zip(range(stop_after), stopped.epochs(), strict=False)]
    checkpoint = encode(stopped.state_dict())
    continued = make_training(epochs=4, scale=0.8)
    torch.nn.init.zeros_(next(continued.network.parameters()))
    continued.load_state_dict(decode(checkpoint, "trial-0"))
    assert continued.epoch == stop_after

    assert before + [numbers(record) for record in continued.epochs()] == uninterrupted
    assert equal(continued.state_dict(), whole.state_dict())


def test_a_state_is_a_copy_that_further_training_leaves_alone(make_training: MakeTraining) -> None:
    training = make_training(epochs=2)
    epochs = training.epochs()
    next(epochs)
    state, same = training.state_dict(), training.state_dict()
    next(epochs)
    assert equal(state, same)
    assert not equal(state, training.state_dict())


def test_loading_does_not_tie_two_trainings_together(make_training: MakeTraining) -> None:
    source = make_training(epochs=2)
    next(source.epochs())
    state = source.state_dict()
    continued = make_training(epochs=2)
    continued.load_state_dict(state)
    list(continued.epochs())
    assert equal(state, source.state_dict())


def test_a_finished_training_has_no_epoch_left(make_training: MakeTraining) -> None:
    training = make_training(epochs=1)
    assert len(list(training.epochs())) == 1
    assert list(training.epochs()) == []


@pytest.mark.parametrize(("change", "named"), [({"seed": 9}, "seed"), ({"epochs": 5}, "epochs")])
def test_the_state_of_another_training_is_refused(
    make_training: MakeTraining, change: dict[str, int], named: str
) -> None:
    state = make_training(epochs=4).state_dict()
    with pytest.raises(CheckpointError, match=f"another training: its {named} is"):
        make_training(**{"epochs": 4, **change}).load_state_dict(state)


def test_the_state_of_another_depth_is_refused_in_one_line(make_training: MakeTraining) -> None:
    with pytest.raises(CheckpointError, match="does not fit this network") as caught:
        make_training(depth=14).load_state_dict(make_training().state_dict())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("state", [{}, {"identity": 3}, {"epoch": 1}])
def test_something_else_than_a_state_is_refused(make_training: MakeTraining, state: dict[str, Any]) -> None:
    with pytest.raises(CheckpointError, match="holds no training"):
        make_training().load_state_dict(state)


def test_the_validation_accuracy_is_that_of_the_network(make_training: MakeTraining, digits: SearchData) -> None:
    training = make_training(epochs=2)
    record = list(training.epochs())[-1]
    pixels = digits.validation.images.permute(0, 3, 1, 2).float()
    inputs = (pixels - digits.mean.view(1, -1, 1, 1)) / digits.std.view(1, -1, 1, 1)
    with torch.no_grad():
        logits = training.network.eval()(inputs)
    correct = (logits.argmax(1) == digits.validation.labels).float().mean()
    assert record.validation_accuracy == pytest.approx(float(correct))
    loss = torch.nn.functional.cross_entropy(logits, digits.validation.labels)
    assert record.validation_loss == pytest.approx(float(loss), rel=1e-4)


def test_a_blow_up_ends_in_a_record_that_tells_so(make_training: MakeTraining) -> None:
    record = next(make_training(recipe=Recipe("hot", learning_rate=10, batch_size=32, drops=()), scale=50.0).epochs())
    assert diverged(record, 10) is not None


def test_bf16_trains_with_weights_and_loss_in_float32(digits: SearchData, tiny_recipe: Recipe) -> None:
    training = Training(
        resnet(8, 10, in_channels=1, generator=torch.Generator().manual_seed(1)),
        digits,
        tiny_recipe,
        epochs=2,
        seed=1,
        device=torch.device("cpu"),
        precision="bf16",
    )
    record = list(training.epochs())[-1]
    assert math.isfinite(record.train_loss)
    assert record.train_loss < math.log(10)
    assert {parameter.dtype for parameter in training.network.parameters()} == {torch.float32}


def test_a_training_without_epochs_or_without_a_batch_is_refused(
    make_training: MakeTraining, digits: SearchData, tiny_recipe: Recipe
) -> None:
    with pytest.raises(InputError, match="epochs is 0"):
        make_training(epochs=0)
    few = replace(digits, train=ImageSet(digits.train.images[:31], digits.train.labels[:31]))
    with pytest.raises(InputError, match="batch_size is 32, but there are 31 training images"):
        Training(
            resnet(8, 10, in_channels=1),
            few,
            tiny_recipe,
            epochs=1,
            seed=0,
            device=torch.device("cpu"),
            precision="float32",
        )
