"""Modules that multiply a shortcut by a fixed number, without a parameter and without a name in the state dict."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from vsearch.errors import InputError

Setter = Callable[[float], object]
"""Gives the shortcut of one block its scale."""


class Scale(nn.Module):
    """`scale * x`; at 1 it hands on `x` itself.

    Put one on the shortcut of a block of your own (`self.shortcut(x) + self.branch(x)`), and `apply_curve` finds it.
    """

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = scale

    def set(self, scale: float) -> None:
        """Multiply by that number from now on."""
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return _scaled(x, self.scale)

    def extra_repr(self) -> str:
        """The number, for `print(model)`."""
        return f"{self.scale:g}"


class ScaledSequential(nn.Sequential):
    """Modules in a row whose last output is multiplied by `scale`; their names are those of an `nn.Sequential`."""

    scale: float = 1.0

    def set(self, scale: float) -> None:
        """Multiply by that number from now on."""
        self.scale = scale

    def forward(self, input: Any) -> Any:
        """What the modules make of `input`, times the scale."""
        return _scaled(super().forward(input), self.scale)  # type: ignore[no-untyped-call]

    def extra_repr(self) -> str:
        """The number, for `print(model)`."""
        return f"scale={self.scale:g}"


def scaling(block: nn.Module, attribute: str) -> Setter:
    """The setter of a block whose forward applies `block.<attribute>`, unless it is None, to the shortcut alone.

    So do torchvision's, timm's and most other residual blocks, with `downsample` or `shortcut`. The first setting puts
    a `Scale` where None or an `nn.Identity` was, or makes an `nn.Sequential` a `ScaledSequential` of the same modules;
    later ones replace the number.

    Raises:
        InputError: the attribute is missing or holds another module.
    """
    _scalable(block, attribute)

    def set_scale(scale: float) -> None:
        shortcut = _scalable(block, attribute)
        setattr(block, attribute, shortcut)
        shortcut.set(scale)

    return set_scale


def _scalable(block: nn.Module, attribute: str) -> Scale | ScaledSequential:
    """What stands in `attribute`, or what is to stand there."""
    if not hasattr(block, attribute):
        raise InputError(f"{type(block).__name__} has no {attribute!r}; name what it applies to its shortcut")
    found = getattr(block, attribute)
    if isinstance(found, Scale | ScaledSequential):
        return found
    if found is None or type(found) is nn.Identity:
        return Scale().train(block.training)
    if type(found) is not nn.Sequential:
        raise InputError(
            f"{attribute} of a {type(block).__name__} is a {type(found).__name__}; it may be None, an nn.Identity or "
            "an nn.Sequential. Put a vsearch.models.Scale into the block's forward instead"
        )
    scaled = ScaledSequential()
    vars(scaled).update(vars(found))  # its modules by their names, its mode and its hooks
    return scaled


def _scaled(x: Tensor, scale: float) -> Tensor:
    return x if scale == 1 else x * scale
