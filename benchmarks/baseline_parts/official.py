"""CIFAR-10 as He et al. 2015 used it for their table: all 50,000 training images, and the official test images.

A search of vsearch never opens the test split, since it must not see what its result is judged by. These baselines
search nothing: each network is evaluated on the test images once, after its last epoch.
"""

from dataclasses import replace
from pathlib import Path

from vsearch.data import ImageSet, SearchData
from vsearch.data.test_split import load_test_data

WATCHED = 500


def official_cifar10(root: Path) -> tuple[SearchData, ImageSet]:
    """The training images, the first 500 of which stand for the validation part too, and the test images.

    Raises:
        DataError: a file of either split is missing or damaged.
    """
    official = load_test_data("cifar10", root=root)
    watched = ImageSet(official.train.images[:WATCHED], official.train.labels[:WATCHED])
    data = replace(official, validation=watched, split_digest="all of the official train split")
    return data, official.validation
