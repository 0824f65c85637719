"""Knobs: the parameters of a curve family, each with its default search range and the domain of legal values."""

from dataclasses import dataclass, replace
from typing import TypeAlias

from vsearch.curves.number import check_within, read_number, show_number
from vsearch.errors import InputError, shorten, unknown_name

KnobValue: TypeAlias = float | str


@dataclass(frozen=True)
class FloatKnob:
    """A real number, searched between `low` and `high`; any value of `domain` is legal."""

    name: str
    low: float
    high: float
    domain: tuple[float, float]
    default: float | None = None
    """The value where none is given; None: a value has to be given."""
    log: bool = False
    """Search on a logarithmic scale."""
    doc: str = ""

    def __post_init__(self) -> None:
        low, high = self.check(self.low), self.check(self.high)
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)
        if low > high:
            raise InputError(f"{self} starts above its end; write {self.name}={show_number(high)}:{show_number(low)}")
        if self.log and low <= 0:
            raise InputError(f"{self} is searched on a log scale; its range must start above 0")

    @property
    def is_fixed(self) -> bool:
        """True where the range is a single value."""
        return self.low == self.high

    @property
    def fixed_value(self) -> float | None:
        """The single value of a fixed knob, else None."""
        return self.low if self.is_fixed else None

    @property
    def range_text(self) -> str:
        """The range as `parse` reads it: `1:1.6`, or `0.8` where fixed."""
        low = show_number(self.low)
        return low if self.is_fixed else f"{low}:{show_number(self.high)}"

    @property
    def ends(self) -> tuple[float, ...]:
        """The ends of the range; one value where fixed."""
        return (self.low,) if self.is_fixed else (self.low, self.high)

    def __str__(self) -> str:
        return f"{self.name}={self.range_text}"

    def check(self, value: object) -> float:
        """`value` as a float of the domain, whatever the range.

        Raises:
            InputError: not a finite number, or outside the domain.
        """
        return check_within(self.name, value, self.domain)

    def covers(self, value: object) -> bool:
        """True where `value` lies in the search range."""
        return self.low <= self.check(value) <= self.high

    def read(self, text: str) -> float:
        """The one legal value that `text` spells, or InputError."""
        return self.check(read_number(self.name, text))

    def narrow(self, low: float, high: float) -> "FloatKnob":
        """The same knob with another range; equal ends fix it.

        Raises:
            InputError: an end outside the domain, or `low` above `high`.
        """
        return replace(self, low=low, high=high)

    def parse(self, text: str) -> "FloatKnob":
        """The knob with the range that `text` gives: `1.0:1.6`, or `0.8` to fix it.

        Raises:
            InputError: anything else, or a range that `narrow` refuses.
        """
        ends = text.split(":")
        if len(ends) > 2 or not all(end.strip() for end in ends):
            raise InputError(f"{self.name} has the range {shorten(text)!r}; write low:high, such as {self.range_text}")
        return self.narrow(self.read(ends[0]), self.read(ends[-1]))


@dataclass(frozen=True)
class ChoiceKnob:
    """One of a few names; all of `allowed` are legal, `choices` are searched."""

    name: str
    choices: tuple[str, ...]
    default: str | None = None
    """The value where none is given; None: a value has to be given."""
    doc: str = ""
    allowed: tuple[str, ...] = ()
    """Filled with `choices` where empty."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "choices", tuple(self.choices))
        object.__setattr__(self, "allowed", tuple(self.allowed or self.choices))
        if not self.choices or len(set(self.choices)) != len(self.choices):
            raise InputError(f"{self} must name each choice once; there are {', '.join(self.allowed)}")
        for choice in self.choices:
            self.check(choice)

    @property
    def is_fixed(self) -> bool:
        """True where only one choice is left."""
        return len(self.choices) == 1

    @property
    def fixed_value(self) -> str | None:
        """The only choice of a fixed knob, else None."""
        return self.choices[0] if self.is_fixed else None

    @property
    def range_text(self) -> str:
        """The choices as `parse` reads them: `falling,rising`."""
        return ",".join(self.choices)

    @property
    def ends(self) -> tuple[str, ...]:
        """All choices: a set of names has no ends."""
        return self.choices

    def __str__(self) -> str:
        return f"{self.name}={self.range_text}"

    def check(self, value: object) -> str:
        """`value`, if it is one of the legal names.

        Raises:
            InputError: any other value.
        """
        if not isinstance(value, str) or value not in self.allowed:
            raise unknown_name(self.name, str(value), self.allowed)
        return value

    def covers(self, value: object) -> bool:
        """True where `value` is one of the searched choices."""
        return self.check(value) in self.choices

    def read(self, text: str) -> str:
        """The one legal value that `text` spells, or InputError."""
        return self.check(text.strip())

    def narrow(self, *choices: str) -> "ChoiceKnob":
        """The same knob with fewer choices; a single one fixes it.

        Raises:
            InputError: no choice, a choice named twice, or one that is not legal.
        """
        return replace(self, choices=choices)

    def parse(self, text: str) -> "ChoiceKnob":
        """The knob with the choices that `text` lists: `falling`, or `falling,rising`."""
        return self.narrow(*(part.strip() for part in text.split(",")))


@dataclass(frozen=True)
class IntKnob:
    """A whole number from `low` to `high` that is fixed when a study is made and never searched."""

    name: str
    low: int
    high: int
    default: int
    doc: str = ""
    structural: bool = True
    """It decides which other knobs there are."""

    def __str__(self) -> str:
        return f"{self.name}={self.low}:{self.high}"

    @property
    def is_fixed(self) -> bool:
        """True where the range is a single value."""
        return self.low == self.high

    def check(self, value: object) -> int:
        """`value`, if it is a whole number of the range.

        Raises:
            InputError: any other value.
        """
        number = check_within(self.name, value, (self.low, self.high))
        if not number.is_integer():
            raise InputError(f"{self.name} is {number}; it must be a whole number from {self.low} to {self.high}")
        return int(number)

    def read(self, text: str) -> int:
        """The one legal value that `text` spells, or InputError."""
        return self.check(read_number(self.name, text))

    def parse(self, text: str) -> "IntKnob":
        """The knob fixed to the number that `text` spells.

        Raises:
            InputError: not one whole number of the range: a structural knob is not searched.
        """
        if ":" in text:
            raise InputError(
                f"{self.name} has the range {shorten(text)!r}; it is fixed for a whole study: give one number",
            )
        value = self.read(text)
        return replace(self, low=value, high=value, default=value)


Knob: TypeAlias = FloatKnob | ChoiceKnob


def parse_setting(text: str) -> tuple[str, str]:
    """The left and the right side of `knob=range`, such as `peak=1.0:1.6` or `triangle.peak=1.2`.

    Raises:
        InputError: no equals sign, or an empty side.
    """
    name, equals, value = (part.strip() for part in text.partition("="))
    if not (name and equals and value):
        raise InputError(f"the setting {shorten(text)!r} is not understood; write knob=value or knob=low:high")
    return name, value
