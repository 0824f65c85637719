"""The networks that a study can train, by name; and a curve on the shortcuts of any other network."""

from collections.abc import Sequence

import torch

from vsearch.errors import unknown_name
from vsearch.models.apply import Shortcuts, apply_curve
from vsearch.models.resnet import ResNet, resnet
from vsearch.models.scale import Scale, scaling
from vsearch.spec.depth import num_blocks

__all__ = [
    "NETWORKS",
    "ResNet",
    "Scale",
    "Shortcuts",
    "apply_curve",
    "build_network",
    "num_blocks",
    "resnet",
    "scaling",
]

NETWORKS = {"resnet": resnet}


def build_network(
    name: str,
    depth: int,
    num_classes: int,
    scales: Sequence[float] | None = None,
    in_channels: int = 3,
    generator: torch.Generator | None = None,
) -> ResNet:
    """The network called `name`, with one shortcut scale for each block.

    Raises:
        InputError: no network has that name, or it cannot have this depth or these scales.
    """
    if name not in NETWORKS:
        raise unknown_name("network", name, NETWORKS)
    return NETWORKS[name](depth, num_classes, scales, in_channels, generator)
