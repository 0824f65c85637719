import pytest

from vsearch.curves import Triangle
from vsearch.errors import InputError


def test_rises_to_the_middle_block_and_falls_again() -> None:
    scales = Triangle(peak=1.3, floor=0.8).scales(15)
    assert (scales[0], scales[7], scales[14]) == (0.8, 1.3, 0.8)
    assert scales[:7] == pytest.approx([0.8 + 0.5 * step / 7 for step in range(7)])
    assert scales == pytest.approx(scales[::-1])


def test_prints_as_it_is_written() -> None:
    assert repr(Triangle(1.3, 0.8)) == "Triangle(peak=1.3, floor=0.8, apex=8)"


@pytest.mark.parametrize(("apex", "ends"), [(1, (1.3, 0.8)), (15, (0.8, 1.3))])
def test_an_apex_at_an_end_leaves_one_line(apex: float, ends: tuple[float, float]) -> None:
    curve = Triangle(1.3, 0.8, apex)
    assert (curve(1), curve(15)) == ends
    assert curve(8) == pytest.approx(1.05)


def test_refuses_a_peak_below_the_floor_and_names_both() -> None:
    with pytest.raises(InputError, match=r"peak 0\.7 below its floor 0\.8"):
        Triangle(peak=0.7, floor=0.8)


def test_an_equal_peak_and_floor_are_a_constant() -> None:
    assert Triangle(0.9, 0.9).scales(27) == (0.9,) * 27


@pytest.mark.parametrize("apex", [0.9, 15.1, -0.1])
def test_refuses_an_apex_off_the_axis(apex: float) -> None:
    with pytest.raises(InputError, match=r"apex is .* it must lie in 1 … 15"):
        Triangle(1.3, 0.8, apex)


def test_floor_zero_cuts_the_first_shortcut() -> None:
    assert Triangle(1, 0).scales(15)[0] == 0
