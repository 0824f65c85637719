"""Reading a study spec from JSON (as stored) or from plain values (as in a TOML file)."""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from vsearch.errors import InputError, shorten, unknown_name
from vsearch.spec.knobs import setting_text
from vsearch.spec.number import check_whole, shown
from vsearch.spec.planned import planned_from
from vsearch.spec.recipe import Recipe, recipe
from vsearch.spec.study import MAX_EPOCHS, VERSION, StudySpec

_WHOLE_RECIPE = {field.name for field in fields(Recipe)} - {"name", "iterations", "epochs"}
"""A table with all of these is a recipe of its own, as `to_toml` writes it, whatever its name."""


def spec_from_json(text: str) -> StudySpec:
    """The spec that `to_json` wrote.

    Raises:
        InputError: it is not a spec, or one of a version that this program cannot read.
    """
    try:
        content = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        raise InputError("the stored study spec is not JSON: vsearch did not make it, or it is damaged") from None
    version = content.pop("version", None) if isinstance(content, dict) else None
    if version != VERSION:
        raise InputError(
            f"its spec has version {shown(version)}; this vsearch reads version {VERSION}: use the one that made it"
        )
    try:
        # Whole, and not as changes of today's recipe of that name.
        return spec_from_dict({**content, "recipe": Recipe(**content["recipe"])})
    except (KeyError, TypeError, InputError) as error:
        raise InputError(f"the stored study spec is damaged, or of another vsearch: {error}") from None


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
    if "retry" in values:
        values["retry"] = _texts("retry", values["retry"])
    values["recipe"] = _recipe(values.get("recipe", "short"))
    values["knobs"] = tuple(knob_items(values.get("knobs", {})).items())
    values["planned"] = planned_from(values.get("planned", ()))
    for key in ("epochs", "first_rung"):
        if key in values:  # their default in the spec, 0, leaves them to the recipe; nobody who writes 0 means that
            check_whole(key, values[key], 1, MAX_EPOCHS)
    if values.get("name") == "":
        raise InputError("the study name is empty; give one, or leave it out to have one made")
    for key in ("name", "dataset", "network", "sampler", "pruner", "purpose", "parent", "evaluated_on"):
        if not isinstance(values.get(key, ""), str):
            raise InputError(f"{key} is {shown(values[key])}; it must be text")
    return StudySpec(**values)


def _recipe(value: object) -> Recipe:
    if isinstance(value, Recipe):
        return value
    if isinstance(value, str):
        value = {"name": value}
    if not isinstance(value, Mapping):
        raise InputError(f"recipe is {shown(value)}; give a name or a table")
    changes = dict(value)
    name = str(changes.pop("name", "short"))
    if changes.keys() >= _WHOLE_RECIPE:
        return Recipe(name).override(**changes)
    return recipe(name).override(**changes)


def knob_items(value: object) -> dict[str, str]:
    """The table `knobs` of a TOML file as text: `{"peak": "1:1.6", "ramp.floor": "0.8"}`.

    Raises:
        InputError: no table, a value of another kind than a range, a knob given twice.
    """
    if not isinstance(value, Mapping):
        raise InputError(f"knobs are {shown(value)}; give a table such as peak = [1.0, 1.6]")
    found: dict[str, str] = {}
    for key, setting in value.items():
        inner = {f"{key}.{name}": v for name, v in setting.items()} if isinstance(setting, Mapping) else {key: setting}
        for name, single in inner.items():
            if name in found:
                raise InputError(f"the knob {shorten(name)} is given twice; give it once")
            found[name] = setting_text(name, single)
    return found


def _texts(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise InputError(f"{name} is {shown(value)}; give a name or a list of names")
    return tuple(value)
