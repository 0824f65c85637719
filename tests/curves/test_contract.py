"""What every curve family promises, built-in or not."""

import math
import random
from dataclasses import FrozenInstanceError
from typing import Any

import numpy
import pytest

from vsearch.curves import ChoiceKnob, Curve, KnobValue, Levels, Triangle, families, family, from_dict, from_json
from vsearch.errors import InputError

SEARCHABLE = [name for name, cls in families().items() if cls.is_searchable]
STRUCTURES: list[tuple[str, dict[str, int]]] = [(name, {}) for name in SEARCHABLE] + [
    ("step", {"segments": 2}),
    ("step", {"segments": 12}),
    ("spline", {"points": 3}),
    ("spline", {"points": 12}),
]


def random_knobs(cls: type[Curve], seed: int, **structure: int) -> dict[str, KnobValue]:
    draw = random.Random(seed)
    return {
        knob.name: draw.choice(knob.choices) if isinstance(knob, ChoiceKnob) else draw.uniform(knob.low, knob.high)
        for knob in cls.knobs(**structure)
    }


def random_curves(cls: type[Curve], count: int = 25, *, structure: dict[str, int]) -> list[Curve]:
    return [cls.from_knobs(random_knobs(cls, seed, **structure), **structure) for seed in range(count)]


