import pytest

from vsearch.curves import BASELINE, Constant
from vsearch.errors import InputError


def test_is_the_same_everywhere() -> None:
    assert Constant(0.5).scales(4) == (0.5, 0.5, 0.5, 0.5)


def test_the_baseline_is_one_everywhere() -> None:
    assert Constant(1) == BASELINE
    assert BASELINE.scales(27) == (1.0,) * 27


@pytest.mark.parametrize("value", [0, 10])
def test_the_ends_of_the_domain_are_legal(value: float) -> None:
    assert Constant(value)(8) == value


def test_refuses_what_lies_outside_the_domain() -> None:
    with pytest.raises(InputError, match=r"value is 10\.000000001; it must lie in 0 … 10"):
        Constant(10.000000001)
