"""The constant family."""

from dataclasses import dataclass
from typing import ClassVar

from vsearch.curves.curve import SCALE_DOMAIN, SCALE_RANGE, Curve
from vsearch.curves.knob import FloatKnob, Knob, KnobValue

VALUE = FloatKnob("value", *SCALE_RANGE, SCALE_DOMAIN, doc="shortcut scale of every block")


@dataclass(frozen=True, repr=False)
class Constant(Curve):
    """`V(t) = value`: the same scale on every shortcut. `Constant(1)` is the baseline."""

    family: ClassVar[str] = "constant"
    value: float

    @classmethod
    def knobs(cls, **structure: int) -> tuple[Knob, ...]:
        """`value`."""
        cls.check_structure(structure)
        return (VALUE,)

    @classmethod
    def baseline_knobs(cls, **structure: int) -> dict[str, KnobValue]:
        """`value=1`."""
        cls.check_structure(structure)
        return {"value": 1.0}

    def _at(self, t: float) -> float:  # noqa: ARG002
        return self.value
