"""Does the fast way of training cost accuracy? The same seeds with vsearch and with a plain float32 loop."""

from dataclasses import dataclass
from typing import Literal

import torch
from plain import PlainImages, plain_network
from torch.nn import functional
from torch.utils.data import DataLoader

from vsearch.data import SearchData
from vsearch.models import ResNet, resnet
from vsearch.spec.recipe import Recipe
from vsearch.spec.seeds import derive_seed
from vsearch.training.evaluation import evaluate
from vsearch.training.graphed import choose_steps
from vsearch.training.loop import Training
from vsearch.training.schedule import Schedule
from vsearch.training.slots import Slots


@dataclass(frozen=True)
class Pair:
    """Validation accuracies, after the last epoch, of two trainings that began with the same weights."""

    seed: int
    fast: float
    plain: float


def train_pair(
    data: SearchData,
    depth: int,
    recipe: Recipe,
    epochs: int,
    seed: int,
    precision: Literal["bf16", "float32"],
    loader_workers: int = 2,
) -> Pair:
    """Train with vsearch and with the plain loop, on the device of `data`; order and crops are each one's own."""
    fast = _train_fast(data, depth, recipe, epochs, seed, precision)
    return Pair(seed, fast, _train_plainly(data, depth, recipe, epochs, seed, loader_workers))


def _train_fast(
    data: SearchData, depth: int, recipe: Recipe, epochs: int, seed: int, precision: Literal["bf16", "float32"]
) -> float:
    device = data.train.images.device
    training = Training(
        _network(data, depth, seed),
        data,
        recipe,
        epochs=epochs,
        seed=seed,
        device=device,
        precision=precision,
        make_steps=choose_steps(device),
    )
    slot = Slots(1)  # as a worker trains: on one CPU thread other functions are taken than on two
    try:
        return slot.submit(lambda: list(training.epochs())).result()[-1].validation_accuracy
    finally:
        slot.close()


def _train_plainly(data: SearchData, depth: int, recipe: Recipe, epochs: int, seed: int, loader_workers: int) -> float:
    device = data.train.images.device
    network = plain_network(depth, data.num_classes)
    with torch.no_grad():
        for plain, ours in zip(network.parameters(), _network(data, depth, seed).parameters(), strict=True):
            plain.copy_(ours)
    network.to(device)
    optimiser = torch.optim.SGD(
        network.parameters(), lr=recipe.learning_rate, momentum=recipe.momentum, weight_decay=recipe.weight_decay
    )
    torch.manual_seed(seed)  # for the loader and its transforms
    loader = DataLoader(
        PlainImages(data.to("cpu")),
        recipe.batch_size,
        shuffle=True,
        num_workers=loader_workers,
        drop_last=True,
        persistent_workers=loader_workers > 0,
    )
    schedule, step = Schedule(recipe, epochs * len(loader)), 0
    for _ in range(epochs):
        network.train()
        for images, labels in loader:
            optimiser.param_groups[0]["lr"] = schedule(step)
            optimiser.zero_grad()
            loss = functional.cross_entropy(network(images.to(device)), labels.to(device))
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            step += 1
    return evaluate(network, data.validation, data.mean, data.std, torch.float32).accuracy


def _network(data: SearchData, depth: int, seed: int) -> ResNet:
    return resnet(depth, data.num_classes, generator=torch.Generator().manual_seed(derive_seed("weights", seed)))
