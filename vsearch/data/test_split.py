"""The test split, which a confirmation is judged by and nothing else in vsearch may read.

An import contract in `pyproject.toml` lets only `vsearch.worker.workplace` import this module. Which images a search
leaves alone is told beside each reader of a train split; here they are read.
"""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from vsearch.data.cifar import read_batches
from vsearch.data.digits import as_images, published_scans
from vsearch.data.folder import ListedFiles, class_names, decode_all, list_files
from vsearch.data.load import assemble, require_every_class
from vsearch.data.mnist import read_idx
from vsearch.data.registry import folder_of, read_train_split
from vsearch.data.sets import LabelledPixels, SearchData, TrainSplit
from vsearch.data.split import Split, hold_out_test, require_seed, split_digest, subset
from vsearch.data.svhn import read_mat
from vsearch.data.verify import unreadable
from vsearch.errors import DataError
from vsearch.spec.datasets import DATASETS, DatasetInfo

FASHION_IMAGES = "t10k-images-idx3-ubyte"
FASHION_LABELS = "t10k-labels-idx1-ubyte"
# Of the unpacked files, as `mnist.MD5`.
FASHION_MD5 = {
    FASHION_IMAGES: "8181f5470baa50b63fa0f6fddb340f0a",
    FASHION_LABELS: "15d484375f8d13e6eb1aabb0c3f46965",
}
# In a folder of images with a `train` folder, the first of these that is there is its test split.
TEST_FOLDERS = ("test", "val")


def load_test_data(
    name: str,
    *,
    root: Path,
    train_images: int | None = None,
    test_images: int | None = None,
    split_seed: int = 0,
    download: bool = False,
    image_size: int | None = None,
) -> SearchData:
    """The whole official train split to learn from and, as `validation`, the test split to be judged by.

    Mean and standard deviation are over the whole official train split, whatever the subset.

    Args:
        name: of the catalogue, or `folder:PATH`.
        root: the folder that holds the published files, as torchvision lays them out; `folder:` and digits ignore it.
        train_images: train on a stratified subset of so many images; by default on all.
        test_images: likewise for the test split.
        split_seed: which images a subset takes; with the same seed a smaller one is part of a larger one.
        download: fetch what is missing.
        image_size: height and width that the images of a folder are brought to, 32 by default.

    Raises:
        InputError: an unknown name, or a number that the data set does not allow.
        DataError: images are missing, unreadable or damaged, or the two splits of a folder have different classes.
    """
    root = Path(os.path.expanduser(root))
    official = read_train_split(name, root, download=download, image_size=image_size)
    test = read_test_split(name, root, download=download, image_size=image_size)
    return divide_for_confirmation(
        name, official, test, train_images=train_images, test_images=test_images, split_seed=split_seed
    )


def divide_for_confirmation(
    name: str,
    official: TrainSplit,
    test: LabelledPixels,
    *,
    train_images: int | None = None,
    test_images: int | None = None,
    split_seed: int = 0,
) -> SearchData:
    """Both official splits, or subsets of them, as `load_test_data` describes."""
    require_seed(split_seed)
    require_every_class(name, official.labels, official.num_classes, "test")
    everything = np.arange(len(official.labels))
    split = Split(
        subset(everything, official.labels, train_images, "train_images", split_seed),
        subset(np.arange(len(test.labels)), test.labels, test_images, "test_images", split_seed),
    )
    return assemble(name, official, split, test, counted=everything, digest=_digest(split))


def read_test_split(name: str, root: Path, *, download: bool = False, image_size: int | None = None) -> LabelledPixels:
    """The official test split of a data set, or what is held out as one where there is none.

    Raises:
        InputError: an unknown name, or an `image_size` that the data set does not allow.
        DataError: images are missing, unreadable or damaged.
    """
    folder = folder_of(name, image_size)
    if folder is None:
        return READERS[name](root, download)
    path, size = folder
    return decode_all(_test_files(path), size)


def read_cifar10_test(root: Path, download: bool = False, md5: Mapping[str, str] | None = None) -> LabelledPixels:
    """The 10,000 images of `root/cifar-10-batches-py/test_batch`; otherwise as `cifar.read_cifar10`."""
    from torchvision.datasets import CIFAR10

    # One archive holds both splits.
    info = _test_info("cifar10", DATASETS["cifar10"].download_megabytes)
    return read_batches(info, CIFAR10, dict(CIFAR10.test_list), root, download, md5)


def read_cifar100_test(root: Path, download: bool = False, md5: Mapping[str, str] | None = None) -> LabelledPixels:
    """The 10,000 images of `root/cifar-100-python/test` with their fine labels; otherwise as `read_cifar10_test`."""
    from torchvision.datasets import CIFAR100

    info = _test_info("cifar100", DATASETS["cifar100"].download_megabytes)
    return read_batches(info, CIFAR100, dict(CIFAR100.test_list), root, download, md5)


def read_digits_test(_root: Path, _download: bool = False) -> LabelledPixels:
    """The 359 scans that a search never sees, scaled as its own."""
    scans, labels = published_scans()
    _, test = hold_out_test(labels)
    return as_images(scans[test], labels[test])


def read_fashion_mnist_test(root: Path, download: bool = False, md5: Mapping[str, str] = FASHION_MD5) -> LabelledPixels:
    """The 10,000 images of the `t10k` files in `root/FashionMNIST/raw`; otherwise as `mnist.read_fashion_mnist`."""
    return read_idx(_test_info("fashion-mnist", 4), FASHION_IMAGES, FASHION_LABELS, root, download, md5)


def read_svhn_test(root: Path, download: bool = False, md5: str | None = None) -> LabelledPixels:
    """The 26,032 images of `root/test_32x32.mat`; otherwise as `svhn.read_svhn`."""
    return read_mat(_test_info("svhn", 64), "test", root, download, md5)


# As `registry.READERS`, for the other split.
READERS: dict[str, Callable[[Path, bool], LabelledPixels]] = {
    "cifar10": read_cifar10_test,
    "cifar100": read_cifar100_test,
    "digits": read_digits_test,
    "fashion-mnist": read_fashion_mnist_test,
    "svhn": read_svhn_test,
}


def _test_info(name: str, megabytes: int) -> DatasetInfo:
    """The catalogue's entry as the messages about a test split need it."""
    info = DATASETS[name]
    return replace(info, title=f"{info.title} (test split)", download_megabytes=megabytes)


def _test_files(folder: Path) -> ListedFiles:
    try:
        if (folder / "train").is_dir():
            return _separate_test_files(folder)
        listed = list_files(folder)
    except OSError as error:
        raise unreadable(folder, error) from error
    _, test = hold_out_test(listed.labels)
    return listed.chosen(test)


def _separate_test_files(folder: Path) -> ListedFiles:
    held_out = next((folder / name for name in TEST_FOLDERS if (folder / name).is_dir()), None)
    if held_out is None:
        raise DataError(
            f"{folder} has a folder train but neither test nor val to judge by; add PATH/test/<class>/*.png, "
            "or put all images in PATH/<class>/*.png, of which a fixed fifth is then the test split"
        )
    _require_same_classes(folder / "train", held_out)
    return list_files(held_out)


def _require_same_classes(train: Path, test: Path) -> None:
    for one, other in ((train, test), (test, train)):
        lacking = sorted(set(class_names(one)) - set(class_names(other)))
        if lacking:
            raise DataError(
                f"{other} lacks {len(lacking)} of the classes of {one}, such as {lacking[0]}; "
                "give both the same class folders"
            )


def _digest(split: Split) -> str:
    return hashlib.sha256(f"test split {split_digest(split)}".encode()).hexdigest()
