"""The explicit list of levels."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from vsearch.curves.axis import MAX_BLOCKS, check_num_blocks, clamp
from vsearch.curves.curve import SCALE_DOMAIN, Curve
from vsearch.curves.knob import Knob, KnobValue
from vsearch.curves.scale_knob import check_count, check_items
from vsearch.errors import InputError

PAPER_LEVELS = 15
"""A list of this length lies on the paper's axis, so it fits a network of any depth."""


@dataclass(frozen=True, repr=False)
class Levels(Curve):
    """A scale for every block, written out; 15 of them also serve any other depth, block `l` having level ceil(t)."""

    family: ClassVar[str] = "levels"
    is_searchable: ClassVar[bool] = False
    levels: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", check_items("level", self.levels, SCALE_DOMAIN))
        check_count(self.family, self.levels, 1, MAX_BLOCKS)

    def scales(self, num_blocks: int) -> tuple[float, ...]:
        """The levels themselves, or for 15 levels and another depth the level number ceil(15 * l / L) of block `l`.

        Raises:
            InputError: another number of levels than blocks, and not 15; or `num_blocks` is not 1 … 10000.
        """
        count, given = check_num_blocks(num_blocks), len(self.levels)
        if given == count:
            return self.levels
        if given != PAPER_LEVELS:
            raise InputError(f"expected {count} levels (one per block) or 15 (the paper's axis), got {given}")
        return tuple(self.levels[-(-15 * block // count) - 1] for block in range(1, count + 1))

    def __call__(self, t: float) -> float:
        """The level at position `t`; n levels share the axis 0 … 15 equally, so block `l` of n has level `l`."""
        return self._at(clamp(t, 0.0))

    def _at(self, t: float) -> float:
        count = len(self.levels)
        # Rounded, since 27 * (15 * l / 27) / 15 may come out a little above l.
        place = t if count == PAPER_LEVELS else round(count * t / PAPER_LEVELS, 9)
        return self.levels[min(max(math.ceil(place), 1), count) - 1]

    @classmethod
    def knobs(cls, **structure: int) -> tuple[Knob, ...]:
        """None: a list is not searched."""
        cls.check_structure(structure)
        return ()

    @classmethod
    def baseline_knobs(cls, **structure: int) -> dict[str, KnobValue]:
        """Refused: a list is not searched."""
        return cls.from_knobs({}, **structure).knob_values()

    @classmethod
    def from_knobs(cls, values: Mapping[str, KnobValue], **structure: int) -> Self:  # noqa: ARG003
        """Refused: a list is not searched."""
        raise InputError("levels has no knobs; write the list itself, such as 1,1,0.75")
