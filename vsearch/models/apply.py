"""A curve on the shortcuts of a network that exists: torchvision's ResNets, or any other."""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from torch import nn

from vsearch.curves import Curve
from vsearch.errors import InputError, shorten
from vsearch.models.resnet import Block
from vsearch.models.scale import Scale, Setter, scaling

M = TypeVar("M", bound=nn.Module)

Shortcuts = Callable[[nn.Module], Sequence[Setter]]
"""Finds the blocks of a network: one setter for the shortcut of each, the first block first."""


def apply_curve(model: M, curve: Curve, *, shortcuts: Shortcuts | None = None) -> M:
    """Multiply the shortcut (not the branch) of each block by the curve's scale there; changes and returns `model`.

    It knows torchvision's ResNets, ResNeXts and wide ResNets (also inside a detector or a segmenter), vsearch's own,
    and any module whose blocks have a `Scale` on their shortcut. L is the number of blocks found. Parameters and names
    in the state dict stay as they are, and so do all outputs, bit for bit, under a constant 1. Applied again, the new
    scales replace the old. A torchvision network's state dict does not hold them: after building it anew, apply the
    curve again.

    >>> from torchvision.models import resnet50
    >>> from vsearch.curves import paper
    >>> model = apply_curve(resnet50(), paper.cifar10_resnet32)

    Any other network needs `shortcuts`. With blocks whose forward is `self.skip(x) + …`, `skip` being None or a module:

    >>> def blocks_of(model):
    ...     return [scaling(block, "skip") for stage in model.stages for block in stage]
    >>> apply_curve(model, paper.cifar10_resnet32, shortcuts=blocks_of)

    Raises:
        InputError: no known block is found, `shortcuts` gives something else than setters, or the curve is none or does
            not fit the number of blocks. `model` is unchanged then.
    """
    if not isinstance(curve, Curve):
        raise InputError(f"the curve is {shorten(repr(curve))}; give a curve, such as vsearch.curves.Levels((1, 0.9))")
    setters = list((_known_shortcuts if shortcuts is None else shortcuts)(model))
    _check(setters, model)
    for set_scale, scale in zip(setters, curve.scales(len(setters)), strict=True):
        set_scale(scale)
    return model


def _known_shortcuts(model: nn.Module) -> Sequence[Setter]:
    blocks = [*_torchvision_blocks(model)]
    if blocks:
        return [scaling(block, "downsample") for block in blocks]
    own = [module.set_scale for module in model.modules() if isinstance(module, Block)]
    return own or [module.set for module in model.modules() if isinstance(module, Scale)]


def _torchvision_blocks(model: nn.Module) -> Iterator[nn.Module]:
    """In the order of depth, in which torchvision registers them."""
    # A model with torchvision's blocks has imported it already; vsearch does not, as that takes a second.
    torchvision: Any = sys.modules.get("torchvision.models.resnet")
    if torchvision is None:
        return
    for module in model.modules():
        for known in (torchvision.BasicBlock, torchvision.Bottleneck):
            if isinstance(module, known):
                _check_forward(module, known)
                yield module


def _check_forward(block: nn.Module, known: type[nn.Module]) -> None:
    if type(block).forward is not known.forward:
        raise InputError(
            f"{type(block).__name__} has a forward of its own, in which the place of the shortcut is not known; "
            'if it applies `downsample` to it, give shortcuts=lambda model: [scaling(block, "downsample") for …]'
        )


def _check(setters: Sequence[object], model: nn.Module) -> None:
    if not setters:
        raise InputError(
            f"no residual block is found in {type(model).__name__}; allowed are torchvision's ResNets, vsearch's own, "
            "and networks with a vsearch.models.Scale on each shortcut; for others give shortcuts="
        )
    for setter in setters:
        if not callable(setter):
            raise InputError(
                f"shortcuts gave {shorten(repr(setter))}; it must give a function of a scale for each block"
            )
