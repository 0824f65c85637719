"""Curves as people write them on a command line."""

from collections.abc import Mapping

from vsearch.curves import paper
from vsearch.curves.axis import MAX_BLOCKS
from vsearch.curves.curve import Curve
from vsearch.curves.families import families, family, from_json
from vsearch.curves.knob import IntKnob, Knob
from vsearch.curves.levels import Levels
from vsearch.curves.number import read_number
from vsearch.errors import InputError, shorten, unknown_name

PAPER_PREFIX = "paper:"


def parse_curve(text: str, settings: Mapping[str, str] | None = None) -> Curve:
    """The curve that `text` names, with the knob values of `settings` where it is a family.

    `triangle` (a family), `cifar10-resnet32` or `paper:cifar10-resnet32` (the paper), `{"family": …}` (JSON),
    `1,1,0.75` or `[1, 1, 0.75]` (levels).

    Raises:
        InputError: none of these, a knob that the family lacks or needs, or an illegal value.
    """
    name = text.strip()
    if not name:
        raise InputError(f"the curve is empty; name a family ({', '.join(families())}), or give a list or JSON")
    whole = _whole_curve(name)
    if whole is None:
        return _family_curve(family(name), settings or {})
    if settings:
        raise InputError(f"{shorten(name)!r} is a whole curve; it takes no knobs, so leave out {', '.join(settings)}")
    return whole


def parse_levels(text: str) -> Levels:
    """The explicit curve that a list such as `1,1,0.75` or `[1, 1, 0.75]` spells.

    Raises:
        InputError: an item that is empty or no number (counted from 1), or more items than any network has blocks.
    """
    inside = text.strip()
    if inside.startswith("["):
        if not inside.endswith("]"):
            raise InputError(f"the list {shorten(text)!r} has no closing bracket; write it as [1, 1, 0.75]")
        inside = inside[1:-1]
    items = inside.split(",")
    if len(items) > MAX_BLOCKS:
        raise InputError(f"the list has {len(items)} levels; it takes 1 to {MAX_BLOCKS}")
    return Levels(tuple(_read_item(number, item) for number, item in enumerate(items, start=1)))


def _whole_curve(name: str) -> Curve | None:
    if name.startswith("{"):
        return from_json(name)
    if name.startswith("[") or "," in name:
        return parse_levels(name)
    if name.startswith(PAPER_PREFIX):
        return paper.published(name.removeprefix(PAPER_PREFIX))
    return paper.CURVES.get(name)


def _family_curve(cls: type[Curve], settings: Mapping[str, str]) -> Curve:
    if not cls.is_searchable:
        return cls.from_knobs({})
    known = {knob.name: knob for knob in cls.structure()}
    structure = {name: known[name].read(text) for name, text in settings.items() if name in known}
    knobs = {knob.name: knob for knob in cls.knobs(**structure)}
    rest = {name: text for name, text in settings.items() if name not in known}
    return cls.from_knobs(
        {name: _knob(cls, name, knobs, known).read(text) for name, text in rest.items()},
        **structure,
    )


def _knob(cls: type[Curve], name: str, knobs: Mapping[str, Knob], structure: Mapping[str, IntKnob]) -> Knob:
    if name not in knobs:
        raise unknown_name(f"knob of {cls.family}", name, [*knobs, *structure])
    return knobs[name]


def _read_item(number: int, item: str) -> float:
    if not item.strip():
        raise InputError(f"level {number} is empty; give a number there, or take its comma away")
    return read_number(f"level {number}", item)
