import subprocess
import sys
from statistics import correlation

import pytest

from vsearch.curves import BASELINE, Constant, Curve, Levels, Ramp, Spline, Triangle, paper
from vsearch.curves.controls import controls
from vsearch.curves.shape import geometric_mean, mean
from vsearch.errors import InputError

RAMP = Ramp(peak=1.3, floor=0.9)
NAMES = ["constant-mean", "constant-geometric-mean", "reversed", "shuffled"]


def scales_of(curve: Curve, num_blocks: int) -> dict[str, tuple[float, ...]]:
    return {control.name: control.curve.scales(num_blocks) for control in controls(curve, num_blocks)}


@pytest.mark.parametrize("num_blocks", [9, 15, 27])
def test_a_ramp_has_all_four_controls_in_a_fixed_order(num_blocks: int) -> None:
    assert list(scales_of(RAMP, num_blocks)) == NAMES


def test_the_constants_keep_the_means_over_the_blocks() -> None:
    found, scales = scales_of(RAMP, 27), RAMP.scales(27)
    assert found["constant-mean"] == pytest.approx((mean(scales),) * 27)
    assert found["constant-geometric-mean"] == pytest.approx((geometric_mean(scales),) * 27)


@pytest.mark.parametrize("num_blocks", [3, 9, 15, 27])
def test_reversed_has_the_scales_from_the_last_block_to_the_first(num_blocks: int) -> None:
    assert scales_of(RAMP, num_blocks)["reversed"] == RAMP.scales(num_blocks)[::-1]


@pytest.mark.parametrize("curve", [RAMP, Triangle(peak=1.3, floor=0.8), paper.cifar100_resnet32])
def test_shuffled_has_the_same_scales_in_an_order_unlike_the_curve_and_its_reverse(curve: Curve) -> None:
    scales = curve.scales(15)
    shuffled = scales_of(curve, 15)["shuffled"]
    assert sorted(shuffled) == sorted(scales)
    assert shuffled not in (scales, scales[::-1])
    assert abs(correlation(shuffled, scales)) < 0.05


def test_the_shuffle_depends_on_the_scales_alone_not_on_the_process_or_the_family() -> None:
    program = (
        "from vsearch.curves import Ramp; from vsearch.curves.controls import controls;"
        "print(controls(Ramp(peak=1.3, floor=0.9), 15)[-1].curve.levels)"
    )
    elsewhere = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    shuffled = scales_of(RAMP, 15)["shuffled"]
    assert elsewhere.stdout.strip() == str(shuffled)
    assert scales_of(Levels(RAMP.scales(15)), 15)["shuffled"] == shuffled
    assert scales_of(Ramp(peak=1.4, floor=0.9), 15)["shuffled"] != shuffled


def test_last_bits_of_the_scales_do_not_change_the_order() -> None:
    scales = Spline.from_knobs({"level_1": 0.9, "level_2": 1.2, "level_3": 1.1}, points=3).scales(15)
    other = tuple(scale + 1e-12 for scale in scales)
    assert scales_of(Levels(other), 15)["shuffled"] == pytest.approx(scales_of(Levels(scales), 15)["shuffled"])


@pytest.mark.parametrize("curve", [BASELINE, Constant(1.2), Constant(0), Constant(10), Triangle(peak=1.1, floor=1.1)])
def test_a_constant_curve_has_no_controls(curve: Curve) -> None:
    assert controls(curve, 15) == ()


def test_a_symmetric_curve_has_no_reverse() -> None:
    assert list(scales_of(Triangle(peak=1.3, floor=0.8), 15)) == [name for name in NAMES if name != "reversed"]


def test_two_scales_have_no_shuffle_and_three_have_the_one_that_is_left() -> None:
    assert list(scales_of(Levels((0.9, 1.4)), 2)) == [name for name in NAMES if name != "shuffled"]
    assert scales_of(Levels((0.9, 0.9, 1.4)), 3)["shuffled"] == (0.9, 1.4, 0.9)


def test_a_mean_of_one_is_the_baseline_and_left_out() -> None:
    assert "constant-mean" not in scales_of(Levels((0.5, 1.0, 1.5)), 3)
    assert "constant-geometric-mean" not in scales_of(Levels((0.5, 1.0, 2.0)), 3)


def test_equal_means_are_one_control() -> None:
    assert list(scales_of(Levels((1.2, 1.2, 1.2001)), 3)) == ["constant-mean", "reversed", "shuffled"]


def test_a_cut_shortcut_leaves_a_network_without_shortcuts_as_control() -> None:
    assert scales_of(Levels((0, 1, 2)), 3)["constant-geometric-mean"] == (0, 0, 0)


def test_a_curve_that_does_not_fit_the_network_is_refused() -> None:
    with pytest.raises(InputError, match="expected 27 levels"):
        controls(Levels((1, 2)), 27)
