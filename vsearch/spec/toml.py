"""A study spec as a TOML file."""

import tomli_w

from vsearch.spec.study import StudySpec


def to_toml(spec: StudySpec) -> str:
    """The spec as TOML that `vsearch study create FILE.toml` reads back to an equal spec."""
    content = {key: value for key, value in spec.to_dict().items() if key != "version" and value is not None}
    content["recipe"] = {key: value for key, value in content["recipe"].items() if value is not None}
    tables = {key: content.pop(key) for key in ("recipe", "knobs")}
    knobs: dict[str, dict[str, str]] = {}
    for key, text in tables["knobs"].items():
        family, _, knob = key.partition(".")
        knobs.setdefault(family, {})[knob] = text
    return tomli_w.dumps({**content, "recipe": tables["recipe"], "knobs": knobs})
