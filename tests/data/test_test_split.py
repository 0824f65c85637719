import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits

from vsearch.data import Augmentation, SearchData, load_search_data
from vsearch.data.sets import LabelledPixels, TrainSplit
from vsearch.data.test_split import (
    READERS,
    divide_for_confirmation,
    load_test_data,
    read_cifar10_test,
    read_cifar100_test,
    read_fashion_mnist_test,
    read_svhn_test,
    read_test_split,
)
from vsearch.errors import DataError, InputError
from vsearch.spec.datasets import DATASETS

NOWHERE = Path("/nowhere")
Md5 = Callable[[Path], str]
Writer = Callable[[Path, int], None]


def random_pixels(count: int, seed: int) -> LabelledPixels:
    """Six by six, coloured, of four classes."""
    images = np.random.RandomState(seed).randint(0, 256, (count, 6, 6, 3)).astype(np.uint8)
    return LabelledPixels(images, np.arange(count) % 4)


OFFICIAL = TrainSplit(*random_pixels(200, 0), 4, Augmentation(1, True))
TEST = random_pixels(80, 1)


def image_set(part: torch.Tensor) -> set[bytes]:
    return {image.numpy().tobytes() for image in part}


def test_every_data_set_of_the_catalogue_has_a_reader_of_its_test_split() -> None:
    assert set(READERS) == set(DATASETS)


def test_a_confirmation_trains_on_the_whole_train_split_and_is_judged_by_the_test_split() -> None:
    data = divide_for_confirmation("random", OFFICIAL, TEST)
    assert np.array_equal(data.train.images.numpy(), OFFICIAL.images)
    assert np.array_equal(data.train.labels.numpy(), OFFICIAL.labels)
    assert np.array_equal(data.validation.images.numpy(), TEST.images)
    assert np.array_equal(data.validation.labels.numpy(), TEST.labels)
    assert (data.num_classes, data.augmentation) == (4, OFFICIAL.augmentation)


def test_statistics_are_of_the_whole_train_split_whatever_the_subset() -> None:
    small = divide_for_confirmation("random", OFFICIAL, TEST, train_images=8, test_images=8)
    pixels = torch.from_numpy(OFFICIAL.images).double()
    assert torch.allclose(small.mean.double(), pixels.mean((0, 1, 2)), atol=1e-4)
    assert torch.allclose(small.std.double(), pixels.std((0, 1, 2), correction=0), atol=1e-4)


@pytest.mark.parametrize("part", ["train", "validation"])
def test_a_smaller_subset_is_part_of_a_larger_one_and_stratified(part: str) -> None:
    def chosen(count: int) -> SearchData:
        return divide_for_confirmation("random", OFFICIAL, TEST, train_images=count, test_images=count, split_seed=3)

    small, large = getattr(chosen(12), part), getattr(chosen(40), part)
    assert small.labels.bincount().tolist() == [3] * 4
    assert image_set(small.images) < image_set(large.images)


def test_digest_tells_every_choice_of_images_and_a_confirmation_from_a_search() -> None:
    choices: list[dict[str, int]] = [{}, {"train_images": 8}, {"test_images": 8}, {"test_images": 8, "split_seed": 1}]
    digests = {divide_for_confirmation("random", OFFICIAL, TEST, **choice).split_digest for choice in choices}
    assert len(digests) == 4
    digits = load_test_data("digits", root=NOWHERE).split_digest
    assert digits != load_search_data("digits", root=NOWHERE).split_digest


def test_digest_of_digits_never_changes() -> None:
    digest = load_test_data("digits", root=NOWHERE, train_images=100, test_images=50, split_seed=1).split_digest
    assert digest == "a0b5bc6066653d6208e948e41dbe0276ef0576db41c3c200db72c132756577eb"


@pytest.mark.parametrize(
    ("setting", "limit"), [("train_images", "1438"), ("test_images", "359")], ids=["train", "test"]
)
def test_too_many_images_are_refused(setting: str, limit: str) -> None:
    with pytest.raises(InputError, match=rf"{setting} is 5000; this data set allows 10 .* … {limit} "):
        load_test_data("digits", root=NOWHERE, **{setting: 5000})  # type: ignore[arg-type]


