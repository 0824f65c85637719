"""The stage family."""

from dataclasses import dataclass
from typing import ClassVar

from vsearch.curves.curve import Curve
from vsearch.curves.knob import Knob, KnobValue
from vsearch.curves.scale_knob import level_knobs

BORDERS = (5.0, 10.0)
"""The positions of the last block of the first and of the second of a network's three equal stages."""


@dataclass(frozen=True, repr=False)
class Stage(Curve):
    """One scale per stage of the network: `level_1` for t <= 5, `level_2` for 5 < t <= 10, `level_3` after it."""

    family: ClassVar[str] = "stage"
    level_1: float
    level_2: float
    level_3: float

    @classmethod
    def knobs(cls, **structure: int) -> tuple[Knob, ...]:
        """`level_1`, `level_2` and `level_3`."""
        cls.check_structure(structure)
        return level_knobs(3)

    @classmethod
    def baseline_knobs(cls, **structure: int) -> dict[str, KnobValue]:
        """Every level 1."""
        return {knob.name: 1.0 for knob in cls.knobs(**structure)}

    def _at(self, t: float) -> float:
        if t <= BORDERS[0]:
            return self.level_1
        return self.level_2 if t <= BORDERS[1] else self.level_3
