"""The options that say how planned studies train where that is not the full schedule on all images."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from vsearch.confirmation.plan import FULL_EPOCHS

if TYPE_CHECKING:
    from vsearch.confirmation.plan import FullTraining
    from vsearch.spec.recipe import Recipe

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--epochs", type=int, help=f"Epochs of each training. [default: the recipe's, {FULL_EPOCHS} at most]"),
    click.option("--recipe", help="How to train: he2015, short, or search for that of the search. [default: he2015]"),
    click.option(
        "--train-images",
        type=int,
        help="Train on a stratified subset of the whole training split. [default: as the search]",
    ),
    click.option("--test-images", type=int, help="Judge by so many test images. [default: all]"),
    click.option("--max-device-hours", type=float, help="Hours that workers may train. [default: no limit]"),
)


class TrainingFlags(NamedTuple):
    """What was said of it; None leaves it as it is."""

    epochs: int | None
    recipe: str | None
    train_images: int | None
    test_images: int | None
    max_device_hours: float | None

    @property
    def is_given(self) -> bool:
        """Whether anything was said."""
        return any(value is not None for value in self)

    def training(self, of_search: "Recipe | None" = None) -> "FullTraining":
        """How to train.

        Raises:
            InputError: there is no such recipe.
        """
        from vsearch.confirmation.plan import FullTraining
        from vsearch.spec.recipe import recipe

        chosen = of_search if self.recipe == "search" and of_search is not None else recipe(self.recipe or "he2015")
        return FullTraining(self.epochs, chosen, self.train_images, self.test_images, self.max_device_hours)


def training_options(function: F) -> F:
    """Give a command these options, and hand it `training: TrainingFlags`."""

    @wraps(function)
    def with_training(
        *,
        epochs: int | None,
        recipe: str | None,
        train_images: int | None,
        test_images: int | None,
        max_device_hours: float | None,
        **arguments: Any,
    ) -> Any:
        return function(
            training=TrainingFlags(epochs, recipe, train_images, test_images, max_device_hours), **arguments
        )

    decorated: Any = with_training
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]
