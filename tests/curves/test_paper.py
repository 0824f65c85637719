import pytest

from vsearch.curves import Levels, Ramp, Step, paper
from vsearch.curves.shape import mean
from vsearch.errors import InputError

LEVELS = (1, 1, 1, 1, 1, 0.75, 0.75, 1.45, 1.45, 1.45, 0.8, 0.8, 1, 1, 1)


def test_the_steps_are_the_fifteen_published_levels() -> None:
    assert paper.cifar100_resnet32.scales(15) == LEVELS


@pytest.mark.parametrize("num_blocks", [9, 27, 54])
def test_the_steps_serve_other_depths_as_the_published_list_does(num_blocks: int) -> None:
    assert paper.cifar100_resnet32.scales(num_blocks) == Levels(LEVELS).scales(num_blocks)


@pytest.mark.parametrize(
    ("setting", "num_blocks", "expected"),
    [
        ("cifar10-resnet32", 15, 1.033),
        ("cifar10-resnet56", 27, 1.106),
        ("cifar100-resnet32", 15, 1.030),
        ("cifar100-resnet56", 27, 1.056),
    ],
)
def test_means_above_one(setting: str, num_blocks: int, expected: float) -> None:
    assert round(mean(paper.published(setting).scales(num_blocks)), 3) == expected


def test_curves_are_listed_by_family() -> None:
    assert paper.for_family("ramp") == [
        ("cifar10-resnet56", Ramp(1.3, 0.9)),
        ("cifar100-resnet56", Ramp(1.25, 0.85)),
    ]
    assert paper.for_family("bump") == []
    with pytest.raises(InputError, match="no curve family"):
        paper.for_family("bumb")


@pytest.mark.parametrize("setting", paper.CURVES)
def test_every_published_curve_lies_in_the_default_ranges(setting: str) -> None:
    """So that it can be the second trial of a study."""
    curve = paper.published(setting)
    values = curve.knob_values()
    assert all(knob.covers(values[knob.name]) for knob in type(curve).knobs(**curve.structure_values()))
    assert type(curve).from_knobs(values, **curve.structure_values()) == curve


def test_the_steps_need_the_default_number_of_segments() -> None:
    assert paper.cifar100_resnet32.structure_values() == Step.check_structure({})


def test_refuses_a_setting_that_was_not_published() -> None:
    with pytest.raises(InputError, match="Did you mean 'cifar10-resnet32'"):
        paper.published("cifar10-resnet23")
