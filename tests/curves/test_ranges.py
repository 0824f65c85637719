import pytest

from vsearch.curves import Knob, check_ranges, families, family
from vsearch.errors import InputError


def narrowed(name: str, **texts: str) -> list[Knob]:
    return [knob.parse(texts[knob.name]) for knob in family(name).knobs() if knob.name in texts]


@pytest.mark.parametrize("name", [name for name, cls in families().items() if cls.is_searchable])
def test_default_ranges_hold_only_legal_curves(name: str) -> None:
    check_ranges(family(name), family(name).knobs())


@pytest.mark.parametrize("name", ["triangle", "ramp", "bump"])
@pytest.mark.parametrize(
    ("texts", "values"),
    [
        ({"peak": "0.5:0.7", "floor": "0.8:1.0"}, r"peak 0\.5 below its floor 0\.8"),
        ({"peak": "0.7:1.2", "floor": "0.6:1.0"}, r"peak 0\.7 below its floor 1"),
        ({"floor": "1.2"}, r"peak 1 below its floor 1\.2"),
    ],
)
def test_refuses_ranges_where_the_peak_can_fall_below_the_floor(name: str, texts: dict[str, str], values: str) -> None:
    with pytest.raises(InputError, match=values) as caught:
        check_ranges(family(name), narrowed(name, **texts))
    assert "Ranges that fit are peak=1:1.6 and floor=0.5:1" in str(caught.value)


def test_ranges_that_touch_are_allowed() -> None:
    check_ranges(family("triangle"), narrowed("triangle", peak="0.9:1.2", floor="0.6:0.9"))


def test_every_point_of_a_steps_box_is_legal() -> None:
    check_ranges(family("step"), family("step").knobs(segments=12), segments=12)


def test_refuses_a_knob_of_another_family() -> None:
    with pytest.raises(InputError, match="no knob of ramp is called 'apex'"):
        check_ranges(family("ramp"), narrowed("triangle", apex="3:4"))
