"""How many images a study may take, as far as that is known before any is opened."""

from typing import NamedTuple

from vsearch.errors import InputError
from vsearch.spec.datasets import DatasetInfo
from vsearch.spec.number import check_whole

EVALUATED_ON = ("validation", "test")


class Parts(NamedTuple):
    """The images that a published data set has for a study."""

    train: int
    evaluation: int
    """Of the part that networks are judged by."""


def parts_of(info: DatasetInfo, evaluated_on: str) -> Parts:
    """A search keeps a tenth of the train split for validation; who is judged by the test split trains on all of it."""
    if evaluated_on == "test":
        return Parts(info.whole_train_images, info.test_images)
    return Parts(info.train_images, info.validation_images)


def check_counts(
    info: DatasetInfo | None, evaluated_on: str, train_images: int | None, validation_images: int | None
) -> None:
    """Refuse subsets that a data set does not have.

    Raises:
        InputError: no whole number, fewer images than classes, or more than there are.
    """
    counts = {"train_images": train_images, "validation_images": validation_images}
    for name, count in counts.items():
        if count is not None:
            check_whole(name, count, 1, 100_000_000)
    if info is None:
        return
    for (name, count), available in zip(counts.items(), parts_of(info, evaluated_on), strict=True):
        if count is not None and not info.num_classes <= count <= available:
            part = "all of that part: a tenth of the training split is kept for validation"
            raise InputError(
                f"{name} is {count}; {info.name} allows {info.num_classes} (one per class) to {available} "
                f"({part if evaluated_on == 'validation' else 'all of that split'})"
            )
