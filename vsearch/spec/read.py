"""Reading a study spec from JSON (as stored) or from plain values (as in a TOML file)."""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from vsearch.errors import InputError, unknown_name
from vsearch.spec.knobs import setting_text
from vsearch.spec.recipe import Recipe, recipe
from vsearch.spec.study import VERSION, StudySpec


def spec_from_json(text: str) -> StudySpec:
    """The spec that `to_json` wrote.

    Raises:
        InputError: it is not a spec, or one of a version that this program cannot read.
    """
    try:
        content = json.loads(text)
    except ValueError:
        raise InputError("the stored study spec is not JSON: vsearch did not make it, or it is damaged") from None
    version = content.pop("version", None) if isinstance(content, dict) else None
    if version != VERSION:
        raise InputError(
            f"the study spec has version {version!r}; this vsearch reads version {VERSION}: use the one that made it"
        )
    # Whole, and not as changes of today's recipe of that name.
    content["recipe"] = Recipe(**content["recipe"])
    return spec_from_dict(content)


def spec_from_dict(content: Mapping[str, Any]) -> StudySpec:
    """A spec from plain values, as in a stored spec or a TOML file.

    `family` may stand for `families`; `recipe` is a name or a table whose `name` is the recipe to start from.

    Raises:
        InputError: an unknown key, a value of the wrong type or out of range.
    """
    values = dict(content)
    if "family" in values:
        if "families" in values:
            raise InputError("both family and families are given; keep one")
        values["families"] = values.pop("family")
    known = {field.name for field in fields(StudySpec)}
    for key in values:
        if key not in known:
            raise unknown_name("study setting", str(key), known | {"family"})
    if "families" not in values:
        raise InputError('no curve family is given; say family = "triangle", for example')
    families = values["families"]
    values["families"] = (families,) if isinstance(families, str) else _texts("families", families)
    values["recipe"] = _recipe(values.get("recipe", "short"))
    values["knobs"] = _knob_items(values.get("knobs", {}))
    for key in ("name", "dataset", "network", "sampler", "pruner"):
        if not isinstance(values.get(key, ""), str):
            raise InputError(f"{key} is {values[key]!r}; it must be text")
    return StudySpec(**values)


def _recipe(value: object) -> Recipe:
    if isinstance(value, Recipe):
        return value
    if isinstance(value, str):
        value = {"name": value}
    if not isinstance(value, Mapping):
        raise InputError(f"recipe is {value!r}; give a name or a table")
    changes = dict(value)
    return recipe(str(changes.pop("name", "short"))).override(**changes)


def _knob_items(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, Mapping):
        raise InputError(f"knobs are {value!r}; give a table such as peak = [1.0, 1.6]")
    found: dict[str, str] = {}
    for key, setting in value.items():
        if isinstance(setting, Mapping):
            found |= {f"{key}.{inner}": setting_text(f"{key}.{inner}", v) for inner, v in setting.items()}
        else:
            found[str(key)] = setting_text(str(key), setting)
    return tuple(found.items())


def _texts(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise InputError(f"{name} is {value!r}; give a name or a list of names")
    return tuple(value)
