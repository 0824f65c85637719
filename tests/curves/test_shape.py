import math
from collections.abc import Callable, Sequence

import pytest

from vsearch.curves.shape import geometric_mean, mean, product
from vsearch.errors import InputError


def test_means_and_product() -> None:
    scales = (0.5, 2.0, 4.0)
    assert mean(scales) == pytest.approx(6.5 / 3)
    assert product(scales) == 4
    assert geometric_mean(scales) == pytest.approx(4 ** (1 / 3))


def test_the_geometric_mean_has_the_same_product() -> None:
    scales = (1.3, 0.8, 1.1, 0.9)
    assert geometric_mean(scales) ** 4 == pytest.approx(product(scales))


def test_a_cut_shortcut_leaves_nothing_of_the_product() -> None:
    assert product((1, 0, 2)) == geometric_mean((1, 0, 2)) == 0


def test_the_deepest_network_at_the_largest_scale_does_not_overflow_the_mean() -> None:
    scales = (10.0,) * 10_000
    assert product(scales) == math.inf
    assert geometric_mean(scales) == pytest.approx(10)


@pytest.mark.parametrize("measure", [mean, geometric_mean, product])
def test_refuses_no_scales(measure: Callable[[Sequence[float]], float]) -> None:
    with pytest.raises(InputError, match="no scales"):
        measure(())
