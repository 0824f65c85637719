"""The values that the data layer hands on."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vsearch.data.pad import pad_images


class ImageSet(NamedTuple):
    """Images and their classes, in one order."""

    images: Tensor
    """`(N, H, W, C)` uint8."""
    labels: Tensor
    """`(N,)` int64."""

    def to(self, device: Any) -> "ImageSet":
        """The same images on `device`."""
        return ImageSet(self.images.to(device), self.labels.to(device))


@dataclass(frozen=True)
class Augmentation:
    """How a training image is varied; validation images never are."""

    pad: int
    """Zero pixels added on each side before a random crop of the original size; 0 for no crop."""
    flip: bool
    """Whether half of the images, drawn at random, are mirrored left to right."""


class LabelledPixels(NamedTuple):
    """Images as their files hold them, and their classes, in one order."""

    images: npt.NDArray[np.uint8]
    """`(N, H, W, C)`."""
    labels: npt.NDArray[np.int64]
    """`(N,)`, from 0."""


class TrainSplit(NamedTuple):
    """What a reader returns: the official train split, or what stands for one, and nothing of the test split."""

    images: npt.NDArray[np.uint8]
    """`(N, H, W, C)`."""
    labels: npt.NDArray[np.int64]
    """`(N,)`, from 0 to `num_classes` - 1."""
    num_classes: int
    augmentation: Augmentation


@dataclass(frozen=True)
class SearchData:
    """Everything a trial learns from and is judged by, in a search or in a confirmation."""

    name: str
    train: ImageSet
    """In a search of the official train split less its validation part, in a confirmation of the whole of it."""
    validation: ImageSet
    """The images it is judged by: in a search of the validation part, in a confirmation of the test split."""
    num_classes: int
    mean: Tensor
    """`(C,)` float32, in pixel units 0 … 255, over all images that `train` may be a subset of."""
    std: Tensor
    """`(C,)` float32, likewise; 1 for a channel that never varies."""
    augmentation: Augmentation
    split_digest: str
    """SHA-256 over the indices of `train` and `validation`, and whether the latter are of the test split; equal digests
    mean equal images."""

    @cached_property
    def padded(self) -> Tensor:
        """`(N, H + 2·pad, W + 2·pad, C)` uint8, the training images with zero pixels around; one copy for all users."""
        return pad_images(self.train.images, self.augmentation.pad)

    def to(self, device: Any) -> "SearchData":
        """The same data with every tensor on `device`; itself if it is there."""
        if self.train.images.device == torch.device(device):
            return self
        return replace(
            self,
            train=self.train.to(device),
            validation=self.validation.to(device),
            mean=self.mean.to(device),
            std=self.std.to(device),
        )
