import math

import pytest

from vsearch.curves import ChoiceKnob, FloatKnob, IntKnob, parse_setting
from vsearch.errors import InputError

PEAK = FloatKnob("peak", 1.0, 1.6, (0, 10))
DIRECTION = ChoiceKnob("direction", ("falling", "rising"), "falling")
SEGMENTS = IntKnob("segments", 2, 12, 5)


def test_any_value_of_the_domain_is_legal_whatever_the_range() -> None:
    assert PEAK.check(0) == 0
    assert PEAK.check(9.5) == 9.5
    assert [PEAK.covers(value) for value in (0.99, 1, 1.6, 1.61)] == [False, True, True, False]


@pytest.mark.parametrize("value", [-0.01, 10.01, math.nan, math.inf, "1.2", True, None])
def test_refuses_values_outside_the_domain(value: object) -> None:
    with pytest.raises(InputError, match="peak is"):
        PEAK.check(value)


def test_text_with_a_comma_gets_a_hint() -> None:
    for call in (PEAK.check, PEAK.read, PEAK.parse):
        with pytest.raises(InputError, match=r"use a point: 0\.8"):
            call("0,8")


def test_parses_a_range_and_a_fixed_value() -> None:
    knob = PEAK.parse("1.1:1.5")
    assert (knob.low, knob.high, knob.is_fixed, knob.fixed_value) == (1.1, 1.5, False, None)
    fixed = PEAK.parse("0.8")
    assert (fixed.low, fixed.high, fixed.is_fixed, fixed.fixed_value) == (0.8, 0.8, True, 0.8)


@pytest.mark.parametrize("text", ["1:1.6", "0.8", "0:10", "0.1:0.30000000000000004"])
def test_a_range_is_shown_as_it_is_parsed(text: str) -> None:
    assert PEAK.parse(text).range_text == text
    assert str(PEAK.parse(text)) == f"peak={text}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1.6:1.0", "peak=1.6:1 starts above its end; write peak=1:1.6"),
        ("-1:1", "peak is -1; it must lie in 0 … 10"),
        ("1:11", "peak is 11; it must lie in 0 … 10"),
        ("1:", "peak has the range '1:'; write low:high, such as 1:1.6"),
        (":", "peak has the range ':'; write low:high, such as 1:1.6"),
        ("", "peak has the range ''; write low:high, such as 1:1.6"),
        ("1:2:3", "peak has the range '1:2:3'; write low:high, such as 1:1.6"),
        ("1:nan", "peak is nan; it must be a finite number"),
    ],
)
def test_refuses_ranges(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        PEAK.parse(text)
    assert str(caught.value) == message


def test_a_log_range_must_start_above_zero() -> None:
    knob = FloatKnob("rate", 0.1, 1, (0, 10), log=True)
    assert knob.narrow(0.01, 1).low == 0.01
    with pytest.raises(InputError, match="log scale"):
        knob.narrow(0, 1)


def test_narrowing_leaves_the_knob_itself_alone() -> None:
    PEAK.narrow(1.2, 1.3)
    assert (PEAK.low, PEAK.high) == (1.0, 1.6)


def test_choices_parse_to_one_or_several() -> None:
    assert DIRECTION.parse("rising").fixed_value == "rising"
    assert DIRECTION.parse("rising, falling").choices == ("rising", "falling")
    assert DIRECTION.parse("rising").range_text == "rising"
    assert DIRECTION.fixed_value is None


def test_a_fixed_choice_may_be_opened_again() -> None:
    """All names stay legal, as all values of the domain do."""
    fixed = DIRECTION.parse("rising")
    assert fixed.check("falling") == "falling"
    assert not fixed.covers("falling")
    assert fixed.narrow("falling", "rising").choices == ("falling", "rising")


@pytest.mark.parametrize("text", ["up", "", "falling,", "falling,falling", "Falling"])
def test_refuses_choices(text: str) -> None:
    with pytest.raises(InputError, match="there are falling, rising"):
        DIRECTION.parse(text)


def test_refuses_no_choice_at_all() -> None:
    with pytest.raises(InputError, match="each choice once"):
        DIRECTION.narrow()


def test_a_structural_knob_parses_to_one_number() -> None:
    assert SEGMENTS.structural
    knob = SEGMENTS.parse("7")
    assert (knob.default, knob.is_fixed) == (7, True)
    assert SEGMENTS.read("12") == 12


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1", "segments is 1; it must lie in 2 … 12"),
        ("2.5", "segments is 2.5; it must be a whole number from 2 to 12"),
        ("3:5", "segments has the range '3:5'; it is fixed for a whole study: give one number"),
        ("five", "segments is the text 'five'; it must be a number"),
    ],
)
def test_refuses_structures(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        SEGMENTS.parse(text)
    assert str(caught.value) == message


def test_settings_are_split_at_the_first_equals_sign() -> None:
    assert parse_setting("peak=1.0:1.6") == ("peak", "1.0:1.6")
    assert parse_setting(" triangle.peak = 1.2 ") == ("triangle.peak", "1.2")


@pytest.mark.parametrize("text", ["peak", "=1", "peak=", "", "1:2"])
def test_refuses_settings(text: str) -> None:
    with pytest.raises(InputError, match="write knob=value or knob=low:high"):
        parse_setting(text)
