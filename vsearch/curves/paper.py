"""The four curves of the paper, each named after the data set and the network for which it was published."""

from vsearch.curves.curve import Curve
from vsearch.curves.families import family
from vsearch.curves.ramp import Ramp
from vsearch.curves.step import Step
from vsearch.curves.triangle import Triangle
from vsearch.errors import unknown_name

cifar10_resnet32 = Triangle(peak=1.3, floor=0.8)
cifar10_resnet56 = Ramp(peak=1.3, floor=0.9)
cifar100_resnet32 = Step(levels=(1, 0.75, 1.45, 0.8, 1), edges=(5, 7, 10, 12))
cifar100_resnet56 = Ramp(peak=1.25, floor=0.85)

CURVES: dict[str, Curve] = {
    "cifar10-resnet32": cifar10_resnet32,
    "cifar10-resnet56": cifar10_resnet56,
    "cifar100-resnet32": cifar100_resnet32,
    "cifar100-resnet56": cifar100_resnet56,
}

GAINS = {"cifar10-resnet32": 1.06, "cifar10-resnet56": 0.98, "cifar100-resnet32": 1.02, "cifar100-resnet56": 1.08}
"""Published gains in accuracy, in points; of how many seeds, and with what spread, is not said."""


def published(setting: str) -> Curve:
    """The curve published for that setting, such as `cifar10-resnet32`.

    Raises:
        InputError: the paper has no such setting.
    """
    if setting not in CURVES:
        raise unknown_name("curve of the paper", setting, CURVES)
    return CURVES[setting]


def for_family(name: str) -> list[tuple[str, Curve]]:
    """The published curves of one family, each with its setting; most families have none.

    Raises:
        InputError: no family has that name.
    """
    wanted = family(name)
    return [(setting, curve) for setting, curve in CURVES.items() if isinstance(curve, wanted)]
