"""The step family."""

from bisect import bisect_left
from dataclasses import dataclass
from typing import ClassVar, Self

from vsearch.curves.axis import FIRST, LAST
from vsearch.curves.curve import SCALE_DOMAIN, Curve
from vsearch.curves.knob import FloatKnob, IntKnob, Knob, KnobValue
from vsearch.curves.scale_knob import check_count, check_items, level_knobs
from vsearch.errors import InputError

SEGMENTS = IntKnob("segments", 2, 12, 5, doc="number of levels")


@dataclass(frozen=True, repr=False)
class Step(Curve):
    """`V(t) = level_i` for `edge_{i-1} < t <= edge_i`: a level holds up to and with its edge.

    `levels` has one item more than `edges`, which must not fall; where two edges are equal no block has the level
    between them.
    """

    family: ClassVar[str] = "step"
    levels: tuple[float, ...]
    edges: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", check_items("level", self.levels, SCALE_DOMAIN))
        object.__setattr__(self, "edges", check_items("edge", self.edges, (FIRST, LAST)))
        check_count(self.family, self.levels, SEGMENTS.low, SEGMENTS.high)
        if len(self.levels) != len(self.edges) + 1:
            raise InputError(
                f"step has {len(self.levels)} levels and {len(self.edges)} edges; it needs one edge less than levels",
            )
        if list(self.edges) != sorted(self.edges):
            raise InputError(f"the edges of a step are {list(self.edges)}; they must go from small to large")

    @classmethod
    def structure(cls) -> tuple[IntKnob, ...]:
        """`segments`, the number of levels."""
        return (SEGMENTS,)

    @classmethod
    def knobs(cls, **structure: int) -> tuple[Knob, ...]:
        """`level_1` … and one `edge_1` … less; without a value the edges are equally spaced."""
        segments = cls.check_structure(structure)["segments"]
        edges = tuple(
            FloatKnob(f"edge_{number}", FIRST, LAST, (FIRST, LAST), 15 * number / segments, doc="end of a level, in t")
            for number in range(1, segments)
        )
        return (*level_knobs(segments), *edges)

    @classmethod
    def baseline_knobs(cls, **structure: int) -> dict[str, KnobValue]:
        """Every level 1, equally spaced edges."""
        return {knob.name: knob.default or 1.0 for knob in cls.knobs(**structure)}

    @classmethod
    def _build(cls, values: dict[str, KnobValue]) -> Self:
        """Sort the edges, so that every point of a search's box is a curve."""
        levels = tuple(float(value) for name, value in values.items() if name.startswith("level_"))
        edges = sorted(float(value) for name, value in values.items() if name.startswith("edge_"))
        return cls(levels, tuple(edges))

    def knob_values(self) -> dict[str, KnobValue]:
        """The levels and the edges by their knobs' names."""
        names = (knob.name for knob in self.knobs(**self.structure_values()))
        return dict(zip(names, (*self.levels, *self.edges), strict=True))

    def structure_values(self) -> dict[str, int]:
        """`segments`."""
        return {"segments": len(self.levels)}

    def _at(self, t: float) -> float:
        return self.levels[bisect_left(self.edges, t)]
