"""Which image goes where: stratified, seeded, and the same on every machine.

Drawn with numpy's RandomState, whose stream NumPy has promised not to change.
"""

import hashlib
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vsearch.errors import InputError

Indices = npt.NDArray[np.int64]

VALIDATION_PERCENT = 10
TEST_PERCENT = 20
# Fixed, not a setting: the images held out as a test split must be the same for everyone, for ever.
TEST_SEED = 20_151_210


class Split(NamedTuple):
    """Sorted indices into the official train split, without a common element."""

    train: Indices
    validation: Indices


def stratified_order(labels: Indices, seed: int, *, every_class_first: bool = False) -> Indices:
    """The indices in an order whose first n, for every n, hold the classes in nearly their proportions.

    The k-th random image of a class of size s stands at (k - 1/2)/s, which is Webster's method of apportionment: a
    shorter beginning is always part of a longer one. With `every_class_first` one image of each class comes before all.
    """
    draw = np.random.RandomState(seed).random_sample(len(labels))
    place = np.empty(len(labels))
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        members = members[np.argsort(draw[members], kind="stable")]
        place[members] = (np.arange(len(members)) + 0.5) / len(members)
        if every_class_first:
            place[members[0]] = 0.0
    return np.lexsort((draw, place)).astype(np.int64)


def hold_out(labels: Indices, percent: int, seed: int) -> tuple[Indices, Indices]:
    """Sorted indices of the images kept and of the `percent` held out, stratified; at least one is held out."""
    count = max(1, (len(labels) * percent + 50) // 100)
    order = stratified_order(labels, seed)
    return np.sort(order[count:]), np.sort(order[:count])


def hold_out_test(labels: Indices) -> tuple[Indices, Indices]:
    """Train and test indices of a data set that has no official test split: always the same 20 %."""
    return hold_out(labels, TEST_PERCENT, TEST_SEED)


def require_seed(split_seed: int) -> None:
    """Nothing, if a split can be drawn with the seed.

    Raises:
        InputError: it is not in 0 … 2^32 - 1.
    """
    if not 0 <= split_seed < 2**32:
        raise InputError(f"split_seed is {split_seed}; it must lie in 0 … {2**32 - 1}")


def whole_split(labels: Indices, split_seed: int) -> Split:
    """The official train split in two: 10 % for validation, the rest for training.

    Raises:
        InputError: the seed is not in 0 … 2^32 - 1.
    """
    require_seed(split_seed)
    return Split(*hold_out(labels, VALIDATION_PERCENT, split_seed))


def subset(part: Indices, labels: Indices, count: int | None, what: str, split_seed: int) -> Indices:
    """A stratified `count` of the images in `part`, sorted, each class at least once; all of them for None.

    With the same seed a smaller subset is part of a larger one.

    Args:
        part: indices into `labels`.
        labels: of the whole official train split.
        count: how many images.
        what: the setting's name, for the message.
        split_seed: the seed of the split.

    Raises:
        InputError: `count` is above the number of images or below the number of classes.
    """
    if count is None:
        return part
    classes = len(np.unique(labels[part]))
    if not classes <= count <= len(part):
        raise InputError(
            f"{what} is {count}; this data set allows {classes} (one per class) … {len(part)} (all of its part)"
        )
    return np.sort(part[stratified_order(labels[part], split_seed, every_class_first=True)[:count]])


def split_digest(split: Split) -> str:
    """SHA-256, in hexadecimal, over both index lists as little-endian 64-bit numbers, each after its length."""
    digest = hashlib.sha256()
    for part in split:
        digest.update(np.int64(len(part)).astype("<i8").tobytes())
        digest.update(part.astype("<i8").tobytes())
    return digest.hexdigest()
