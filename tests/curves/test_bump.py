import math

import pytest

from vsearch.curves import Bump
from vsearch.errors import InputError


def test_is_a_gaussian_hill_on_the_floor() -> None:
    bump = Bump(peak=1.5, floor=0.5, apex=6, width=2)
    assert bump(6) == 1.5
    assert bump(8) == bump(4) == pytest.approx(0.5 + math.exp(-0.5))


def test_the_narrowest_bump_leaves_the_other_blocks_at_the_floor() -> None:
    scales = Bump(1.5, 0.5, 8, 0.5).scales(15)
    assert scales[7] == 1.5
    assert scales[0] == pytest.approx(0.5)


@pytest.mark.parametrize("width", [0, 1e-12, -1, 0.49, 15.1])
def test_refuses_a_width_that_no_block_or_no_curve_would_show(width: float) -> None:
    with pytest.raises(InputError, match=r"width is .* it must lie in 0\.5 … 15"):
        Bump(1.3, 0.8, 8, width)


def test_refuses_a_peak_below_the_floor() -> None:
    with pytest.raises(InputError, match="bump has its peak"):
        Bump(0.8, 1.3)
