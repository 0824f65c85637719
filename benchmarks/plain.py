"""The loop of most tutorials, to measure ours against: DataLoader, torchvision transforms, float32, NCHW.

On a GPU it has pinned memory and copies that do not block, and convolutions run in TF32: torch's own default.
"""

import os
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from vsearch.data import SearchData

CPU = torch.device("cpu")
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


def loader_workers(device: torch.device) -> int:
    """Processes that read images: two beside a CPU's training, up to eight before a GPU, which waits for them."""
    return LOADER_WORKERS if device.type == "cpu" else min(8, os.cpu_count() or 1)


def warm_up_steps(device: torch.device) -> int:
    """Steps before the clock starts; on a GPU also what the loader had ready while the first step was set up."""
    return 2 if device.type == "cpu" else 2 * loader_workers(device) + 2


def plain_images_per_second(
    data: SearchData,
    depth: int,
    batch_size: int,
    device: torch.device = CPU,
    on_start: Callable[[], object] = lambda: None,
) -> float:
    """Train one epoch with default threads; `on_start` is called after the warm-up, as the clock starts."""
    network = plain_network(depth, data.num_classes).to(device).train()
    optimiser = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    is_gpu = device.type == "cuda"
    loader = DataLoader(
        PlainImages(data),
        batch_size,
        shuffle=True,
        num_workers=loader_workers(device),
        drop_last=True,
        persistent_workers=True,
        pin_memory=is_gpu,
    )
    batches = iter(loader)
    for _ in range(warm_up_steps(device)):
        images, labels = next(batches)
        _step(network, optimiser, images, labels, device)
    if is_gpu:
        torch.cuda.synchronize(device)
    on_start()
    start, steps = time.perf_counter(), 0
    for images, labels in batches:
        _step(network, optimiser, images, labels, device)
        steps += 1
    if is_gpu:
        torch.cuda.synchronize(device)
    return steps * batch_size / (time.perf_counter() - start)


def _step(
    network: nn.Module, optimiser: torch.optim.Optimizer, images: Tensor, labels: Tensor, device: torch.device
) -> None:
    images, labels = images.to(device, non_blocking=True), labels.to(device, non_blocking=True)
    optimiser.zero_grad()
    functional.cross_entropy(network(images), labels).backward()  # type: ignore[no-untyped-call]
    optimiser.step()
