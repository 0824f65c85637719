"""Fashion-MNIST, from the official idx files, read by torchvision.

Source: H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST, 2017, arXiv:1708.07747.
"""

from collections.abc import Mapping
from pathlib import Path
from urllib.error import URLError

import numpy as np

from vsearch.data.download import fetch_if_missing
from vsearch.data.sets import Augmentation, LabelledPixels, TrainSplit
from vsearch.data.verify import PublishedFiles
from vsearch.spec.datasets import DATASETS, DatasetInfo

# Garments touch the frame, and their outlines tell the classes apart: 4 of 28 pixels would cut sleeves and soles off.
AUGMENTATION = Augmentation(pad=2, flip=True)
FOLDER = "FashionMNIST/raw"
IMAGES = "train-images-idx3-ubyte"
LABELS = "train-labels-idx1-ubyte"
# Of the unpacked files: torchvision publishes the MD5 of the packed ones and keeps both.
MD5 = {IMAGES: "f4a8712d7a061bf5bd6d2ca38dc4d50a", LABELS: "9018921c3c673c538a1fc5bad174d6f9"}


def read_fashion_mnist(root: Path, download: bool = False, md5: Mapping[str, str] = MD5) -> TrainSplit:
    """The 60,000 training images of `root/FashionMNIST/raw`; the `t10k` files may be missing.

    Args:
        root: the folder that holds `FashionMNIST`.
        download: fetch the two train files, not those of the test split, if they are missing or damaged.
        md5: of each unpacked file, instead of the published ones.

    Raises:
        DataError: a file is missing, unreadable or damaged.
    """
    info = DATASETS["fashion-mnist"]
    return TrainSplit(*read_idx(info, IMAGES, LABELS, root, download, md5), info.num_classes, AUGMENTATION)


def read_idx(
    info: DatasetInfo, images: str, labels: str, root: Path, download: bool, md5: Mapping[str, str]
) -> LabelledPixels:
    """The images of two files in `root/FashionMNIST/raw`; no other file is opened.

    Args:
        info: the catalogue's entry, for the messages.
        images: name of the unpacked file of images.
        labels: name of that of their classes.
        root: the folder that holds `FashionMNIST`.
        download: fetch both if they are missing or damaged.
        md5: of each unpacked file.

    Raises:
        DataError: a file is missing, unreadable or damaged.
    """
    from torchvision.datasets.mnist import read_image_file, read_label_file

    files = PublishedFiles(info, FOLDER, md5)
    folder = root / FOLDER
    if download:
        fetch_if_missing(files, root, lambda: _fetch(folder, (f"{images}.gz", f"{labels}.gz")))
    files.verify(root)
    pixels = read_image_file(str(folder / images)).numpy()
    return LabelledPixels(pixels[..., np.newaxis], read_label_file(str(folder / labels)).numpy().astype(np.int64))


def _fetch(folder: Path, names: tuple[str, ...]) -> None:
    from torchvision.datasets import FashionMNIST
    from torchvision.datasets.utils import download_and_extract_archive

    packed_md5 = dict(FashionMNIST.resources)
    for name in names:
        for mirror in FashionMNIST.mirrors:
            try:
                download_and_extract_archive(f"{mirror}{name}", folder, filename=name, md5=packed_md5[name])
                break
            except (RuntimeError, URLError):
                if mirror == FashionMNIST.mirrors[-1]:
                    raise
