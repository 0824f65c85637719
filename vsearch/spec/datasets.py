"""The catalogue of data sets: what a study can be checked against before any image is there."""

from dataclasses import dataclass

from vsearch.errors import InputError, unknown_name

FOLDER_PREFIX = "folder:"


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a published data set without opening it."""

    name: str
    title: str
    """As people write it."""
    num_classes: int
    train_images: int
    """Of the train part: the official train split less the 10 % held out for validation."""
    validation_images: int
    """Of that tenth."""
    test_images: int
    """Of the test split, which a search never opens."""
    image_size: int
    """Height and width in pixels."""
    channels: int
    download_megabytes: int
    """Of the archives fetched for the train part; 0 where the images come with a dependency."""

    @property
    def whole_train_images(self) -> int:
        """Of the whole official train split, on which a confirmation trains."""
        return self.train_images + self.validation_images


DATASETS = {
    info.name: info
    for info in (
        DatasetInfo("cifar10", "CIFAR-10", 10, 45_000, 5_000, 10_000, 32, 3, 170),
        DatasetInfo("cifar100", "CIFAR-100", 100, 45_000, 5_000, 10_000, 32, 3, 169),
        # 1,797 scans, of which 359 are the test split and 144 validation (vsearch.data.digits).
        DatasetInfo("digits", "Digits", 10, 1_294, 144, 359, 8, 1, 0),
        DatasetInfo("fashion-mnist", "Fashion-MNIST", 10, 54_000, 6_000, 10_000, 28, 1, 26),
        DatasetInfo("svhn", "SVHN", 10, 65_931, 7_326, 26_032, 32, 3, 182),
    )
}


def check_dataset_name(name: str) -> str:
    """`name` itself, if it is in the catalogue or is `folder:PATH`.

    Raises:
        InputError: no data set has that name, or the path after `folder:` is empty.
    """
    if name == FOLDER_PREFIX:
        raise InputError("data set 'folder:' names no folder; write folder:PATH, such as folder:~/flowers")
    if not name.startswith(FOLDER_PREFIX) and name not in DATASETS:
        raise unknown_name("data set", name, [*DATASETS, f"{FOLDER_PREFIX}PATH"])
    return name


def dataset_info(name: str) -> DatasetInfo | None:
    """The catalogue's entry; None for `folder:PATH`, of which nothing is known before it is read.

    Raises:
        InputError: no data set has that name.
    """
    return DATASETS.get(check_dataset_name(name))
