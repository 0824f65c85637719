"""Street View House Numbers, cropped digits, from the official `train_32x32.mat`, read by torchvision.

Source: Y. Netzer et al., Reading Digits in Natural Images with Unsupervised Feature Learning, 2011.
"""

from pathlib import Path

import numpy as np

from vsearch.data.download import fetch_if_missing
from vsearch.data.sets import Augmentation, LabelledPixels, TrainSplit
from vsearch.data.verify import PublishedFiles
from vsearch.spec.datasets import DATASETS, DatasetInfo

# As for CIFAR, but a mirrored digit is none.
AUGMENTATION = Augmentation(pad=4, flip=False)


def read_svhn(root: Path, download: bool = False, md5: str | None = None) -> TrainSplit:
    """The 73,257 images of `root/train_32x32.mat`, digit 0 as class 0; neither the test nor the extra file is opened.

    Args:
        root: the folder that holds the file.
        download: fetch it if it is missing or damaged.
        md5: of the file, instead of the published one.

    Raises:
        DataError: the file is missing, unreadable or damaged.
    """
    info = DATASETS["svhn"]
    return TrainSplit(*read_mat(info, "train", root, download, md5), info.num_classes, AUGMENTATION)


def read_mat(info: DatasetInfo, part: str, root: Path, download: bool, md5: str | None = None) -> LabelledPixels:
    """The images of one part of the data set, as torchvision names it; no other part's file is opened.

    `info` is the catalogue's entry, for the messages; the rest is as `read_svhn` describes.
    """
    from torchvision.datasets import SVHN
    from torchvision.datasets.utils import download_url

    url, name, published_md5 = SVHN.split_list[part]
    expected = md5 or published_md5
    files = PublishedFiles(info, "", {name: expected})
    if download:
        fetch_if_missing(files, root, lambda: download_url(url, root, name, expected))
    files.verify(root)
    only_this = type("SVHN", (SVHN,), {"split_list": {part: [url, name, expected]}})
    official = only_this(root, split=part)
    return LabelledPixels(np.ascontiguousarray(official.data.transpose(0, 2, 3, 1)), official.labels)
