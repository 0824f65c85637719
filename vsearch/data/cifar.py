"""CIFAR-10 and CIFAR-100, from the official Python files, read by torchvision.

Source: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
"""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from vsearch.data.download import fetch_if_missing
from vsearch.data.sets import Augmentation, LabelledPixels, TrainSplit
from vsearch.data.verify import PublishedFiles
from vsearch.spec.datasets import DATASETS, DatasetInfo

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
    info = DATASETS[name]
    pixels = read_batches(info, published, dict(published.train_list), root, download, md5)
    return TrainSplit(*pixels, info.num_classes, AUGMENTATION)


def read_batches(
    info: DatasetInfo,
    published: Any,
    batches: Mapping[str, str],
    root: Path,
    download: bool,
    md5: Mapping[str, str] | None = None,
) -> LabelledPixels:
    """The images of some files of a CIFAR data set, in the files' order; no other file of images is opened.

    Args:
        info: the catalogue's entry, for the messages.
        published: torchvision's class of the data set.
        batches: name and published MD5 of each file.
        root: the folder that holds the data set's own.
        download: fetch the archive if a file is missing or damaged.
        md5: of each file and of the classes' names, instead of the published ones.

    Raises:
        DataError: a file is missing, unreadable or damaged.
    """
    meta = published.meta
    files = PublishedFiles(info, published.base_folder, md5 or {**batches, meta["filename"]: meta["md5"]})
    if download:
        fetch_if_missing(files, root, lambda: _fetch(published, root))
    files.verify(root)
    # torchvision reads what is in its train list, and checks its test list too; an empty one keeps the rest closed.
    only_these = type(
        published.__name__,
        (published,),
        {
            "train_list": [[file, files.md5[file]] for file in batches],
            "test_list": [],
            "meta": {**meta, "md5": files.md5[meta["filename"]]},
        },
    )
    with warnings.catch_warnings():
        # The official pickles are older than numpy's present ideas of a dtype.
        warnings.simplefilter("ignore")
        official = only_these(root, train=True)
    return LabelledPixels(np.ascontiguousarray(official.data), np.asarray(official.targets, dtype=np.int64))


def _fetch(published: Any, root: Path) -> None:
    from torchvision.datasets.utils import download_and_extract_archive

    download_and_extract_archive(published.url, root, filename=published.filename, md5=published.tgz_md5)
