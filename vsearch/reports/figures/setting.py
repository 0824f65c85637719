"""What must be equal before scores of two studies may be compared, and how settings that differ are told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import NamedTuple

from vsearch.reports.wording import counted
from vsearch.spec.datasets import dataset_info
from vsearch.spec.recipe import Recipe
from vsearch.spec.study import StudySpec


class Setting(NamedTuple):
    """On what and how the trials of a study are trained and scored; its search and its budget do not matter here."""

    dataset: str
    network: str
    depth: int
    epochs: int
    recipe: Recipe
    train_images: int | None
    validation_images: int | None
    image_size: int | None
    split_seed: int
    replicates: int

    @property
    def dataset_title(self) -> str:
        """The data set as people write it: `CIFAR-10`."""
        info = dataset_info(self.dataset)
        return self.dataset if info is None else info.title

    @property
    def title(self) -> str:
        """`CIFAR-10, ResNet-32`."""
        return f"{self.dataset_title}, {network_title(self.network, self.depth)}"


def setting_of(spec: StudySpec) -> Setting:
    """The setting of a study."""
    return Setting(*(getattr(spec, name) for name in Setting._fields))


def network_title(network: str, depth: int) -> str:
    """`ResNet-32`."""
    return f"{'ResNet' if network == 'resnet' else network}-{depth}"


def differing_words(settings: Sequence[Setting]) -> dict[Setting, str]:
    """For each setting, in words, what is not the same in all of them beside data set and depth; often nothing.

    `16 epochs, 5000 training images, learning_rate 0.05`.
    """
    names = [name for name in Setting._fields[3:] if len({getattr(setting, name) for setting in settings}) > 1]
    recipes = [setting.recipe for setting in settings]
    return {
        setting: ", ".join(word for name in names for word in _words(name, setting, recipes)) for setting in settings
    }


def _words(name: str, setting: Setting, recipes: list[Recipe]) -> list[str]:
    value = getattr(setting, name)
    match name:
        case "epochs":
            return [counted(value, "epoch")]
        case "recipe":
            return _recipe_words(value, recipes)
        case "train_images":
            return [f"{value or 'all'} training images"]
        case "validation_images":
            return [f"{value or 'all'} validation images"]
        case "image_size":
            return [f"{value} pixels" if value else "images at their own size"]
        case "split_seed":
            return [f"split {value}"]
        case _:
            return [f"{counted(value, 'seed')} each"]


def _recipe_words(recipe: Recipe, recipes: list[Recipe]) -> list[str]:
    """The recipe's name and, where recipes of one name differ, the numbers that do."""
    namesakes = [other for other in recipes if other.name == recipe.name]
    words = [f"recipe {recipe.name}"] if len(namesakes) < len(recipes) else []
    for field in fields(Recipe):
        if len({getattr(other, field.name) for other in namesakes}) > 1:
            words.append(f"{field.name} {_plain(getattr(recipe, field.name))}")
    return words


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