@pytest.mark.parametrize(("name", "structure"), STRUCTURES)
class TestFamily:
    def test_baseline_lies_in_the_default_ranges(self, name: str, structure: dict[str, int]) -> None:
        values = family(name).baseline_knobs(**structure)
        assert all(knob.covers(values[knob.name]) for knob in family(name).knobs(**structure))

    def test_baseline_is_exactly_one_everywhere(self, name: str, structure: dict[str, int]) -> None:
        curve = family(name).from_knobs(family(name).baseline_knobs(**structure), **structure)
        for num_blocks in (1, 9, 15, 27, 54, 100):
            assert curve.scales(num_blocks) == (1.0,) * num_blocks

    def test_knob_values_give_the_same_curve_again(self, name: str, structure: dict[str, int]) -> None:
        for curve in random_curves(family(name), structure=structure):
            again = family(name).from_knobs(curve.knob_values(), **curve.structure_values())
            assert again == curve
            assert again.knob_values() == curve.knob_values()

    def test_structure_values_are_those_the_curve_was_made_with(self, name: str, structure: dict[str, int]) -> None:
        curve = random_curves(family(name), count=1, structure=structure)[0]
        assert curve.structure_values() == family(name).check_structure(structure)

    def test_json_gives_the_same_curve_again(self, name: str, structure: dict[str, int]) -> None:
        for curve in random_curves(family(name), structure=structure):
            assert from_json(curve.to_json()) == curve
            assert from_dict(curve.to_dict()) == curve
            assert family(name).from_dict(curve.to_dict()) == curve
            assert from_json(curve.to_json()).to_json() == curve.to_json()

    def test_equal_curves_hash_alike_and_others_differ(self, name: str, structure: dict[str, int]) -> None:
        first, second = random_curves(family(name), count=2, structure=structure)
        assert first != second
        assert len({first, second, from_json(first.to_json())}) == 2

    def test_a_curve_cannot_be_changed(self, name: str, structure: dict[str, int]) -> None:
        curve = random_curves(family(name), count=1, structure=structure)[0]
        with pytest.raises(FrozenInstanceError):
            curve.anything = 1  # type: ignore[attr-defined]

    def test_scales_stay_within_the_levels_that_the_knobs_name(self, name: str, structure: dict[str, int]) -> None:
        for curve in random_curves(family(name), count=50, structure=structure):
            levels = [
                float(value)
                for knob, value in curve.knob_values().items()
                if knob in ("peak", "floor", "value") or knob.startswith("level_")
            ]
            for num_blocks in (1, 2, 15, 27, 54):
                scales = curve.scales(num_blocks)
                assert len(scales) == num_blocks
                assert all(type(scale) is float and math.isfinite(scale) for scale in scales)
                assert min(levels) <= min(scales) <= max(scales) <= max(levels)

    def test_the_ends_hold_beyond_the_axis(self, name: str, structure: dict[str, int]) -> None:
        for curve in random_curves(family(name), structure=structure):
            assert curve(0.556) == curve(0) == curve(-3) == curve(-math.inf) == curve(1)
            assert curve(15.5) == curve(math.inf) == curve(15)

    def test_scales_are_the_values_at_the_blocks_positions(self, name: str, structure: dict[str, int]) -> None:
        for curve in random_curves(family(name), count=5, structure=structure):
            assert curve.scales(27) == tuple(curve(15 * block / 27) for block in range(1, 28))

    def test_print_reads_back_as_the_same_curve(self, name: str, structure: dict[str, int]) -> None:
        for curve in random_curves(family(name), count=5, structure=structure):
            assert eval(repr(curve), {type(curve).__name__: type(curve)}) == curve

    def test_refuses_a_position_that_is_no_number(self, name: str, structure: dict[str, int]) -> None:
        curve = random_curves(family(name), count=1, structure=structure)[0]
        wrong: list[Any] = [math.nan, "8", None]
        for t in wrong:
            with pytest.raises(InputError, match="position is a number"):
                curve(t)

    @pytest.mark.parametrize("num_blocks", [0, -1, 1.5, True, "15", None, 10_001, 10**9])
    def test_refuses_a_senseless_number_of_blocks(self, name: str, structure: dict[str, int], num_blocks: Any) -> None:
        curve = random_curves(family(name), count=1, structure=structure)[0]
        with pytest.raises(InputError, match="whole number from 1 to 10000"):
            curve.scales(num_blocks)

    def test_refuses_a_knob_it_does_not_have(self, name: str, structure: dict[str, int]) -> None:
        values = family(name).baseline_knobs(**structure)
        with pytest.raises(InputError, match=f"no knob of {name} is called 'slope'; there are {min(values)}"):
            family(name).from_knobs(values | {"slope": 1.0}, **structure)

    def test_names_the_knobs_that_are_missing(self, name: str, structure: dict[str, int]) -> None:
        required = [knob.name for knob in family(name).knobs(**structure) if knob.default is None]
        with pytest.raises(InputError, match=f"{name} needs {', '.join(required)}"):
            family(name).from_knobs({}, **structure)

    @pytest.mark.parametrize("value", [math.nan, math.inf, -0.1, 1e308, 10.5, "1.2", "high", None, True, [1]])
    def test_refuses_illegal_scales(self, name: str, structure: dict[str, int], value: Any) -> None:
        values = family(name).baseline_knobs(**structure)
        with pytest.raises(InputError, match="must"):
            family(name).from_knobs(values | {next(iter(values)): value}, **structure)

    def test_refuses_a_structure_it_does_not_have(self, name: str, structure: dict[str, int]) -> None:
        for call in (family(name).knobs, family(name).baseline_knobs):
            with pytest.raises(InputError, match=f"structural knob of {name}"):
                call(**structure, teeth=3)

    def test_refuses_json_with_an_unknown_field(self, name: str, structure: dict[str, int]) -> None:
        data = random_curves(family(name), count=1, structure=structure)[0].to_dict()
        with pytest.raises(InputError, match="'slope'"):
            from_dict(data | {"slope": 1.0})

    def test_refuses_json_that_lacks_the_first_field(self, name: str, structure: dict[str, int]) -> None:
        data = random_curves(family(name), count=1, structure=structure)[0].to_dict()
        field = next(key for key in data if key != "family")
        del data[field]
        with pytest.raises(InputError, match=f"lacks {field}"):
            from_dict(data)

    def test_every_knob_says_what_it_is(self, name: str, structure: dict[str, int]) -> None:
        assert all(knob.doc for knob in family(name).knobs(**structure))
        assert "V(t)" in (family(name).__doc__ or "") or len(family(name).__doc__ or "") > 40


@pytest.mark.parametrize("name", list(families()))
def test_a_family_is_named_after_its_class(name: str) -> None:
    assert issubclass(family(name), Curve)
    assert family(name).family == name == family(name).__name__.lower()


def test_levels_round_trips_through_json() -> None:
    curve = Levels((1, 0.75, 0))
    assert from_json(curve.to_json()) == curve == from_dict(curve.to_dict())
    assert hash(from_json(curve.to_json())) == hash(curve)


def test_number_types_do_not_matter() -> None:
    """1, 1.0 and -0.0 against 0: one curve has one JSON text."""
    assert Triangle(1, 0, 8).to_json() == Triangle(1.0, -0.0, 8.0).to_json()
    one: Any = numpy.float32(1)
    assert Triangle(one, one).to_json() == Triangle(1, 1).to_json()


def test_text_for_people_has_four_digits_and_repr_has_all() -> None:
    curve = Triangle(peak=1.23456789, floor=0.5)
    assert str(curve) == "Triangle(peak=1.235, floor=0.5, apex=8)"
    assert repr(curve) == "Triangle(peak=1.23456789, floor=0.5, apex=8)"
