"""Fashion-MNIST, from the official idx files, read by torchvision.

Source: H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST, 2017, arXiv:1708.07747.
"""

from collections.abc import Mapping
from pathlib import Path
from urllib.error import URLError

import numpy as np

from vsearch.data.download import fetch_if_missing
from vsearch.data.sets import Augmentation, TrainSplit
from vsearch.data.verify import PublishedFiles
from vsearch.spec.datasets import DATASETS

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
    from torchvision.datasets.mnist import read_image_file, read_label_file

    files = PublishedFiles(DATASETS["fashion-mnist"], FOLDER, md5)
    if download:
        fetch_if_missing(files, root, lambda: _fetch(root / FOLDER))
    files.verify(root)
    images = read_image_file(str(root / FOLDER / IMAGES)).numpy()
    labels = read_label_file(str(root / FOLDER / LABELS)).numpy()
    return TrainSplit(images[..., np.newaxis], labels.astype(np.int64), files.info.num_classes, AUGMENTATION)


def _fetch(folder: Path) -> None:
    from torchvision.datasets import FashionMNIST
    from torchvision.datasets.utils import download_and_extract_archive

    packed_md5 = dict(FashionMNIST.resources)
    for name in (f"{IMAGES}.gz", f"{LABELS}.gz"):
        for mirror in FashionMNIST.mirrors:
            try:
                download_and_extract_archive(f"{mirror}{name}", folder, filename=name, md5=packed_md5[name])
                break
            except (RuntimeError, URLError):
                if mirror == FashionMNIST.mirrors[-1]:
                    raise
