"""The curve families by name: the built-in ones, and those that installed packages bring along.

A package adds a family with an entry point of the group `vsearch.families` whose object is a subclass of `Curve`.
"""

import json
import re
import warnings
from collections.abc import Mapping
from functools import cache
from inspect import isabstract
from typing import Any, TypeVar

from vsearch.curves.bump import Bump
from vsearch.curves.constant import Constant
from vsearch.curves.curve import Curve
from vsearch.curves.levels import Levels
from vsearch.curves.ramp import Ramp
from vsearch.curves.spline import Spline
from vsearch.curves.stage import Stage
from vsearch.curves.step import Step
from vsearch.curves.triangle import Triangle
from vsearch.errors import InputError, shorten, unknown_name

ENTRY_POINTS = "vsearch.families"

_BUILT_IN: tuple[type[Curve], ...] = (Constant, Triangle, Ramp, Step, Bump, Stage, Spline, Levels)
_FAMILIES: dict[str, type[Curve]] = {cls.family: cls for cls in _BUILT_IN}
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")

C = TypeVar("C", bound=type[Curve])


def family(name: str) -> type[Curve]:
    """The family of that name; installed plugins are looked at only where no built-in family has it.

    Raises:
        InputError: no family has that name.
    """
    found = _FAMILIES.get(name) or families().get(name)
    if found is None:
        raise unknown_name("curve family", name, _FAMILIES)
    return found


def families() -> dict[str, type[Curve]]:
    """All families by name, the built-in ones first; a plugin that cannot be loaded gives a warning."""
    _load_plugins()
    return dict(_FAMILIES)


def register(cls: C) -> C:
    """Make a family known by its name; a decorator for its class.

    Raises:
        InputError: not a subclass of Curve, a name that is missing or malformed, or one that is taken.
    """
    if not (isinstance(cls, type) and issubclass(cls, Curve)):
        raise InputError(f"{shorten(repr(cls))} is no curve family; register a subclass of vsearch.curves.Curve")
    if isabstract(cls):
        raise InputError(f"{cls.__name__} lacks {', '.join(sorted(cls.__abstractmethods__))}; write them")
    name = getattr(cls, "family", None)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InputError(f"{cls.__name__}.family is {name!r}; it must be a short name of a-z, 0-9, - and _")
    if _FAMILIES.setdefault(name, cls) is not cls:
        raise InputError(f"the curve family {name!r} exists already; give {cls.__name__} another name")
    return cls


def from_dict(data: Mapping[str, Any]) -> Curve:
    """The curve that `to_dict` described; a field with a default may be left out.

    Raises:
        InputError: an unknown family, a missing or unknown field, or an illegal value.
    """
    if not isinstance(data, Mapping):
        raise InputError(f"a curve was expected, got {shorten(repr(data))}; write an object with its family and fields")
    name = data.get("family")
    if not isinstance(name, str):
        raise InputError(f"the curve's family is {shorten(repr(name))}; it must be one of {', '.join(_FAMILIES)}")
    return family(name).from_dict(data)


def from_json(text: str) -> Curve:
    """The curve that `to_json` wrote.

    Raises:
        InputError: malformed JSON, a key given twice, or what `from_dict` refuses.
    """
    try:
        data = json.loads(text, object_pairs_hook=_without_doubles)
    except InputError:
        raise
    except (ValueError, TypeError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise InputError(f"the curve {shorten(str(text))!r} is not JSON: {reason}") from None
    return from_dict(data)


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise InputError(f"the curve has {shorten(name)!r} twice; give each field once")
        found[name] = value
    return found


@cache
def _load_plugins() -> None:
    from importlib.metadata import entry_points  # 20 ms that a plain curve need not pay

    for entry in entry_points(group=ENTRY_POINTS):
        try:
            register(entry.load())
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            warnings.warn(f"the curve family {entry.name!r} ({entry.value}) was left out: {reason}", stacklevel=2)
