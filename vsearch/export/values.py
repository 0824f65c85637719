"""What is exported, as values: a curve alone, or a network that a confirmation trained with it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from torch import Tensor

from vsearch.curves import Curve
from vsearch.errors import InputError
from vsearch.spec.depth import num_blocks


class Certainty(NamedTuple):
    """What a confirmation found of a curve, as accuracies in [0, 1] minus the baseline's of the same seeds."""

    difference: float
    """Mean over the pairs."""
    low: float
    high: float
    """Ends of the 95 % interval of the mean, infinite where so few pairs tell nothing."""
    pairs: int
    verdict: str
    """In one sentence."""
    interval_kind: str = ""
    """Under what it holds, such as `for 3 curves together`."""
    notes: tuple[str, ...] = ()
    """Sentences on what else is to be known: whether it is the shape, what is missing."""

    @property
    def is_finite(self) -> bool:
        """Whether there is an interval."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    def to_json(self) -> dict[str, Any]:
        """By name, with None for an infinite end: JSON knows no infinity."""
        content: dict[str, Any] = self._asdict()
        return content if self.is_finite else content | {"low": None, "high": None}


@dataclass(frozen=True)
class Origin:
    """The stored study that a curve or a network comes from."""

    study: str
    parent: str = ""
    """The study that the curve was found in; empty if `study` is that one."""
    trial: int | None = None
    """The number of the trial that trained the network, in `study`."""
    spec: str = ""
    """As JSON text."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of what trained it."""
    commit: str = ""
    device: str = ""
    precision: str = ""
    """In which the test accuracy was measured: `bf16` or `float32`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ExportedCurve:
    """A curve at one depth, without weights.

    Raises:
        InputError: a depth that is not 6n + 2, or that the curve does not fit.
    """

    curve: Curve
    depth: int
    dataset: str = ""
    """A name of the catalogue, `folder:PATH`, or empty where no data set is known."""
    num_classes: int = 10
    channels: int = 3
    origin: Origin | None = None
    certainty: Certainty | None = None

    def __post_init__(self) -> None:
        len(self.scales)

    @cached_property
    def scales(self) -> tuple[float, ...]:
        """One per block, the first block first."""
        return self.curve.scales(num_blocks(self.depth))


@dataclass(frozen=True, kw_only=True, eq=False)
class ConfirmedNetwork(ExportedCurve):
    """A network as the last epoch of a confirmation's training left it.

    Raises:
        InputError: mean or standard deviation of another number of channels, or one that cannot be divided by.
    """

    role: str
    """`candidate`, `paper` or `baseline`."""
    seed: int
    """Of the training."""
    accuracy: float
    """On the test split, in [0, 1]."""
    choice: str
    """A sentence: which of the curve's trainings this is, and why."""
    image_size: int
    """Height and width in pixels."""
    mean: tuple[float, ...]
    """Of each channel over the training images, in units of 0 … 255."""
    std: tuple[float, ...]
    state_dict: Mapping[str, Tensor]
    """As `vsearch.models.ResNet` gives it, on the CPU."""
    images: Tensor | None = None
    """Some real ones `(N, H, W, C)` uint8, for comparing exported forms."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not len(self.mean) == len(self.std) == self.channels or not all(std > 0 for std in self.std):
            raise InputError(
                f"mean is {self.mean} and std {self.std}; give {self.channels} of each, one per channel, std above 0"
            )
