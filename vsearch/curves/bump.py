"""The bump family."""

import math
from dataclasses import dataclass
from typing import ClassVar

from vsearch.curves.axis import MIDDLE
from vsearch.curves.curve import Curve
from vsearch.curves.interpolation import linear
from vsearch.curves.knob import FloatKnob, Knob, KnobValue
from vsearch.curves.scale_knob import FLOOR, PEAK, check_peak_and_floor
from vsearch.curves.triangle import APEX

WIDTH = FloatKnob("width", 1.0, 6.0, (0.5, 15.0), 3.0, doc="distance from the peak to where the bump is steepest, in t")


@dataclass(frozen=True, repr=False)
class Bump(Curve):
    """A smooth hill: `V(t) = floor + (peak - floor) * exp(-((t - apex) / width)**2 / 2)`."""

    family: ClassVar[str] = "bump"
    peak: float
    floor: float
    apex: float = MIDDLE
    width: float = 3.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_peak_and_floor(self.family, self.peak, self.floor)

    @classmethod
    def knobs(cls, **structure: int) -> tuple[Knob, ...]:
        """`peak`, `floor`, `apex` and `width`."""
        cls.check_structure(structure)
        return (PEAK, FLOOR, APEX, WIDTH)

    @classmethod
    def baseline_knobs(cls, **structure: int) -> dict[str, KnobValue]:
        """`peak=1`, `floor=1`."""
        cls.check_structure(structure)
        return {"peak": 1.0, "floor": 1.0, "apex": MIDDLE, "width": 3.0}

    def _at(self, t: float) -> float:
        return linear(self.floor, self.peak, math.exp(-(((t - self.apex) / self.width) ** 2) / 2))
