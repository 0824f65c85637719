"""The triangle family."""

from dataclasses import dataclass
from typing import ClassVar

from vsearch.curves.axis import FIRST, LAST, MIDDLE
from vsearch.curves.curve import Curve
from vsearch.curves.interpolation import linear
from vsearch.curves.knob import FloatKnob, Knob, KnobValue
from vsearch.curves.scale_knob import FLOOR, PEAK, check_peak_and_floor

APEX = FloatKnob("apex", 2.0, 14.0, (FIRST, LAST), MIDDLE, doc="position of the peak, on the axis t = 1 … 15")


@dataclass(frozen=True, repr=False)
class Triangle(Curve):
    """Straight lines through (1, floor), (apex, peak) and (15, floor); an apex at an end leaves one line.

    `V(t) = floor + (peak - floor) * (t - 1) / (apex - 1)` up to the apex, mirrored accordingly after it.
    """

    family: ClassVar[str] = "triangle"
    peak: float
    floor: float
    apex: float = MIDDLE

    def __post_init__(self) -> None:
        super().__post_init__()
        check_peak_and_floor(self.family, self.peak, self.floor)

    @classmethod
    def knobs(cls, **structure: int) -> tuple[Knob, ...]:
        """`peak`, `floor` and `apex`."""
        cls.check_structure(structure)
        return (PEAK, FLOOR, APEX)

    @classmethod
    def baseline_knobs(cls, **structure: int) -> dict[str, KnobValue]:
        """`peak=1`, `floor=1`."""
        cls.check_structure(structure)
        return {"peak": 1.0, "floor": 1.0, "apex": MIDDLE}

    def _at(self, t: float) -> float:
        if t == self.apex:
            return self.peak
        end = FIRST if t < self.apex else LAST
        return linear(self.floor, self.peak, (t - end) / (self.apex - end))
