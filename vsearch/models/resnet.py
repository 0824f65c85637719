"""The CIFAR residual networks of He et al. 2015 (section 4.2), with a fixed scale on every shortcut."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from vsearch.errors import InputError, shorten
from vsearch.models.norms import TORCH_NORMS, Norms, Scale
from vsearch.spec.depth import num_blocks

WIDTHS = (16, 32, 64)

Convolve = Callable[[nn.Conv2d, Tensor], Tensor]
"""A way to compute `conv(x)`."""


def torch_convolution(conv: nn.Conv2d, x: Tensor) -> Tensor:
    """`conv(x)`."""
    result: Tensor = conv(x)
    return result


class Block(nn.Module):
    """`relu(scale * h(x) + F(x))`: the scale multiplies the shortcut `h`, not the branch `F`.

    `h` is the identity; where the shape changes it is He et al.'s option A, every second pixel and zeros in the new
    channels. `F` is conv-bn-relu-conv-bn.
    """

    scale: Tensor
    factor: Tensor
    norms: Norms = TORCH_NORMS
    """How what stands between the convolutions is computed."""

    def __init__(self, in_width: int, width: int, stride: int, scale: float) -> None:
        super().__init__()
        self.convolve: Convolve = torch_convolution
        self.stride = stride
        self.new_channels = width - in_width
        self.conv1 = _conv3x3(in_width, width, stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = _conv3x3(width, width, 1)
        self.bn2 = nn.BatchNorm2d(width)
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float64))
        # A Python float keeps its precision next to bf16 tensors and is read without waiting for the GPU.
        self._alpha = scale
        # On a GPU, where the launches of a step may have been recorded before this scale was known.
        self.register_buffer("factor", self.scale.float().view(1, 1, 1, 1), persistent=False)
        self.register_load_state_dict_post_hook(_mirror_scale)  # type: ignore[no-untyped-call]

    @property
    def alpha(self) -> float:
        """The factor of the shortcut as the forward pass applies it; follows `scale` at `load_state_dict`."""
        return self._alpha

    def set_scale(self, scale: float) -> None:
        """Multiply the shortcut by that number from now on."""
        self.scale.fill_(scale)
        _mirror_scale(self, None)

    def forward(self, x: Tensor) -> Tensor:
        """Images `(N, C, H, W)` -> `(N, width, H / stride, W / stride)`."""
        branch = self.norms.relu(self.bn1, self.convolve(self.conv1, x))
        branch = self.convolve(self.conv2, branch)
        shortcut = self.shortcut(self.norms.again(x))
        return self.norms.add_relu(self.bn2, branch, shortcut, self._scale_for(x))

    def shortcut(self, x: Tensor) -> Tensor:
        """`h(x)` before the scale, in the shape of the block's output."""
        if self.stride == 1 and self.new_channels == 0:
            return x
        return functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.new_channels))

    def _scale_for(self, x: Tensor) -> Scale:
        return self.factor if x.is_cuda else self._alpha


class ResNet(nn.Module):
    """A network of 6n + 2 layers; make one with `resnet`."""

    norms: Norms = TORCH_NORMS

    def __init__(self, scales: Sequence[float], num_classes: int, in_channels: int) -> None:
        super().__init__()
        self.conv = _conv3x3(in_channels, WIDTHS[0], 1)
        self.bn = nn.BatchNorm2d(WIDTHS[0])
        per_stage = len(scales) // len(WIDTHS)
        blocks, in_width = [], WIDTHS[0]
        for index, scale in enumerate(scales):
            width = WIDTHS[index // per_stage]
            blocks.append(Block(in_width, width, stride=1 if width == in_width else 2, scale=scale))
            in_width = width
        self.blocks = nn.Sequential(*blocks)
        self.classifier = nn.Linear(WIDTHS[-1], num_classes)

    @property
    def scales(self) -> tuple[float, ...]:
        """The shortcut scale of every block, first to last, as the forward pass applies it."""
        return tuple(block.alpha for block in self.blocks if isinstance(block, Block))

    def use(self, norms: Norms, convolve: Convolve = torch_convolution) -> None:
        """Compute the convolutions of the blocks, and what stands between convolutions, that way from now on."""
        self.norms = norms
        for block in self.blocks:
            if isinstance(block, Block):
                block.norms, block.convolve = norms, convolve

    def forward(self, images: Tensor) -> Tensor:
        """Normalised images `(N, in_channels, H, W)` -> logits `(N, num_classes)`."""
        x = self.norms.relu(self.bn, self.conv(images))
        logits: Tensor = self.classifier(self.blocks(x).mean(dim=(2, 3)))
        return logits


def resnet(
    depth: int,
    num_classes: int,
    scales: Sequence[float] | None = None,
    in_channels: int = 3,
    generator: torch.Generator | None = None,
) -> ResNet:
    """The CIFAR ResNet of `depth` layers whose l-th block multiplies its shortcut by `scales[l - 1]`.

    `scales` adds no parameter; None is the plain network, all ones. Weights are He-normal (fan out), drawn on the CPU
    from `generator`, or from torch's global one.

    Raises:
        InputError: a depth that is not 6n + 2, a wrong number of scales, or a scale that is not finite.
    """
    blocks = num_blocks(depth)
    checked = [1.0] * blocks if scales is None else _check_scales(scales, depth, blocks)
    network = ResNet(checked, num_classes, in_channels)
    _initialise(network, generator)
    return network


def _check_scales(scales: Sequence[float], depth: int, blocks: int) -> list[float]:
    if len(scales) != blocks:
        raise InputError(f"ResNet-{depth} takes one scale for each block: expected {blocks}, got {len(scales)}")
    for position, scale in enumerate(scales, start=1):
        try:
            finite = math.isfinite(scale)
        except (TypeError, OverflowError):
            finite = False
        if not finite:
            raise InputError(f"the scale of block {position} is {shorten(repr(scale))}; it must be a finite number")
    return [float(scale) for scale in scales]


def _initialise(network: ResNet, generator: torch.Generator | None) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu", generator=generator)
    # Fan out would give the classifier a deviation of 0.45 with 10 classes, and logits far from even at the start.
    nn.init.kaiming_normal_(network.classifier.weight, nonlinearity="linear", generator=generator)
    nn.init.zeros_(network.classifier.bias)


def _conv3x3(in_width: int, width: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(in_width, width, kernel_size=3, stride=stride, padding=1, bias=False)


def _mirror_scale(block: nn.Module, _incompatible_keys: object) -> None:
    assert isinstance(block, Block)
    block._alpha = float(block.scale)
    block.factor.copy_(block.scale)
