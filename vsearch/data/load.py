"""From a data set's name to the images of a search."""

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from vsearch.data.registry import read_train_split
from vsearch.data.sets import ImageSet, LabelledPixels, SearchData, TrainSplit
from vsearch.data.split import Indices, Split, split_digest, subset, whole_split
from vsearch.errors import DataError

# Images whose pixels are counted at once: bounds the counting's memory, at 32×32, to some 30 MB.
COUNTED_AT_ONCE = 4096


def load_search_data(
    name: str,
    *,
    root: Path,
    train_images: int | None = None,
    validation_images: int | None = None,
    split_seed: int = 0,
    download: bool = False,
    image_size: int | None = None,
) -> SearchData:
    """The training and validation images of a data set; its test split is neither opened nor returned.

    Args:
        name: of the catalogue, or `folder:PATH`.
        root: the folder that holds the published files, as torchvision lays them out; `folder:` and digits ignore it.
        train_images: train on a stratified subset of so many images; by default on the whole train part.
        validation_images: likewise for validation.
        split_seed: which 10 % of the train split are the validation part, and which images a subset takes.
        download: fetch what is missing.
        image_size: height and width that the images of a folder are brought to, 32 by default.

    Raises:
        InputError: an unknown name, or a number that the data set does not allow.
        DataError: images are missing, unreadable or damaged.
    """
    # Not Path.expanduser, which fails where there is no such user.
    root = Path(os.path.expanduser(root))
    official = read_train_split(name, root, download=download, image_size=image_size)
    return split_for_search(
        name, official, train_images=train_images, validation_images=validation_images, split_seed=split_seed
    )


def split_for_search(
    name: str,
    official: TrainSplit,
    *,
    train_images: int | None = None,
    validation_images: int | None = None,
    split_seed: int = 0,
) -> SearchData:
    """An official train split, divided for a search as `load_search_data` describes."""
    labels = official.labels
    whole = whole_split(labels, split_seed)
    require_every_class(name, labels[whole.train], official.num_classes, "validation")
    split = Split(
        subset(whole.train, labels, train_images, "train_images", split_seed),
        subset(whole.validation, labels, validation_images, "validation_images", split_seed),
    )
    judged_by = LabelledPixels(official.images, labels)
    return assemble(name, official, split, judged_by, counted=whole.train, digest=split_digest(split))


def assemble(
    name: str, official: TrainSplit, split: Split, judged_by: LabelledPixels, *, counted: Indices, digest: str
) -> SearchData:
    """What training takes: `split.train` of the official train split, `split.validation` of the images to judge by.

    Mean and standard deviation are those of the images `counted` of the official train split.
    """
    mean, std = pixel_statistics(official.images, counted)
    return SearchData(
        name=name,
        train=_image_set(official.images, official.labels, split.train),
        validation=_image_set(*judged_by, split.validation),
        num_classes=official.num_classes,
        mean=torch.from_numpy(mean),
        std=torch.from_numpy(std),
        augmentation=official.augmentation,
        split_digest=digest,
    )


def pixel_statistics(
    images: npt.NDArray[np.uint8], part: Indices
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Mean and standard deviation of each channel over the images in `part`, in units of 0 … 255.

    From exact counts of the 256 values, so independent of order and machine. A channel that never varies has std 1.
    """
    channels = images.shape[3]
    counts = np.zeros((channels, 256), dtype=np.int64)
    for start in range(0, len(part), COUNTED_AT_ONCE):
        chunk = images[part[start : start + COUNTED_AT_ONCE]]
        for channel in range(channels):
            counts[channel] += np.bincount(chunk[..., channel].ravel(), minlength=256)
    share = counts / counts.sum(axis=1, keepdims=True)
    mean = share @ np.arange(256.0)
    variance = (share * (np.arange(256.0) - mean[:, None]) ** 2).sum(axis=1)
    std = np.where(variance > 0, np.sqrt(variance), 1.0)
    return mean.astype(np.float32), std.astype(np.float32)


def _image_set(images: npt.NDArray[np.uint8], labels: Indices, part: Indices) -> ImageSet:
    return ImageSet(torch.from_numpy(np.ascontiguousarray(images[part])), torch.from_numpy(labels[part]))


def require_every_class(name: str, labels: Indices, num_classes: int, held_out: str) -> None:
    """Nothing, if the training images have every class.

    Raises:
        DataError: a class has none left once the images `held_out` ("validation", "test") are taken away.
    """
    missing = np.setdiff1d(np.arange(num_classes), labels)
    if len(missing):
        raise DataError(
            f"data set {name} leaves no training image for {len(missing)} of its {num_classes} classes once {held_out} "
            "images are held out; give every class more images"
        )
