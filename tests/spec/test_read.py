"""Reading specs: JSON as stored, plain values as in TOML, and back."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from vsearch.curves import FloatKnob, Triangle
from vsearch.errors import InputError
from vsearch.spec import RECIPES, Recipe, StudySpec, spec_from_dict, spec_from_json
from vsearch.spec import recipe as recipe_module
from vsearch.spec.toml import to_toml

SPECS = {
    "defaults": StudySpec(("triangle",)),
    "everything": StudySpec(
        ("step", "triangle", "ramp"),
        name="all.of_it-1",
        depth=20,
        dataset="digits",
        train_images=300,
        validation_images=100,
        split_seed=5,
        trials=7,
        epochs=9,
        max_failed=3,
        replicates=2,
        sampler="gp",
        pruner="hyperband",
        first_rung=3,
        rung_factor=3,
        startup_trials=4,
        grid_points=3,
        seed=11,
        recipe=RECIPES["he2015"].override(batch_size=32, drops=(0.3, 0.6, 0.9), precision="float32", weight_decay=5e-4),
        knobs=(("segments", "7"), ("level_7", "0.5:1e0"), ("triangle.peak", "1:1.25"), ("direction", "rising,falling")),
    ),
    "folder": StudySpec(("spline",), dataset="folder:/data/my flowers", image_size=48, knobs=(("points", "3"),)),
    "own recipe": StudySpec(("bump",), recipe=Recipe("mine", learning_rate=0.3)),
    "a published one without its iterations": StudySpec(("bump",), recipe=RECIPES["he2015"].override(iterations=None)),
}
all_specs = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)


@all_specs
def test_json_gives_the_same_spec_back(spec: StudySpec) -> None:
    text = spec.to_json()
    assert spec_from_json(text) == spec
    assert spec_from_json(text).to_json() == text
    assert "\n" not in text


@all_specs
def test_toml_gives_the_same_spec_back(spec: StudySpec) -> None:
    assert spec_from_dict(tomllib.loads(to_toml(spec))) == spec


@pytest.mark.parametrize("path", sorted(Path("studies").resolve().glob("*.toml")), ids=lambda path: path.name)
def test_the_study_files_that_ship_are_valid(path: Path) -> None:
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    assert spec_from_dict(content).families


def test_later_defaults_do_not_change_a_stored_study(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version with other default ranges and another recipe of the same name searches the same."""
    spec = StudySpec(("triangle",), dataset="digits")
    stored, knobs = spec.to_json(), spec.search_knobs
    scale = ("peak", "floor", "apex")
    other = tuple(FloatKnob(name, 1.0, 1.0 if name == "floor" else 2.0, (0, 15)) for name in scale)
    monkeypatch.setattr(Triangle, "knobs", classmethod(lambda _cls, **_structure: other))
    monkeypatch.setitem(recipe_module.RECIPES, "short", Recipe("short", learning_rate=0.5, epochs=99))
    assert StudySpec(("triangle",), dataset="digits").knobs != spec.knobs
    again = spec_from_json(stored)
    assert again == spec
    assert [knob.range_text for knob in again.search_knobs["triangle"]] == [
        knob.range_text for knob in knobs["triangle"]
    ]
    assert again.recipe.learning_rate == 0.1
    assert again.epochs == 16


def test_a_family_may_be_given_in_the_singular() -> None:
    assert spec_from_dict({"family": "ramp"}) == spec_from_dict({"families": ["ramp"]}) == StudySpec(("ramp",))


def test_knobs_may_be_grouped_by_family() -> None:
    tables = {"families": ["triangle", "ramp"], "knobs": {"triangle": {"peak": [1.0, 1.5]}, "floor": 0.9}}
    flat = {"families": ["triangle", "ramp"], "knobs": {"triangle.peak": "1:1.5", "floor": "0.9"}}
    assert spec_from_dict(tables) == spec_from_dict(flat)


def test_a_recipe_is_a_name_or_changes_of_one() -> None:
    assert spec_from_dict({"family": "ramp", "recipe": "he2015"}).recipe == RECIPES["he2015"]
    changed = spec_from_dict({"family": "ramp", "recipe": {"learning_rate": 0.05}}).recipe
    assert changed == RECIPES["short"].override(learning_rate=0.05)
    named = spec_from_dict({"family": "ramp", "recipe": {"name": "he2015", "batch_size": 64}}).recipe
    assert named == RECIPES["he2015"].override(batch_size=64)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({}, "no curve family is given"),
        ({"family": "ramp", "families": ["ramp"]}, "both family and families are given"),
        ({"family": 3}, "families is 3; give a name or a list of names"),
        ({"families": ["ramp", 3]}, "give a name or a list of names"),
        ({"family": "ramp", "trails": 5}, "Did you mean 'trials'?"),
        ({"family": "ramp", "version": 1}, "no study setting is called 'version'"),
        ({"family": "ramp", "name": 5}, "name is 5; it must be text"),
        ({"family": "ramp", "name": ""}, "the study name is empty"),
        ({"family": "ramp", "dataset": ["digits"]}, "it must be text"),
        ({"family": "ramp", "epochs": 0}, "epochs is 0"),
        ({"family": "ramp", "epochs": "16"}, "epochs is '16'"),
        ({"family": "ramp", "recipe": 3}, "recipe is 3; give a name or a table"),
        ({"family": "ramp", "recipe": "shirt"}, "Did you mean 'short'?"),
        ({"family": "ramp", "recipe": {"name": "mine", "warmup": 0.1}}, "no recipe is called 'mine'"),
        ({"family": "ramp", "recipe": {"speed": 1}}, "no recipe setting is called 'speed'"),
        ({"family": "ramp", "knobs": [1, 2]}, "give a table such as"),
        ({"family": "ramp", "knobs": {"ramp": {"peak": 1}, "ramp.peak": 1}}, "given twice"),
    ],
)
def test_a_wrong_study_file_is_refused(content: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as refusal:
        spec_from_dict(content)
    assert sentence in str(refusal.value)


@pytest.mark.parametrize("version", [None, 0, 2, "1"])
def test_a_spec_of_another_version_is_refused(version: object) -> None:
    content = json.loads(SPECS["defaults"].to_json()) | {"version": version}
    with pytest.raises(InputError, match=r"reads version 1: use the one that made it"):
        spec_from_json(json.dumps(content))


@pytest.mark.parametrize("key", ["recipe", "families", "seed", "knobs"])
def test_a_damaged_spec_is_refused(key: str) -> None:
    content = json.loads(SPECS["defaults"].to_json())
    for value in ("broken", None, {"broken": 1}):
        with pytest.raises(InputError, match="damaged"):
            spec_from_json(json.dumps(content | {key: value}))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000])
def test_what_is_no_spec_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        spec_from_json(text)
