"""The learning rate over the steps of one training."""

from dataclasses import dataclass

from vsearch.spec.recipe import Recipe


@dataclass(frozen=True)
class Schedule:
    """`schedule(step)` is the learning rate of `step`, counted from 0 to `total_steps - 1`.

    It rises linearly over the first `recipe.warmup` of the steps, stays at the peak, and is multiplied by
    `recipe.drop_factor` at each of `recipe.drops`, all measured in fractions of `total_steps`.
    """

    recipe: Recipe
    total_steps: int

    def __call__(self, step: int) -> float:
        """The learning rate of `step`."""
        recipe = self.recipe
        warmup_steps = round(recipe.warmup * self.total_steps)
        rise = min(1.0, (step + 1) / (warmup_steps + 1))
        passed = sum(step >= drop * self.total_steps for drop in recipe.drops)
        return recipe.learning_rate * rise * recipe.drop_factor**passed
