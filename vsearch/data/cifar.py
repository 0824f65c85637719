"""CIFAR-10 and CIFAR-100, from the official Python files, read by torchvision.

Source: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
"""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from vsearch.data.download import fetch_if_missing
from vsearch.data.sets import Augmentation, TrainSplit
from vsearch.data.verify import PublishedFiles
from vsearch.spec.datasets import DATASETS

# He et al. 2015, section 4.2: 4 pixels on each side, a random crop, a random flip.
AUGMENTATION = Augmentation(pad=4, flip=True)


def read_cifar10(root: Path, download: bool = False, md5: Mapping[str, str] | None = None) -> TrainSplit:
    """The 50,000 training images of `root/cifar-10-batches-py`; `test_batch` may be missing.

    Args:
        root: the folder that holds `cifar-10-batches-py`.
        download: fetch the archive if the files are missing or damaged.
        md5: of each file, instead of the published ones.

    Raises:
        DataError: a file is missing, unreadable or damaged.
    """
    from torchvision.datasets import CIFAR10

    return _read("cifar10", CIFAR10, root, download, md5)


def read_cifar100(root: Path, download: bool = False, md5: Mapping[str, str] | None = None) -> TrainSplit:
    """The 50,000 training images of `root/cifar-100-python` with their fine labels; otherwise as `read_cifar10`."""
    from torchvision.datasets import CIFAR100

    return _read("cifar100", CIFAR100, root, download, md5)


def _read(name: str, published: Any, root: Path, download: bool, md5: Mapping[str, str] | None) -> TrainSplit:
    meta = published.meta
    files = PublishedFiles(
        DATASETS[name], published.base_folder, md5 or {**dict(published.train_list), meta["filename"]: meta["md5"]}
    )
    if download:
        fetch_if_missing(files, root, lambda: _fetch(published, root))
    files.verify(root)
    # torchvision checks the test file too; an empty list keeps it closed.
    train_only = type(
        published.__name__,
        (published,),
        {
            "train_list": [[file, files.md5[file]] for file, _ in published.train_list],
            "test_list": [],
            "meta": {**meta, "md5": files.md5[meta["filename"]]},
        },
    )
    with warnings.catch_warnings():
        # The official pickles are older than numpy's present ideas of a dtype.
        warnings.simplefilter("ignore")
        official = train_only(root, train=True)
    return TrainSplit(
        np.ascontiguousarray(official.data),
        np.asarray(official.targets, dtype=np.int64),
        files.info.num_classes,
        AUGMENTATION,
    )


def _fetch(published: Any, root: Path) -> None:
    from torchvision.datasets.utils import download_and_extract_archive

    download_and_extract_archive(published.url, root, filename=published.filename, md5=published.tgz_md5)
