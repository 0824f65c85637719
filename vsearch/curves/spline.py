"""The spline family."""

from dataclasses import dataclass
from typing import ClassVar, Self

from vsearch.curves.axis import FIRST, LAST
from vsearch.curves.curve import SCALE_DOMAIN, Curve
from vsearch.curves.interpolation import monotone_cubic
from vsearch.curves.knob import IntKnob, Knob, KnobValue
from vsearch.curves.scale_knob import check_count, check_items, level_knobs

POINTS = IntKnob("points", 3, 12, 5, doc="number of points that the curve goes through")


@dataclass(frozen=True, repr=False)
class Spline(Curve):
    """A smooth curve through k levels at equally spaced positions, `t_i = 1 + 14 * (i - 1) / (k - 1)`.

    Monotone cubic interpolation (Fritsch and Carlson 1980): between two points it stays between their levels.
    """

    family: ClassVar[str] = "spline"
    levels: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", check_items("level", self.levels, SCALE_DOMAIN))
        check_count(self.family, self.levels, POINTS.low, POINTS.high)

    @classmethod
    def structure(cls) -> tuple[IntKnob, ...]:
        """`points`, the number of levels."""
        return (POINTS,)

    @classmethod
    def knobs(cls, **structure: int) -> tuple[Knob, ...]:
        """`level_1` … `level_<points>`."""
        return level_knobs(cls.check_structure(structure)["points"])

    @classmethod
    def baseline_knobs(cls, **structure: int) -> dict[str, KnobValue]:
        """Every level 1."""
        return {knob.name: 1.0 for knob in cls.knobs(**structure)}

    @classmethod
    def _build(cls, values: dict[str, KnobValue]) -> Self:
        return cls(tuple(float(value) for value in values.values()))

    def knob_values(self) -> dict[str, KnobValue]:
        """The levels by their knobs' names."""
        return {f"level_{number}": level for number, level in enumerate(self.levels, start=1)}

    def structure_values(self) -> dict[str, int]:
        """`points`."""
        return {"points": len(self.levels)}

    def _at(self, t: float) -> float:
        return monotone_cubic(self.levels, (t - FIRST) * (len(self.levels) - 1) / (LAST - FIRST))
