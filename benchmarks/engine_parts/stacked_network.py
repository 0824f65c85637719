"""The forward pass of S ResNets side by side in the channels."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from vsearch.models import ResNet
from vsearch.models.resnet import Block


class StackedNetwork:
    """S networks of one shape; their weights come as one `(S, P)` tensor in the order of `ResNet.parameters()`.

    Activations are `(B, S·C, H, W)`, the channels of one network beside those of the next.
    """

    def __init__(self, networks: Sequence[ResNet], device: torch.device, dtype: torch.dtype) -> None:
        first = networks[0]
        self._slots, self._device, self._dtype = len(networks), device, dtype
        self._shapes = {name: part.shape for name, part in first.named_parameters()}
        states = [network.state_dict() for network in networks]
        self.statistics = {
            name: torch.cat([state[name] for state in states]).to(device) for name in states[0] if "running" in name
        }
        """Batch norm's means and variances, `(S·C,)` each."""
        self._blocks = [(block.stride, block.new_channels) for block in first.blocks if isinstance(block, Block)]
        self._norm = first.bn
        scales = torch.tensor([network.scales for network in networks], device=device)
        self._scales = list(scales.T.view(len(self._blocks), 1, self._slots, 1, 1, 1))

    def named(self, weights: Tensor) -> dict[str, Tensor]:
        """`(S, P)` -> the parameters by name, `(S, …)` each."""
        parts = torch.split(weights, [shape.numel() for shape in self._shapes.values()], dim=1)
        return {name: part.reshape(-1, *shape) for (name, shape), part in zip(self._shapes.items(), parts, strict=True)}

    def losses(self, weights: Tensor, images: Tensor, labels: Tensor) -> Tensor:
        """Mean cross-entropy of each network, `(S,)`, on images `(S, B, C, H, W)` and labels `(S, B)` of its own."""
        is_bf16 = self._dtype is torch.bfloat16
        with torch.autocast(self._device.type, torch.bfloat16, enabled=is_bf16, cache_enabled=False):
            logits = self._logits(self.named(weights), images)
        losses = functional.cross_entropy(logits.float().flatten(0, 1), labels.flatten(), reduction="none")
        return losses.view_as(labels).mean(1)

    def _logits(self, weights: Mapping[str, Tensor], images: Tensor) -> Tensor:
        slots, count, channels, height, width = images.shape
        x = images.permute(1, 3, 4, 0, 2).reshape(count, height, width, slots * channels).permute(0, 3, 1, 2)
        x = functional.relu(self._conv_norm(x, weights, "conv", "bn"))
        for number, ((stride, new_channels), scale) in enumerate(zip(self._blocks, self._scales, strict=True)):
            name = f"blocks.{number}."
            branch = functional.relu(self._conv_norm(x, weights, f"{name}conv1", f"{name}bn1", stride))
            branch = self._conv_norm(branch, weights, f"{name}conv2", f"{name}bn2")
            x = functional.relu(self._add_scaled(branch, x, scale, stride, new_channels))
        pooled = x.mean(dim=(2, 3)).view(count, slots, -1).transpose(0, 1)
        return torch.baddbmm(weights["classifier.bias"].unsqueeze(1), pooled, weights["classifier.weight"].mT)

    def _conv_norm(self, x: Tensor, weights: Mapping[str, Tensor], conv: str, norm: str, stride: int = 1) -> Tensor:
        kernel = weights[f"{conv}.weight"].flatten(0, 1)
        x = functional.conv2d(x, kernel, stride=stride, padding=1, groups=self._slots)
        settings: nn.BatchNorm2d = self._norm
        assert settings.momentum is not None
        return functional.batch_norm(
            x,
            self.statistics[f"{norm}.running_mean"],
            self.statistics[f"{norm}.running_var"],
            weights[f"{norm}.weight"].flatten(),
            weights[f"{norm}.bias"].flatten(),
            training=True,
            momentum=settings.momentum,
            eps=settings.eps,
        )

    def _add_scaled(self, branch: Tensor, x: Tensor, scale: Tensor, stride: int, new_channels: int) -> Tensor:
        """`branch + scale · h(x)` in float32, then in the branch's format."""
        x = x[:, :, ::stride, ::stride].unflatten(1, (self._slots, -1))  # type: ignore[no-untyped-call]
        shortcut = functional.pad(x, (0, 0, 0, 0, 0, new_channels))
        apart = branch.unflatten(1, (self._slots, -1))  # type: ignore[no-untyped-call]
        added: Tensor = torch.addcmul(apart.float(), shortcut.float(), scale).to(branch.dtype)
        return added.flatten(1, 2)
