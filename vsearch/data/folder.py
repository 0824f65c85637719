"""Any images in class folders, as torchvision's ImageFolder lays them out, brought to one square size.

`PATH/train/<class>/*` is the train split, and `PATH/val` and `PATH/test` stay closed. Without a `train` folder
`PATH/<class>/*` is divided: a fixed, stratified 20 % (`split.hold_out_test`) is the test split and stays closed.
Files that have no image suffix are passed over, at any depth below a class.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vsearch.data.sets import Augmentation, LabelledPixels, TrainSplit
from vsearch.data.split import hold_out_test
from vsearch.data.verify import unreadable
from vsearch.errors import DataError, InputError

DEFAULT_SIZE = 32
SIZES = range(8, 513)
HELD_OUT_FOLDERS = ("val", "test")
LAYOUT = "PATH/train/<class>/*.png or PATH/<class>/*.png"


class ListedFiles(NamedTuple):
    """Paths of images and their classes, in one order; nothing is opened yet."""

    paths: list[Path]
    labels: npt.NDArray[np.int64]
    classes: tuple[str, ...]
    """Names of the class folders, in the order of their numbers."""

    def chosen(self, indices: npt.NDArray[np.int64]) -> "ListedFiles":
        """The files of `indices`, of the same classes."""
        return ListedFiles([self.paths[index] for index in indices], self.labels[indices], self.classes)


def read_folder(folder: Path, size: int = DEFAULT_SIZE) -> TrainSplit:
    """The train split of a folder of images as RGB; each is cropped to its central square and resized to `size`.

    Every training image is decoded once, here, and kept in memory.

    Raises:
        InputError: `size` is not in 8 … 512.
        DataError: no folder, no classes, a class without images, or a file that is no readable image.
    """
    if size not in SIZES:
        raise InputError(f"image_size is {size}; it must lie in {SIZES[0]} … {SIZES[-1]} pixels")
    listed = _train_files(folder)
    # An eighth on each side and mirrored, as for CIFAR; nothing is known of these images that speaks against it.
    return TrainSplit(*decode_all(listed, size), len(listed.classes), Augmentation(pad=size // 8, flip=True))


def decode_all(listed: ListedFiles, size: int) -> LabelledPixels:
    """All the files as RGB images of one size; as `decode` otherwise."""
    return LabelledPixels(np.stack([decode(path, size) for path in listed.paths]), listed.labels)


def _train_files(folder: Path) -> ListedFiles:
    try:
        if not folder.exists():
            raise DataError(f"no folder {folder}; give folder:PATH with {LAYOUT}")
        if not folder.is_dir():
            raise DataError(f"{folder} is a file, not a folder; give folder:PATH with {LAYOUT}")
        if (folder / "train").is_dir():
            return list_files(folder / "train")
        for held_out in HELD_OUT_FOLDERS:
            if (folder / held_out).is_dir():
                raise DataError(f"{folder} has a folder {held_out} but no folder train; use {LAYOUT}")
        listed = list_files(folder)
    except OSError as error:
        raise unreadable(folder, error) from error
    train, _ = hold_out_test(listed.labels)
    return listed.chosen(train)


def list_files(folder: Path) -> ListedFiles:
    """The image files below each class folder of `folder`; the classes are numbered in the order of their names.

    Raises:
        DataError: fewer than two class folders, or one without an image.
    """
    from torchvision.datasets.folder import IMG_EXTENSIONS, make_dataset

    classes = class_names(folder)
    if len(classes) < 2:
        raise DataError(f"{folder} has {len(classes)} class folders, at least 2 are needed; use {LAYOUT}")
    numbers = {name: number for number, name in enumerate(classes)}
    samples = make_dataset(str(folder), numbers, extensions=IMG_EXTENSIONS, allow_empty=True)
    labels = np.array([label for _, label in samples], dtype=np.int64)
    for name, number in numbers.items():
        if not (labels == number).any():
            # torchvision passes over what it may not read; listing it tells.
            list((folder / name).iterdir())
            raise DataError(
                f"class folder {folder / name} holds no image ({' '.join(IMG_EXTENSIONS)}); add some or remove it"
            )
    return ListedFiles([Path(path) for path, _ in samples], labels, classes)


def class_names(folder: Path) -> tuple[str, ...]:
    """Names of the folders in `folder`, in order."""
    # Sorted by their characters' numbers, whatever the locale, as torchvision sorts files: the same split everywhere.
    return tuple(sorted(entry.name for entry in folder.iterdir() if entry.is_dir()))


def decode(path: Path, size: int) -> npt.NDArray[np.uint8]:
    """The image as RGB, `(size, size, 3)`: its central square, resized bilinearly with antialiasing.

    Raises:
        DataError: the file is no readable image, or has more than 8 bits per channel.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            # Pillow would cut these off at 255 without a word.
            if image.mode.startswith(("I", "F")):
                raise DataError(f"{path} has more than 8 bits per channel ({image.mode}); save it with 8")
            square = ImageOps.fit(image.convert("RGB"), (size, size), method=Image.Resampling.BILINEAR)
    except PermissionError as error:
        raise unreadable(path, error) from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = "is not an image" if isinstance(error, UnidentifiedImageError) else f"cannot be read: {error}"
        raise DataError(f"broken image: {path} {reason}; replace or remove it") from error
    return np.asarray(square)
