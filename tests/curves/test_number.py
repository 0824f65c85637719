import pytest

from vsearch.curves.number import check_number, read_number, show_number
from vsearch.errors import InputError


@pytest.mark.parametrize(("text", "number"), [("0.8", 0.8), (".75", 0.75), (" 1 ", 1), ("1e-1", 0.1), ("-2", -2)])
def test_reads(text: str, number: float) -> None:
    assert read_number("peak", text) == number


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0,8", "peak is '0,8'; use a point: 0.8"),
        ("high", "peak is the text 'high'; it must be a number"),
        ("", "peak is the text ''; it must be a number"),
        ("nan", "peak is nan; it must be a finite number"),
        ("1e999", "peak is inf; it must be a finite number"),
    ],
)
def test_refuses_text(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_number("peak", text)
    assert str(caught.value) == message


@pytest.mark.parametrize("value", [True, None, "1", [1], 1j, 10**400])
def test_refuses_values(value: object) -> None:
    with pytest.raises(InputError, match="peak is"):
        check_number("peak", value)


def test_a_message_stays_short_whatever_the_text() -> None:
    with pytest.raises(InputError) as caught:
        read_number("peak", "x" * 1_000_000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("number", [0.1, 1 / 3, 8.0, -0.0, 1e300, 123456.0])
def test_shown_numbers_read_back(number: float) -> None:
    assert float(show_number(number)) == number