def test_seed_out_of_range_is_refused() -> None:
    with pytest.raises(InputError, match="split_seed is -1; it must lie in 0"):
        load_test_data("digits", root=NOWHERE, split_seed=-1)


def test_another_image_size_is_refused_where_images_have_one() -> None:
    with pytest.raises(InputError, match="image_size is 32, but the images of Digits are 8 pixels wide"):
        read_test_split("digits", NOWHERE, image_size=32)


def test_digits_are_judged_by_the_scans_that_no_training_sees() -> None:
    data = load_test_data("digits", root=NOWHERE)
    info = DATASETS["digits"]
    assert (len(data.train.labels), len(data.validation.labels)) == (info.whole_train_images, info.test_images)
    assert not image_set(data.train.images) & image_set(data.validation.images)
    scans, _ = load_digits(return_X_y=True)
    served = torch.cat([data.train.images, data.validation.images]).numpy()
    assert sorted(map(bytes, np.rint(served.reshape(-1, 64) / 255 * 16).astype(np.uint8))) == sorted(
        map(bytes, scans.astype(np.uint8))
    )


def test_cifar10_test_batch_is_read_with_its_pixels_and_labels(tmp_path: Path, tiny_cifar10: Any, md5_of: Md5) -> None:
    folder = tmp_path / "cifar-10-batches-py"
    images = np.random.RandomState(1).randint(0, 256, (20, 32, 32, 3)).astype(np.uint8)
    rows = images.transpose(0, 3, 1, 2).reshape(20, -1)
    (folder / "test_batch").write_bytes(pickle.dumps({"data": rows, "labels": list(range(10)) * 2}))
    md5 = {name: md5_of(folder / name) for name in ("test_batch", "batches.meta")}
    test = read_cifar10_test(tmp_path, md5=md5)
    assert np.array_equal(test.images, images)
    assert test.labels.tolist() == list(range(10)) * 2


def test_cifar10_test_batch_with_another_md5_is_refused_before_it_is_read(tmp_path: Path, tiny_cifar10: Any) -> None:
    (tmp_path / "cifar-10-batches-py" / "test_batch").write_bytes(b"damaged")
    with pytest.raises(DataError, match="test_batch is damaged: expected MD5 40351d587109b95175f43aff81a1287e, found"):
        read_cifar10_test(tmp_path)


def test_missing_cifar10_test_batch_is_named_with_how_to_get_it(tmp_path: Path, tiny_cifar10: Any) -> None:
    with pytest.raises(DataError, match=r"test_batch is missing; pass --download to fetch it \(170 MB\), or set"):
        read_cifar10_test(tmp_path)


def test_missing_cifar100_tells_both_ways_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no CIFAR-100 \(test split\) in .*--download .*\(169 MB\).* cifar-100-python"):
        read_cifar100_test(tmp_path)


def test_fashion_mnist_is_read_from_the_t10k_files(tmp_path: Path, tiny_fashion: Any, md5_of: Md5) -> None:
    folder = tmp_path / "FashionMNIST" / "raw"
    images = np.random.RandomState(1).randint(0, 256, (20, 28, 28)).astype(np.uint8)
    (folder / "t10k-images-idx3-ubyte").write_bytes(struct.pack(">4I", 0x803, 20, 28, 28) + images.tobytes())
    (folder / "t10k-labels-idx1-ubyte").write_bytes(struct.pack(">2I", 0x801, 20) + bytes(range(20)))
    test = read_fashion_mnist_test(tmp_path, md5={path.name: md5_of(path) for path in folder.glob("t10k*")})
    assert np.array_equal(test.images[..., 0], images)
    assert test.labels.tolist() == list(range(20))


def test_fashion_mnist_demands_the_published_md5s(tmp_path: Path, tiny_fashion: Any) -> None:
    with pytest.raises(DataError, match=r"t10k-images-idx3-ubyte is missing; pass --download to fetch it \(4 MB\)"):
        read_fashion_mnist_test(tmp_path)
    (tmp_path / "FashionMNIST" / "raw" / "t10k-images-idx3-ubyte").write_bytes(b"damaged")
    with pytest.raises(DataError, match="is damaged: expected MD5 8181f5470baa50b63fa0f6fddb340f0a"):
        read_fashion_mnist_test(tmp_path)


