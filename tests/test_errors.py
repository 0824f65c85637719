"""The tree of errors."""

import pytest

from vsearch.errors import DataError, DeviceError, InputError, StorageError, VsearchError, shorten, unknown_name


@pytest.mark.parametrize(
    ("kind", "code"), [(VsearchError, 1), (InputError, 2), (StorageError, 3), (DataError, 4), (DeviceError, 4)]
)
def test_each_kind_of_error_has_its_exit_code(kind: type[VsearchError], code: int) -> None:
    assert issubclass(kind, VsearchError)
    assert kind("x").exit_code == code


def test_a_wrong_value_is_a_value_error_for_python() -> None:
    assert issubclass(InputError, ValueError)


def test_an_unknown_name_is_told_with_all_known_ones_and_the_nearest() -> None:
    words = str(unknown_name("curve family", "triangel", ["triangle", "ramp"]))
    assert words == "no curve family is called 'triangel'; there are ramp, triangle. Did you mean 'triangle'?"
    assert "Did you mean" not in str(unknown_name("curve family", "xyz", ["triangle"]))
    assert str(unknown_name("study", "x", [])) == "no study is called 'x'; there is no study yet"


def test_long_names_are_shortened() -> None:
    assert shorten("x" * 60) == "x" * 60
    assert shorten("x" * 61) == "x" * 59 + "…"
