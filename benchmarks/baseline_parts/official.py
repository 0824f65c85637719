"""CIFAR-10 as He et al. 2015 used it for their table: all 50,000 training images, and the official test images.

vsearch itself never opens the test split, since a search must not see what its result is judged by. These baselines
search nothing: each network is evaluated on the test images once, after its last epoch.
"""

from pathlib import Path

import numpy as np
import torch

from vsearch.data import ImageSet, SearchData
from vsearch.data.cifar import read_cifar10
from vsearch.data.load import pixel_statistics

WATCHED = 500


def official_cifar10(root: Path) -> tuple[SearchData, ImageSet]:
    """The training images, the first 500 of which stand for the validation part too, and the test images.

    Raises:
        DataError: a file of the train split is missing or damaged.
        RuntimeError: so is that of the test split.
    """
    from torchvision.datasets import CIFAR10

    train = read_cifar10(root)
    published = CIFAR10(root, train=False)  # compares the MD5 of every file
    mean, std = pixel_statistics(train.images, np.arange(len(train.labels)))
    images = ImageSet(torch.from_numpy(train.images), torch.from_numpy(train.labels))
    data = SearchData(
        name="cifar10",
        train=images,
        validation=ImageSet(images.images[:WATCHED], images.labels[:WATCHED]),
        num_classes=train.num_classes,
        mean=torch.from_numpy(mean),
        std=torch.from_numpy(std),
        augmentation=train.augmentation,
        split_digest="all of the official train split",
    )
    return data, ImageSet(torch.from_numpy(published.data), torch.tensor(published.targets))
