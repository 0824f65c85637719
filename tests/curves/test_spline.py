import random

import pytest
from scipy.interpolate import PchipInterpolator

from vsearch.curves import Spline
from vsearch.errors import InputError


def grid(points: int) -> list[float]:
    return [1 + 14 * i / (points - 1) for i in range(points)]


@pytest.mark.parametrize("points", range(3, 13))
def test_agrees_with_the_pchip_of_scipy(points: int) -> None:
    draw = random.Random(points)
    for _ in range(20):
        # Rounded to one digit, so that flat pieces and equal neighbours come up too.
        levels = [round(draw.uniform(0, 3), 1) for _ in range(points)]
        reference = PchipInterpolator(grid(points), levels)
        spline = Spline(tuple(levels))
        places = [1 + 14 * i / 200 for i in range(201)]
        assert [spline(t) for t in places] == pytest.approx([float(reference(t)) for t in places], abs=1e-12)


@pytest.mark.parametrize("points", [3, 5, 12])
def test_goes_exactly_through_its_levels(points: int) -> None:
    draw = random.Random(0)
    levels = tuple(draw.uniform(0.6, 1.6) for _ in range(points))
    assert [Spline(levels)(t) for t in grid(points)] == pytest.approx(levels, abs=1e-14)


def test_rises_where_its_levels_rise() -> None:
    values = Spline((0.6, 0.61, 1.5, 1.55, 1.6)).scales(500)
    assert list(values) == sorted(values)


@pytest.mark.parametrize("levels", [(1, 1), (1,) * 13, (1, float("inf"), 1)])
def test_refuses(levels: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match=r"levels; it takes 3 to 12|level 2 is inf"):
        Spline(levels)
