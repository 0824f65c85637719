"""An interval of numbers, either end of which may be infinite."""

import math
from typing import NamedTuple


class Interval(NamedTuple):
    """The numbers from `low` to `high`, both included."""

    low: float
    high: float

    @property
    def is_finite(self) -> bool:
        """Whether both ends are finite: false where the data say nothing yet."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def excludes_zero(self) -> bool:
        """Whether all its numbers have one sign."""
        return self.low > 0 or self.high < 0

    def covers(self, number: float) -> bool:
        """Whether `number` lies in it."""
        return self.low <= number <= self.high

    def to_json(self) -> list[float | None]:
        """`[low, high]`, with None for an infinite end: JSON knows no infinity."""
        return [end if math.isfinite(end) else None for end in self]


EVERYTHING = Interval(-math.inf, math.inf)
"""What is left where nothing is known."""
