"""Small trainings of a small network on real images, on one CPU thread."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from vsearch.data import Augmentation, ImageSet, SearchData, load_search_data
from vsearch.models import resnet
from vsearch.spec.recipe import Recipe
from vsearch.training.loop import Training
from vsearch.training.steps import MakeSteps

MakeTraining = Callable[..., Training]
# Numbers that float32 holds exactly: a rate in a float32 tensor is then the eager steps' rate.
EXACT = Recipe("exact", learning_rate=0.0625, drops=(0.5,), drop_factor=0.25, batch_size=32)


def one_epoch(training: Training) -> tuple[float, ...]:
    """The numbers of one more epoch."""
    record = training.run_epoch()
    return record.train_loss, record.max_loss, record.validation_loss, record.validation_accuracy


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> SearchData:
    """300 training images of 8×8, with crops, so that the augmentation takes part."""
    data = load_search_data("digits", root=Path(tmp_path_factory.mktemp("data")))
    train, validation = (ImageSet(part.images[:count], part.labels[:count]) for part, count in
                         ((data.train, 300), (data.validation, 100)))  # fmt: skip
    return replace(data, train=train, validation=validation, augmentation=Augmentation(pad=1, flip=False))


@pytest.fixture(scope="session")
def tiny_recipe() -> Recipe:
    """A whole schedule in small."""
    return Recipe("tiny", learning_rate=0.05, batch_size=32, warmup=0.1, epochs=4)


@pytest.fixture
def make_training(digits: SearchData, tiny_recipe: Recipe) -> MakeTraining:
    """`make_training(epochs=…, seed=…, depth=…, recipe=…)`: ResNet-8 unless told otherwise."""

    def make(
        *, epochs: int = 4, seed: int = 1, depth: int = 8, recipe: Recipe = tiny_recipe, scale: float = 1.0
    ) -> Training:
        network = resnet(
            depth, 10, [scale] * ((depth - 2) // 2), in_channels=1, generator=torch.Generator().manual_seed(seed)
        )
        return Training(
            network, digits, recipe, epochs=epochs, seed=seed, device=torch.device("cpu"), precision="float32"
        )

    return make


@pytest.fixture
def make_exact(digits: SearchData) -> MakeTraining:
    """`make_exact(make_steps, seed=…, scale=…, epochs=…, recipe=…, precision=…)`: ResNet-8, steps of any kind."""

    def make(
        make_steps: MakeSteps,
        *,
        seed: int = 1,
        scale: float = 1.0,
        epochs: int = 3,
        recipe: Recipe = EXACT,
        precision: Any = "float32",
    ) -> Training:
        return Training(
            resnet(8, 10, [scale] * 3, in_channels=1, generator=torch.Generator().manual_seed(seed)),
            digits,
            recipe,
            epochs=epochs,
            seed=seed,
            device=torch.device("cpu"),
            precision=precision,
            make_steps=make_steps,
        )

    return make
