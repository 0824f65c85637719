"""Intervals, and what the package loads."""

import math
import subprocess
import sys

import pytest

from vsearch.statistics import Interval


@pytest.mark.parametrize(
    ("interval", "excludes", "covers_one"),
    [
        (Interval(0.1, 2), True, True),
        (Interval(-2, -0.1), True, False),
        (Interval(0, 1), False, True),
        (Interval(-1, 0), False, False),
        (Interval(-math.inf, math.inf), False, True),
    ],
)
def test_an_interval_excludes_zero_where_all_of_it_has_one_sign(
    interval: Interval, excludes: bool, covers_one: bool
) -> None:
    assert (interval.excludes_zero, interval.covers(1.0)) == (excludes, covers_one)


def test_an_infinite_end_is_none_in_json() -> None:
    assert Interval(-math.inf, 0.5).to_json() == [None, 0.5]
    assert not Interval(-math.inf, 0.5).is_finite


def test_importing_the_package_does_not_load_scipy() -> None:
    script = "import sys, vsearch.statistics; print([name for name in sys.modules if name.split('.')[0] == 'scipy'])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "[]\n"
