import pytest

from vsearch.curves import Ramp
from vsearch.errors import InputError


def test_falls_from_peak_to_floor_in_equal_steps() -> None:
    scales = Ramp(1.3, 0.9).scales(15)
    assert (scales[0], scales[-1]) == (1.3, 0.9)
    assert scales == pytest.approx([1.3 - 0.4 * step / 14 for step in range(15)])


def test_rising_is_the_mirror_image() -> None:
    rising, falling = Ramp(1.3, 0.9, "rising"), Ramp(1.3, 0.9, "falling")
    assert rising.scales(15) == pytest.approx(falling.scales(15)[::-1])


def test_the_first_block_of_a_deep_network_stays_at_the_peak() -> None:
    assert Ramp(1.3, 0.9).scales(27)[0] == 1.3


def test_refuses_an_unknown_direction() -> None:
    with pytest.raises(InputError, match=r"there are falling, rising\. Did you mean 'falling'"):
        Ramp(1.3, 0.9, "faling")


def test_refuses_a_peak_below_the_floor_and_names_both() -> None:
    with pytest.raises(InputError, match=r"peak 0\.8 below its floor 1\.2"):
        Ramp(peak=0.8, floor=1.2)
