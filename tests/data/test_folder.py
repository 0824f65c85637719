from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from vsearch.data.folder import decode, read_folder
from vsearch.data.load import load_search_data
from vsearch.errors import DataError, InputError

Writer = Callable[[Path, int], None]


def test_train_folder_is_read_whole_with_its_pixels(tmp_path: Path, write_classes: Writer) -> None:
    write_classes(tmp_path / "train", 10)
    write_classes(tmp_path / "test", 5)
    official = read_folder(tmp_path, 8)
    scans, labels = load_digits(return_X_y=True)
    wanted = np.concatenate([scans[labels == digit][:10] * 15 for digit in range(3)]).reshape(30, 8, 8)
    for channel in range(3):
        assert np.array_equal(official.images[..., channel], wanted)
    assert official.labels.tolist() == [0] * 10 + [1] * 10 + [2] * 10


def test_folder_without_split_leaves_a_fifth_out(tmp_path: Path, write_classes: Writer) -> None:
    write_classes(tmp_path, 10)
    official = read_folder(tmp_path, 8)
    assert np.bincount(official.labels).tolist() == [8, 8, 8]


def test_folder_serves_a_search(tmp_path: Path, write_classes: Writer) -> None:
    write_classes(tmp_path, 20)
    data = load_search_data(f"folder:{tmp_path}", root=Path("/nowhere"), image_size=16, train_images=30)
    assert data.train.images.shape == (30, 16, 16, 3)
    assert data.validation.images.shape == (5, 16, 16, 3)
    assert (data.num_classes, data.augmentation.pad, data.augmentation.flip) == (3, 2, True)


def test_default_size_is_32(tmp_path: Path, write_classes: Writer) -> None:
    write_classes(tmp_path / "train", 2)
    assert read_folder(tmp_path).images.shape == (6, 32, 32, 3)


def test_home_is_expanded(tmp_path: Path, write_classes: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write_classes(tmp_path / "digits", 20)
    assert load_search_data("folder:~/digits", root=Path("/nowhere")).num_classes == 3


def test_central_square_is_kept(tmp_path: Path) -> None:
    wide = np.zeros((8, 24, 3), dtype=np.uint8)
    wide[:, 8:16] = 200
    Image.fromarray(wide).save(tmp_path / "wide.png")
    assert (decode(tmp_path / "wide.png", 8) == 200).all()


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "1", "CMYK", "LA"])
def test_every_common_kind_of_image_becomes_rgb(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("image.tif" if mode == "CMYK" else "image.png")
    Image.new("RGB", (10, 12), (255, 255, 255)).convert(mode).save(path)
    assert decode(path, 8).tolist() == np.full((8, 8, 3), 255).tolist()


def test_files_that_are_no_images_are_passed_over(tmp_path: Path, write_classes: Writer) -> None:
    write_classes(tmp_path / "train", 2)
    (tmp_path / "train" / "0" / "notes.txt").write_text("not an image")
    (tmp_path / "train" / "README.md").write_text("not a class")
    assert len(read_folder(tmp_path, 8).images) == 6


def test_broken_image_is_named(tmp_path: Path, write_classes: Writer) -> None:
    write_classes(tmp_path / "train", 2)
    (tmp_path / "train" / "1" / "001.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"broken image: .*/train/1/001.png is not an image; replace or remove it"):
        read_folder(tmp_path, 8)


def test_truncated_image_is_named(tmp_path: Path, write_classes: Writer) -> None:
    write_classes(tmp_path / "train", 2)
    path = tmp_path / "train" / "1" / "001.png"
    noise = np.random.RandomState(0).randint(0, 256, (64, 64, 3)).astype(np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(DataError, match=r"broken image: .*/1/001.png cannot be read: .*; replace or remove it"):
        read_folder(tmp_path, 8)


def test_image_of_16_bits_is_refused(tmp_path: Path) -> None:
    Image.fromarray(np.full((8, 8), 40_000, dtype=np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(DataError, match=r"deep.png has more than 8 bits per channel"):
        decode(tmp_path / "deep.png", 8)


def test_empty_class_is_named(tmp_path: Path, write_classes: Writer) -> None:
    write_classes(tmp_path / "train", 2)
    (tmp_path / "train" / "7").mkdir()
    with pytest.raises(DataError, match=r"class folder .*/train/7 holds no image \(.*\.png.*\); add some or remove it"):
        read_folder(tmp_path, 8)


def test_folder_without_classes_tells_the_layout(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has 0 class folders, at least 2 are needed; use PATH/train/<class>"):
        read_folder(tmp_path, 8)


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no folder .*/none; give folder:PATH with PATH/train/<class>"):
        read_folder(tmp_path / "none", 8)


def test_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match=r"/file is a file, not a folder"):
        read_folder(tmp_path / "file", 8)


@pytest.mark.parametrize("held_out", ["val", "test"])
def test_held_out_folder_without_train_is_no_class(tmp_path: Path, write_classes: Writer, held_out: str) -> None:
    write_classes(tmp_path / held_out, 2)
    with pytest.raises(DataError, match=f"has a folder {held_out} but no folder train"):
        read_folder(tmp_path, 8)


@pytest.mark.parametrize("size", [0, 7, 513])
def test_size_out_of_range_is_refused(tmp_path: Path, size: int) -> None:
    with pytest.raises(InputError, match=rf"image_size is {size}; it must lie in 8 … 512 pixels"):
        read_folder(tmp_path, size)


def test_unreadable_folder_is_named_with_the_user(tmp_path: Path, write_classes: Writer, request: Any) -> None:
    write_classes(tmp_path / "photos", 5)
    (tmp_path / "photos").chmod(0)
    request.getfixturevalue("as_stranger")
    with pytest.raises(DataError, match=r"cannot read .*/photos\S* as user id \d+: permission denied"):
        read_folder(tmp_path / "photos", 8)


def test_unreadable_class_folder_is_not_taken_for_an_empty_one(
    tmp_path: Path, write_classes: Writer, request: Any
) -> None:
    tmp_path.chmod(0o755)
    write_classes(tmp_path / "train", 5)
    (tmp_path / "train" / "2").chmod(0)
    request.getfixturevalue("as_stranger")
    with pytest.raises(DataError, match=r"cannot read .*/train/2 as user id \d+: permission denied"):
        read_folder(tmp_path, 8)


def test_home_of_an_unknown_user_is_one_line() -> None:
    with pytest.raises(DataError, match=r"no folder ~nobody-has-this-name/photos; give folder:PATH"):
        load_search_data("folder:~nobody-has-this-name/photos", root=Path("~nobody-has-this-name"))
