"""How a network is trained: an immutable value, the same for every trial of a study."""

from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

from vsearch.curves.number import check_number
from vsearch.errors import InputError, unknown_name
from vsearch.spec.number import check_interval, check_whole, shown

Precision = Literal["auto", "bf16", "float32"]
_OPEN_LOW = (("learning_rate", 0, 10), ("drop_factor", 0, 1))
_OPEN_HIGH = (("momentum", 0, 1), ("weight_decay", 0, 1), ("warmup", 0, 1))


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
        for name, low, high in _OPEN_LOW:
            self._set(name, check_interval(name, getattr(self, name), low, high, low_open=True))
        for name, low, high in _OPEN_HIGH:
            self._set(name, check_interval(name, getattr(self, name), low, high, high_open=True))
        self._set("drops", _fractions(self.drops))
        if self.batch_size == 1 and self.batch_size is not True:
            raise InputError("batch_size is 1; it must be a whole number from 2 to 65536: batch norm needs two images")
        check_whole("batch_size", self.batch_size, 2, 65536)
        for name, high in (("iterations", 1_000_000_000), ("epochs", 10_000)):
            if getattr(self, name) is not None:
                check_whole(f"recipe.{name}", getattr(self, name), 1, high)
        if self.precision not in get_args(Precision):
            raise unknown_name("precision", str(self.precision), get_args(Precision))

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

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


def _fractions(drops: object) -> tuple[float, ...]:
    if not isinstance(drops, list | tuple):
        raise InputError(f"drops are {shown(drops)}; give a list of fractions, such as [0.5, 0.75]")
    fractions = tuple(check_number(f"drop {number}", drop) for number, drop in enumerate(drops, start=1))
    if any(not 0 < fraction < 1 for fraction in fractions) or list(fractions) != sorted(set(fractions)):
        raise InputError(f"drops are {shown(list(fractions))}; they must be increasing fractions between 0 and 1")
    return fractions


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
