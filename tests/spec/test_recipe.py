"""Recipes: their numbers, and what they refuse."""

import math
from typing import Any

import pytest

from vsearch.errors import InputError
from vsearch.spec.recipe import RECIPES, Recipe, recipe


@pytest.mark.parametrize(("images", "epochs"), [(50_000, 164), (45_000, 182)])
def test_he2015_trains_64k_iterations(images: int, epochs: int) -> None:
    assert recipe("he2015").default_epochs(images) == epochs


def test_short_has_its_own_epochs_and_a_warm_up() -> None:
    short = recipe("short")
    assert [short.default_epochs(images) for images in (0, 100, 45_000)] == [short.epochs] * 3
    assert 0 < short.warmup < min(short.drops)


def test_a_schedule_is_placed_by_fractions_as_published() -> None:
    """32k and 48k of 64k iterations."""
    assert recipe("he2015").drops == (0.5, 0.75)
    assert (recipe("he2015").learning_rate, recipe("he2015").drop_factor, recipe("he2015").batch_size) == (
        0.1,
        0.1,
        128,
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"learning_rate": 0}, "learning_rate is 0; it must lie in (0, 10]"),
        ({"learning_rate": 11}, "learning_rate is 11; it must lie in (0, 10]"),
        ({"learning_rate": math.nan}, "learning_rate"),
        ({"learning_rate": "fast"}, "learning_rate"),
        ({"momentum": 1}, "momentum is 1; it must lie in [0, 1)"),
        ({"weight_decay": -0.1}, "weight_decay is -0.1; it must lie in [0, 1)"),
        ({"warmup": 1.0}, "warmup is 1; it must lie in [0, 1)"),
        ({"drop_factor": 0}, "drop_factor is 0; it must lie in (0, 1]"),
        ({"batch_size": 1}, "batch norm needs two images"),
        ({"batch_size": 0}, "batch_size is 0; it must be a whole number from 2 to 65536"),
        ({"batch_size": 12.5}, "batch_size is 12.5"),
        ({"batch_size": True}, "batch_size is True"),
        ({"drops": 0.5}, "drops are 0.5; give a list of fractions"),
        ({"drops": (0.75, 0.5)}, "drops are [0.75, 0.5]; they must be increasing fractions between 0 and 1"),
        ({"drops": (0.5, 1.0)}, "increasing fractions between 0 and 1"),
        ({"precision": "fp16"}, "there are auto, bf16, float32"),
        ({"iterations": 0}, "recipe.iterations is 0"),
        ({"epochs": 0}, "recipe.epochs is 0"),
        ({"learning_rat": 0.1}, "Did you mean 'learning_rate'?"),
        ({"name": "mine"}, "no recipe setting is called 'name'"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as refusal:
        recipe("short").override(**changes)
    assert sentence in str(refusal.value)


def test_an_unknown_recipe_names_the_nearest() -> None:
    with pytest.raises(InputError, match="Did you mean 'he2015'"):
        recipe("he2016")


def test_recipes_compare_and_hash_by_value() -> None:
    again = Recipe("short", warmup=RECIPES["short"].warmup, epochs=RECIPES["short"].epochs)
    assert again == RECIPES["short"]
    assert hash(again) == hash(RECIPES["short"])
    assert again.override(drops=[0.5, 0.75]) == again
