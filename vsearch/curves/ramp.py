"""The ramp family."""

from dataclasses import dataclass
from typing import ClassVar

from vsearch.curves.axis import FIRST, LAST
from vsearch.curves.curve import Curve
from vsearch.curves.interpolation import linear
from vsearch.curves.knob import ChoiceKnob, Knob, KnobValue
from vsearch.curves.scale_knob import FLOOR, PEAK, check_peak_and_floor

DIRECTION = ChoiceKnob("direction", ("falling", "rising"), "falling", doc="falling has its peak at the first block")


@dataclass(frozen=True, repr=False)
class Ramp(Curve):
    """A straight line between peak and floor: `V(t) = peak + (floor - peak) * (t - 1) / 14` when falling.

    When rising, floor stands at t = 1 and peak at t = 15.
    """

    family: ClassVar[str] = "ramp"
    peak: float
    floor: float
    direction: str = "falling"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_peak_and_floor(self.family, self.peak, self.floor)

    @classmethod
    def knobs(cls, **structure: int) -> tuple[Knob, ...]:
        """`peak`, `floor` and `direction`."""
        cls.check_structure(structure)
        return (PEAK, FLOOR, DIRECTION)

    @classmethod
    def baseline_knobs(cls, **structure: int) -> dict[str, KnobValue]:
        """`peak=1`, `floor=1`."""
        cls.check_structure(structure)
        return {"peak": 1.0, "floor": 1.0, "direction": "falling"}

    def _at(self, t: float) -> float:
        start, end = (self.peak, self.floor) if self.direction == "falling" else (self.floor, self.peak)
        return linear(start, end, (t - FIRST) / (LAST - FIRST))
