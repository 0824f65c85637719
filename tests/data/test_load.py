from pathlib import Path

import numpy as np
import pytest
import torch

from vsearch.data import Augmentation, load_search_data
from vsearch.data.load import pixel_statistics, split_for_search
from vsearch.data.sets import TrainSplit
from vsearch.data.split import whole_split
from vsearch.errors import DataError, InputError
from vsearch.spec.datasets import DATASETS

NOWHERE = Path("/nowhere")


def random_split(count: int = 200) -> TrainSplit:
    images = np.random.RandomState(0).randint(0, 256, (count, 6, 6, 3)).astype(np.uint8)
    return TrainSplit(images, np.arange(count) % 4, 4, Augmentation(1, True))


def test_images_and_labels_go_together() -> None:
    official = random_split()
    data = split_for_search("random", official)
    split = whole_split(official.labels, 0)
    assert np.array_equal(data.train.images.numpy(), official.images[split.train])
    assert np.array_equal(data.train.labels.numpy(), official.labels[split.train])
    assert np.array_equal(data.validation.images.numpy(), official.images[split.validation])
    assert np.array_equal(data.validation.labels.numpy(), official.labels[split.validation])


def test_types_are_those_that_training_expects() -> None:
    data = load_search_data("digits", root=NOWHERE)
    assert (data.train.images.dtype, data.train.labels.dtype) == (torch.uint8, torch.int64)
    assert (data.mean.dtype, data.std.dtype) == (torch.float32, torch.float32)
    assert data.train.images.is_contiguous()


def test_statistics_are_of_the_whole_train_part_whatever_the_subset() -> None:
    whole, small = (split_for_search("random", random_split(), train_images=count) for count in (None, 8))
    assert len(small.train.images) == 8
    assert torch.equal(whole.mean, small.mean)
    assert torch.equal(whole.std, small.std)
    pixels = whole.train.images.double()
    assert torch.allclose(whole.mean.double(), pixels.mean((0, 1, 2)), atol=1e-4)
    assert torch.allclose(whole.std.double(), pixels.std((0, 1, 2), correction=0), atol=1e-4)


def test_statistics_over_more_images_than_are_counted_at_once() -> None:
    images = np.random.RandomState(1).randint(0, 256, (9000, 2, 2, 1)).astype(np.uint8)
    mean, std = pixel_statistics(images, np.arange(9000))
    assert mean[0] == pytest.approx(images.mean(), abs=1e-4)
    assert std[0] == pytest.approx(images.std(), abs=1e-4)


def test_a_channel_that_never_varies_has_std_one() -> None:
    _, std = pixel_statistics(np.full((5, 2, 2, 1), 77, dtype=np.uint8), np.arange(5))
    assert std.tolist() == [1.0]


def test_digest_changes_with_every_choice_of_images() -> None:
    choices: list[dict[str, int]] = [{}, {"train_images": 8}, {"validation_images": 8}, {"split_seed": 1}]
    digests = {split_for_search("random", random_split(), **choice).split_digest for choice in choices}
    assert len(digests) == 4


def test_validation_images_do_not_change_the_training_images() -> None:
    one, other = (split_for_search("random", random_split(), validation_images=count) for count in (None, 8))
    assert len(other.validation.images) == 8
    assert torch.equal(one.train.images, other.train.images)


@pytest.mark.parametrize("setting", ["train_images", "validation_images"])
def test_too_many_images_are_refused(setting: str) -> None:
    with pytest.raises(InputError, match=f"{setting} is 5000; this data set allows 10"):
        load_search_data("digits", root=NOWHERE, **{setting: 5000})  # type: ignore[arg-type]


def test_class_without_a_training_image_is_refused() -> None:
    official = random_split()._replace(num_classes=5)
    with pytest.raises(DataError, match="leaves no training image for 1 of its 5 classes"):
        split_for_search("random", official)


def test_to_moves_every_tensor() -> None:
    moved = split_for_search("random", random_split()).to("meta")
    tensors = [*moved.train, *moved.validation, moved.mean, moved.std]
    assert {tensor.device.type for tensor in tensors} == {"meta"}


@pytest.mark.parametrize(
    ("name", "mean", "digest"),
    [
        ("cifar10", [125.2933, 122.9402, 113.8476], "b5f5609b153dec5fee4f79d8f59daf50094b440c79e8304ea9bf950afb44c29d"),
        (
            "cifar100",
            [129.3282, 124.0805, 112.4342],
            "97c64f5d8c29d584a8146c9266a0561cd3ff0a83fddd94b6fcf692d41df8ac72",
        ),
    ],
)
def test_cifar_is_divided_45000_to_5000_evenly(cifar_root: Path, name: str, mean: list[float], digest: str) -> None:
    data = load_search_data(name, root=cifar_root)
    info = DATASETS[name]
    assert data.train.images.shape == (45_000, 32, 32, 3)
    assert data.validation.labels.bincount().tolist() == [5000 // info.num_classes] * info.num_classes
    assert data.mean.tolist() == pytest.approx(mean, abs=1e-3)
    assert data.split_digest == digest
