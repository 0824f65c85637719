"""How a network is trained: an immutable value, the same for every trial of a study."""

import math
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

from vsearch.errors import InputError, unknown_name

Precision = Literal["auto", "bf16", "float32"]


@dataclass(frozen=True)
class Recipe:
    """SGD with momentum, a warm-up and drops placed at fractions of the epoch budget.

    A short run is so a whole schedule in small, not a long one cut off. Source: He et al. 2015, section 4.2.
    """

    name: str
    learning_rate: float = 0.1
    """Peak learning rate, in (0, 10]."""
    momentum: float = 0.9
    """In [0, 1)."""
    weight_decay: float = 1e-4
    """On every parameter, in [0, 1)."""
    batch_size: int = 128
    """Images per step; the last incomplete batch of an epoch is dropped."""
    drops: tuple[float, ...] = (0.5, 0.75)
    """Increasing fractions of the budget, in (0, 1), after which the learning rate is multiplied by `drop_factor`."""
    drop_factor: float = 0.1
    """In (0, 1]."""
    warmup: float = 0.0
    """Fraction of the budget, in [0, 1), over which the learning rate rises linearly from near 0."""
    precision: Precision = "auto"
    """`auto` takes bf16 autocast where the device gains by it, float32 elsewhere."""
    iterations: int | None = None
    """Steps of the published schedule; gives the number of epochs where a study names none."""
    epochs: int | None = None
    """Epochs where a study names none and `iterations` is None."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "drops", tuple(float(drop) for drop in self.drops))
        _in_range("learning_rate", self.learning_rate, 0, 10, low_open=True)
        _in_range("momentum", self.momentum, 0, 1, high_open=True)
        _in_range("weight_decay", self.weight_decay, 0, 1, high_open=True)
        _in_range("drop_factor", self.drop_factor, 0, 1, low_open=True)
        _in_range("warmup", self.warmup, 0, 1, high_open=True)
        if not 2 <= self.batch_size <= 65536:
            raise InputError(f"batch_size is {self.batch_size}; it must lie in 2 … 65536 (batch norm needs two images)")
        if any(not 0 < drop < 1 for drop in self.drops) or list(self.drops) != sorted(set(self.drops)):
            raise InputError(f"drops are {list(self.drops)}; they must be increasing fractions between 0 and 1")
        if self.precision not in get_args(Precision):
            raise unknown_name("precision", str(self.precision), get_args(Precision))

    def default_epochs(self, train_images: int) -> int:
        """Epochs of this recipe on `train_images` images: those of its published iterations, or its own number."""
        if self.iterations is None:
            return self.epochs or 16
        return round(self.iterations / max(1, train_images // self.batch_size))

    def override(self, **changes: Any) -> "Recipe":
        """The same recipe with some numbers changed.

        Raises:
            InputError: a name that no recipe has, or a value out of its range.
        """
        known = {field.name for field in fields(self)} - {"name"}
        for key in changes:
            if key not in known:
                raise unknown_name("recipe setting", key, known)
        return replace(self, **changes)


def _in_range(
    name: str, value: float, low: float, high: float, *, low_open: bool = False, high_open: bool = False
) -> None:
    above = value > low if low_open else value >= low
    below = value < high if high_open else value <= high
    if not (math.isfinite(value) and above and below):
        brackets = f"{'(' if low_open else '['}{low:g}, {high:g}{')' if high_open else ']'}"
        raise InputError(f"{name} is {value:g}; it must lie in {brackets}")


RECIPES = {
    # 64k iterations at batch 128, dropped at 32k and 48k (He et al. 2015, section 4.2).
    "he2015": Recipe("he2015", iterations=64_000),
    "short": Recipe("short", warmup=0.2, epochs=16),
}


def recipe(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        InputError: no recipe has that name.
    """
    if name not in RECIPES:
        raise unknown_name("recipe", name, RECIPES)
    return RECIPES[name]
