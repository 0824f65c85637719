"""Knob settings: keys with and without a family, structure, and ranges written out whole."""

import pytest

from vsearch.errors import InputError
from vsearch.spec.knobs import canonical_knobs, curve_at, knobs_of, setting_text, structure_of


def test_every_knob_of_every_family_is_written_out() -> None:
    knobs = dict(canonical_knobs(["triangle", "ramp"], {"triangle.peak": "1.0:1.5"}))
    assert set(knobs) == {
        *("triangle.peak", "triangle.floor", "triangle.apex"),
        *("ramp.peak", "ramp.floor", "ramp.direction"),
    }
    assert knobs["triangle.peak"] == "1:1.5"


def test_a_bare_key_holds_for_every_family_that_has_the_knob() -> None:
    knobs = dict(canonical_knobs(["triangle", "ramp"], {"peak": "1.1:1.2", "apex": "8", "direction": "rising"}))
    assert (knobs["triangle.peak"], knobs["ramp.peak"]) == ("1.1:1.2", "1.1:1.2")
    assert (knobs["triangle.apex"], knobs["ramp.direction"]) == ("8", "rising")


def test_canonical_settings_are_a_fixed_point() -> None:
    families = ["step", "triangle", "stage"]
    once = canonical_knobs(families, {"segments": "3", "floor": "0.9:1"})
    assert canonical_knobs(families, dict(once)) == once


def test_a_structural_knob_decides_which_knobs_there_are() -> None:
    settings = dict(canonical_knobs(["step"], {"segments": "7", "level_7": "0.5:0.6"}))
    assert structure_of("step", settings) == {"segments": 7}
    assert [knob.name for knob in knobs_of("step", settings)] == [
        *(f"level_{number}" for number in range(1, 8)),
        *(f"edge_{number}" for number in range(1, 7)),
    ]
    assert settings["step.level_7"] == "0.5:0.6"


def test_fixed_knobs_are_filled_in() -> None:
    settings = dict(canonical_knobs(["triangle"], {"floor": "0.8", "apex": "7.5"}))
    curve = curve_at("triangle", settings, {"peak": 1.25})
    assert curve.knob_values() == {"peak": 1.25, "floor": 0.8, "apex": 7.5}


@pytest.mark.parametrize(
    ("families", "settings", "sentence"),
    [
        (["triangle"], {"peek": "1"}, "Did you mean 'peak'?"),
        (["triangle"], {"direction": "rising"}, "no knob of triangle is called 'direction'"),
        (["triangle", "ramp"], {"level_1": "1"}, "no knob of triangle, ramp is called 'level_1'"),
        (["triangle"], {"ramp.peak": "1"}, "no family of this study is called 'ramp'; there are triangle"),
        (["triangle", "ramp"], {"triangle.direction": "rising"}, "no knob of triangle is called 'direction'"),
        (["triangle", "ramp"], {"peak": "1.2", "ramp.peak": "1.3"}, "the knob ramp.peak is given twice; give it once"),
        (["step"], {"level_7": "1"}, "no knob of step is called 'level_7'"),
        (["step"], {"segments": "3:7"}, "segments has the range '3:7'; it is fixed for a whole study"),
        (["step"], {"segments": "1"}, "segments"),
        (["triangle"], {"peak": "1.5:1.0"}, "write peak=1:1.5"),
        (["triangle"], {"peak": "nan"}, "peak"),
        (["triangle"], {"peak": "1:2:3"}, "write low:high"),
        (["triangle"], {"peak": ""}, "write low:high"),
        (["triangle"], {"peak": "0.5:0.6"}, "the ranges peak=0.5:0.6 and floor"),
        (["ramp"], {"direction": "down"}, "there are falling, rising"),
    ],
)
def test_a_wrong_setting_is_refused(families: list[str], settings: dict[str, str], sentence: str) -> None:
    with pytest.raises(InputError) as refusal:
        canonical_knobs(families, settings)
    assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.8, "0.8"), (1, "1"), ([1.0, 1.6], "1.0:1.6"), ("falling", "falling"), ("1.0:1.6", "1.0:1.6"),
        (["falling", "rising"], "falling,rising"),
    ],
)  # fmt: skip
def test_a_toml_value_becomes_text(value: object, text: str) -> None:
    assert setting_text("peak", value) == text


@pytest.mark.parametrize("value", [True, None, [], [1.0], [1.0, 1.3, 1.6], [1.0, "a"], [True, False], {"low": 1}])
def test_a_toml_value_of_another_kind_is_refused(value: object) -> None:
    with pytest.raises(InputError, match=r"give a number, \[low, high\], a name or a list of names"):
        setting_text("peak", value)
