"""Which reader reads which data set. A new data set is a new file, a line here and a line in `spec.datasets`."""

import os
from collections.abc import Callable
from pathlib import Path

from vsearch.data.cifar import read_cifar10, read_cifar100
from vsearch.data.digits import read_digits
from vsearch.data.folder import DEFAULT_SIZE, read_folder
from vsearch.data.mnist import read_fashion_mnist
from vsearch.data.sets import TrainSplit
from vsearch.data.svhn import read_svhn
from vsearch.errors import InputError
from vsearch.spec.datasets import FOLDER_PREFIX, dataset_info

Reader = Callable[[Path, bool], TrainSplit]

# Each takes the root of the data and whether to fetch what is missing there.
READERS: dict[str, Reader] = {
    "cifar10": read_cifar10,
    "cifar100": read_cifar100,
    "digits": read_digits,
    "fashion-mnist": read_fashion_mnist,
    "svhn": read_svhn,
}


def folder_of(name: str, image_size: int | None) -> tuple[Path, int] | None:
    """Folder and size of the images of `folder:PATH`; None for a data set of the catalogue.

    Raises:
        InputError: an unknown name, or an `image_size` that the data set does not allow.
    """
    info = dataset_info(name)
    if info is None:
        folder = Path(os.path.expanduser(name.removeprefix(FOLDER_PREFIX)))
        return folder, DEFAULT_SIZE if image_size is None else image_size
    if image_size not in (None, info.image_size):
        raise InputError(
            f"image_size is {image_size}, but the images of {info.title} are {info.image_size} pixels wide; "
            "only folder:PATH is brought to another size"
        )
    return None


def read_train_split(name: str, root: Path, *, download: bool = False, image_size: int | None = None) -> TrainSplit:
    """The official train split of a data set, or what stands for one where there is none.

    Raises:
        InputError: an unknown name, or an `image_size` that the data set does not allow.
        DataError: images are missing, unreadable or damaged.
    """
    folder = folder_of(name, image_size)
    return READERS[name](root, download) if folder is None else read_folder(*folder)
