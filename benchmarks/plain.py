"""The loop of most tutorials, to measure ours against: DataLoader, torchvision transforms, float32, NCHW."""

import time
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from vsearch.data import SearchData

LOADER_WORKERS = 2


class PlainBlock(nn.Module):
    """The block of He et al. 2015 with an option-A shortcut, as it is usually written."""

    def __init__(self, in_width: int, width: int) -> None:
        super().__init__()
        self.stride, self.new_channels = (1, 0) if in_width == width else (2, width - in_width)
        self.conv1 = nn.Conv2d(in_width, width, 3, self.stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        """Branch plus shortcut, unscaled."""
        out = functional.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.new_channels:
            x = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, self.new_channels))
        out += x
        return functional.relu(out)


class PlainImages(Dataset[tuple[Tensor, int]]):
    """One PIL image after the other, as torchvision's data sets serve them."""

    def __init__(self, data: SearchData) -> None:
        self.images = data.train.images.numpy()
        self.labels = data.train.labels.tolist()
        self.transform = transforms.Compose(
            [
                transforms.RandomCrop(32, padding=4),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize((data.mean / 255).tolist(), (data.std / 255).tolist()),
            ]
        )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(np.asarray(self.images[index]))), self.labels[index]


def plain_network(depth: int, num_classes: int) -> nn.Module:
    """The same layers as `vsearch.models.resnet`, unscaled."""
    widths = [16, *(width for width in (16, 32, 64) for _ in range((depth - 2) // 6))]
    blocks = [PlainBlock(before, after) for before, after in pairwise(widths)]
    stem = [nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, num_classes))


def plain_images_per_second(data: SearchData, depth: int, batch_size: int, ready: Any) -> float:
    """Train one epoch with default threads; `ready` is waited for after a warm-up, and before the clock starts."""
    network = plain_network(depth, data.num_classes).train()
    optimiser = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    loader = DataLoader(
        PlainImages(data), batch_size, shuffle=True, num_workers=LOADER_WORKERS, drop_last=True, persistent_workers=True
    )
    batches = iter(loader)
    for _ in range(2):
        _step(network, optimiser, *next(batches))
    ready.wait()
    start, steps = time.perf_counter(), 0
    for images, labels in batches:
        _step(network, optimiser, images, labels)
        steps += 1
    return steps * batch_size / (time.perf_counter() - start)


def _step(network: nn.Module, optimiser: torch.optim.Optimizer, images: Tensor, labels: Tensor) -> None:
    optimiser.zero_grad()
    functional.cross_entropy(network(images), labels).backward()  # type: ignore[no-untyped-call]
    optimiser.step()
