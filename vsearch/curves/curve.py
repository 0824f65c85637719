"""The curve: an immutable value that gives the shortcut scale at every depth of a network."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar, Self

from vsearch.curves.axis import FIRST, clamp, positions
from vsearch.curves.knob import IntKnob, Knob, KnobValue
from vsearch.curves.number import show_number
from vsearch.errors import InputError, shorten, unknown_name

SCALE_DOMAIN = (0.0, 10.0)
"""Legal shortcut scales; 0 cuts the shortcut of a block, so that only its branch is left."""
SCALE_RANGE = (0.6, 1.6)
"""Where a level is searched unless the study says otherwise."""


@dataclass(frozen=True, repr=False)
class Curve(ABC):
    """`V(t)`, the number that multiplies the *shortcut* (not the branch) of the block at position `t`.

    A family is a subclass: a frozen dataclass (`repr=False`) whose fields are its knobs. It names itself in `family`,
    lists its knobs in `knobs`, gives `V` in `_at`, and says in `baseline_knobs` how to be 1 everywhere.
    """

    family: ClassVar[str]
    is_searchable: ClassVar[bool] = True
    """False where there are no knobs to search."""

    def __post_init__(self) -> None:
        for knob in self.knobs():
            object.__setattr__(self, knob.name, knob.check(getattr(self, knob.name)))

    def __call__(self, t: float) -> float:
        """The scale at position `t`; left of 1 it is `V(1)`, right of 15 it is `V(15)`.

        Raises:
            InputError: `t` is NaN or no number.
        """
        return self._at(clamp(t, FIRST))

    @abstractmethod
    def _at(self, t: float) -> float:
        """`V(t)` for 1 <= t <= 15."""

    def scales(self, num_blocks: int) -> tuple[float, ...]:
        """One scale per block, from the first block of the network to the last.

        Raises:
            InputError: `num_blocks` is not a whole number from 1 to 10000.
        """
        return tuple(self(t) for t in positions(num_blocks))

    @classmethod
    def structure(cls) -> tuple[IntKnob, ...]:
        """The whole numbers that decide which knobs there are; most families have none."""
        return ()

    @classmethod
    @abstractmethod
    def knobs(cls, **structure: int) -> tuple[Knob, ...]:
        """The searchable knobs, with their default ranges, in the order of the formula."""

    @classmethod
    @abstractmethod
    def baseline_knobs(cls, **structure: int) -> dict[str, KnobValue]:
        """Values inside the default ranges that make the curve 1 everywhere."""

    @classmethod
    def from_knobs(cls, values: Mapping[str, KnobValue], **structure: int) -> Self:
        """The curve with these knob values; a knob that is left out takes its default.

        Raises:
            InputError: a knob that the family lacks, a missing one without default, or an illegal value.
        """
        knobs = {knob.name: knob for knob in cls.knobs(**structure)}
        for name in values:
            if name not in knobs:
                raise unknown_name(f"knob of {cls.family}", name, knobs)
        missing = [knob for knob in knobs.values() if knob.name not in values and knob.default is None]
        if missing:
            names, usual = ", ".join(knob.name for knob in missing), ", ".join(map(str, missing))
            raise InputError(f"{cls.family} needs {names}; usual ranges are {usual}")
        return cls._build({name: knob.check(values.get(name, knob.default)) for name, knob in knobs.items()})

    @classmethod
    def _build(cls, values: dict[str, KnobValue]) -> Self:
        return cls(**values)

    def knob_values(self) -> dict[str, KnobValue]:
        """The values from which `from_knobs` makes this curve again."""
        return {knob.name: getattr(self, knob.name) for knob in self.knobs()}

    def structure_values(self) -> dict[str, int]:
        """The structure that goes with `knob_values`; empty for most families."""
        return {}

    @classmethod
    def check_structure(cls, structure: Mapping[str, object]) -> dict[str, int]:
        """`structure` checked, with defaults where a number is left out.

        Raises:
            InputError: a name that the family lacks, or a number out of its range.
        """
        known = {knob.name: knob for knob in cls.structure()}
        for name in structure:
            if name not in known:
                raise unknown_name(f"structural knob of {cls.family}", name, known)
        return {name: knob.check(structure.get(name, knob.default)) for name, knob in known.items()}

    def to_dict(self) -> dict[str, Any]:
        """The family and the fields, as plain JSON values."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {"family": self.family} | {
            name: list(value) if isinstance(value, tuple) else value for name, value in values.items()
        }

    def to_json(self) -> str:
        """`to_dict` as one line of JSON; equal curves give equal text."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The curve of this family with the fields in `data`; `vsearch.curves.from_dict` takes any family.

        Raises:
            InputError: another family, a missing or unknown field, or an illegal value.
        """
        if data.get("family") != cls.family:
            raise InputError(f"the curve's family is {shorten(repr(data.get('family')))}; {cls.family!r} was expected")
        known = {field.name: field for field in fields(cls)}
        given = {name: value for name, value in data.items() if name != "family"}
        for name in given:
            if name not in known:
                raise unknown_name(f"field of {cls.family}", str(name), known)
        missing = [
            name
            for name, field in known.items()
            if name not in given and field.default is MISSING and field.default_factory is MISSING
        ]
        if missing:
            raise InputError(f"the {cls.family} curve lacks {', '.join(missing)}; its fields are {', '.join(known)}")
        return cls(**given)

    def __repr__(self) -> str:
        return self._show(show_number)

    def __str__(self) -> str:
        """As `repr`, with numbers to four digits: for people."""
        return self._show(lambda number: f"{number:.4g}")

    def _show(self, number: Callable[[float], str]) -> str:
        inside = ", ".join(f"{field.name}={_show(getattr(self, field.name), number)}" for field in fields(self))
        return f"{type(self).__name__}({inside})"


def _show(value: object, number: Callable[[float], str]) -> str:
    if isinstance(value, tuple):
        items = ", ".join(_show(item, number) for item in value)
        return f"({items},)" if len(value) == 1 else f"({items})"
    return number(value) if isinstance(value, float) else repr(value)
