"""The knob settings of a study: `{"triangle.peak": "1.0:1.6", …}`, every knob of every family written out.

They are stored whole, so that a later version with other default ranges rebuilds the same search.
"""

from collections.abc import Mapping, Sequence

from vsearch.curves import Curve, IntKnob, Knob, KnobValue, check_ranges, family
from vsearch.errors import InputError, shorten, unknown_name
from vsearch.spec.number import shown

Settings = Mapping[str, str]


def canonical_knobs(families: Sequence[str], settings: Settings) -> tuple[tuple[str, str], ...]:
    """Every knob of `families` as (`family.knob`, range), with `settings` in the place of the default ranges.

    A key without a family (`peak`) holds for every family that has such a knob.

    Raises:
        InputError: a knob that no family has, a setting given twice, or ranges that can give an illegal curve.
    """
    per_family: dict[str, dict[str, str]] = {name: {} for name in families}
    for key, text in settings.items():
        for name, knob in _owners(families, key):
            if knob in per_family[name]:
                raise InputError(f"the knob {name}.{knob} is given twice; give it once")
            per_family[name][knob] = text
    canonical: list[tuple[str, str]] = []
    for name in families:
        structure, knobs = _narrowed(name, per_family[name])
        check_ranges(family(name), knobs, **structure)
        canonical += [(f"{name}.{key}", str(number)) for key, number in structure.items()]
        canonical += [(f"{name}.{knob.name}", knob.range_text) for knob in knobs]
    return tuple(canonical)


def knobs_of(name: str, settings: Settings) -> tuple[Knob, ...]:
    """The knobs of one family with their ranges from canonical `settings`."""
    return _narrowed(name, _own(name, settings))[1]


def structure_of(name: str, settings: Settings) -> dict[str, int]:
    """The structural knobs of one family (`segments`, `points`), from canonical `settings`."""
    return _narrowed(name, _own(name, settings))[0]


def curve_at(name: str, settings: Settings, values: Mapping[str, KnobValue]) -> Curve:
    """The curve of a family at `values`; fixed knobs are filled in from canonical `settings`."""
    structure, knobs = _narrowed(name, _own(name, settings))
    fixed = {knob.name: knob.fixed_value for knob in knobs if knob.fixed_value is not None}
    return family(name).from_knobs({**fixed, **values}, **structure)


def setting_text(key: str, value: object) -> str:
    """A setting from a TOML file as text: 0.8, [1.0, 1.6], "falling", ["falling", "rising"], "1.0:1.6".

    Raises:
        InputError: any other kind of value.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(value)
    if isinstance(value, list | tuple) and value:
        if all(isinstance(item, str) for item in value):
            return ",".join(value)
        if len(value) == 2 and all(isinstance(item, int | float) and not isinstance(item, bool) for item in value):
            return f"{value[0]!r}:{value[1]!r}"
    raise InputError(
        f"the knob {shorten(key)} is {shown(value)}; give a number, [low, high], a name or a list of names"
    )


def _owners(families: Sequence[str], key: str) -> list[tuple[str, str]]:
    """The (family, knob) pairs that a key means."""
    prefix, dot, knob = key.partition(".")
    known = {name: _knob_names(name) for name in families}
    if dot:
        if prefix not in known:
            raise unknown_name("family of this study", prefix, families)
        if not _has_knob(known[prefix], knob):
            raise unknown_name(f"knob of {prefix}", knob, known[prefix])
        return [(prefix, knob)]
    owners = [(name, key) for name, names in known.items() if _has_knob(names, key)]
    if not owners:
        raise unknown_name(f"knob of {', '.join(families)}", key, {knob for names in known.values() for knob in names})
    return owners


def _knob_names(name: str) -> list[str]:
    cls = family(name)
    return [knob.name for knob in (*cls.structure(), *cls.knobs())]


def _has_knob(names: Sequence[str], knob: str) -> bool:
    """Numbered knobs (`level_7`) may exist for another structure than the default; `_narrowed` decides."""
    stem, _, number = knob.rpartition("_")
    return knob in names or (number.isdigit() and f"{stem}_1" in names)


def _own(name: str, settings: Settings) -> dict[str, str]:
    return {key.removeprefix(f"{name}."): text for key, text in settings.items() if key.startswith(f"{name}.")}


def _narrowed(name: str, settings: Settings) -> tuple[dict[str, int], tuple[Knob, ...]]:
    """The structure and the knobs of one family with `settings` applied."""
    cls = family(name)
    structural: dict[str, IntKnob] = {knob.name: knob for knob in cls.structure()}
    given = {key: structural[key].parse(text).default for key, text in settings.items() if key in structural}
    structure = cls.check_structure(given)
    knobs = {knob.name: knob for knob in cls.knobs(**structure)}
    for key, text in settings.items():
        if key in structural:
            continue
        if key not in knobs:
            raise unknown_name(f"knob of {name}", key, [*structural, *knobs])
        knobs[key] = knobs[key].parse(text)
    return structure, tuple(knobs.values())