def test_svhn_is_read_from_its_test_file_with_digit_zero_as_class_zero(
    tmp_path: Path, tiny_svhn: Any, md5_of: Md5
) -> None:
    _, images = tiny_svhn
    path = (tmp_path / "train_32x32.mat").rename(tmp_path / "test_32x32.mat")
    test = read_svhn_test(tmp_path, md5=md5_of(path))
    assert np.array_equal(test.images, images)
    assert test.labels.tolist() == [*range(1, 10), 0] * 2


def test_svhn_without_its_test_file_is_told_by_its_name(tmp_path: Path, tiny_svhn: Any) -> None:
    with pytest.raises(DataError, match=r"no SVHN \(test split\) in .*\(64 MB\).* that holds test_32x32.mat$"):
        read_svhn_test(tmp_path)
    (tmp_path / "test_32x32.mat").write_bytes(b"damaged")
    with pytest.raises(DataError, match="is damaged: expected MD5 eb5a983be6a315427106f1b164d9cef3"):
        read_svhn_test(tmp_path)


def test_folder_without_split_is_judged_by_the_fifth_that_is_left_out(tmp_path: Path, write_classes: Writer) -> None:
    write_classes(tmp_path, 10)
    data = load_test_data(f"folder:{tmp_path}", root=NOWHERE, image_size=8)
    assert (data.train.labels.bincount().tolist(), data.validation.labels.bincount().tolist()) == ([8] * 3, [2] * 3)
    assert not image_set(data.train.images) & image_set(data.validation.images)


@pytest.mark.parametrize(("folders", "judge"), [(("val", "test"), "test"), (("val",), "val")])
def test_folder_with_splits_is_judged_by_test_else_by_val(
    tmp_path: Path, write_classes: Writer, folders: tuple[str, ...], judge: str
) -> None:
    write_classes(tmp_path / "train", 10)
    for number, name in enumerate(folders):
        write_classes(tmp_path / name, 2)
        for path in (tmp_path / name).rglob("*.png"):
            Image.fromarray(np.full((8, 8), 100 + number, dtype=np.uint8)).save(path)
    data = load_test_data(f"folder:{tmp_path}", root=NOWHERE, image_size=8)
    assert len(data.train.labels) == 30
    assert set(data.validation.images.flatten().tolist()) == {100 + folders.index(judge)}
    assert data.validation.labels.tolist() == [0, 0, 1, 1, 2, 2]


def test_folder_with_a_train_folder_alone_is_told_what_to_add(tmp_path: Path, write_classes: Writer) -> None:
    write_classes(tmp_path / "train", 2)
    with pytest.raises(DataError, match=r"has a folder train but neither test nor val to judge by; add PATH/test/"):
        load_test_data(f"folder:{tmp_path}", root=NOWHERE)


@pytest.mark.parametrize(("lacking", "having"), [("train", "test"), ("test", "train")])
def test_classes_of_both_folders_must_agree(tmp_path: Path, write_classes: Writer, lacking: str, having: str) -> None:
    for name in ("train", "test"):
        write_classes(tmp_path / name, 2)
    (tmp_path / lacking / "1").rename(tmp_path / "elsewhere")
    message = rf"/{lacking} lacks 1 of the classes of .*/{having}, such as 1; give both the same class folders"
    with pytest.raises(DataError, match=message):
        load_test_data(f"folder:{tmp_path}", root=NOWHERE)


def test_class_that_is_all_held_out_is_refused() -> None:
    with pytest.raises(DataError, match="leaves no training image for 1 of its 5 classes once test images"):
        divide_for_confirmation("random", OFFICIAL._replace(num_classes=5), TEST)


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
def test_real_cifar_has_10000_test_images_of_even_classes(cifar_root: Path, name: str) -> None:
    data = load_test_data(name, root=cifar_root)
    info = DATASETS[name]
    assert data.train.images.shape == (info.whole_train_images, 32, 32, 3)
    assert data.validation.images.shape == (info.test_images, 32, 32, 3)
    assert data.validation.labels.bincount().tolist() == [10_000 // info.num_classes] * info.num_classes
