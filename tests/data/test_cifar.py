import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vsearch.data.cifar import read_cifar10, read_cifar100
from vsearch.errors import DataError


def test_tiny_cifar_is_read_with_its_pixels_and_labels(tmp_path: Path, tiny_cifar10: Any) -> None:
    md5, images = tiny_cifar10
    official = read_cifar10(tmp_path, md5=md5)
    assert np.array_equal(official.images, images)
    assert official.labels.tolist() == list(range(10)) * 5


def test_missing_folder_tells_both_ways_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_cifar10(tmp_path)
    assert str(caught.value) == (
        f"no CIFAR-10 in {tmp_path}; pass --download to fetch it (170 MB), or set --data-dir / VSEARCH_DATA_DIR "
        "to the folder that holds cifar-10-batches-py"
    )


def test_missing_batch_is_named(tmp_path: Path, tiny_cifar10: Any) -> None:
    md5, _ = tiny_cifar10
    (tmp_path / "cifar-10-batches-py" / "data_batch_3").unlink()
    with pytest.raises(DataError, match="data_batch_3 is missing; pass --download"):
        read_cifar10(tmp_path, md5=md5)


@pytest.mark.parametrize("damage", ["truncated", "zero bytes", "one byte changed"])
def test_damaged_batch_is_named_with_both_md5s(tmp_path: Path, tiny_cifar10: Any, damage: str) -> None:
    md5, _ = tiny_cifar10
    path = tmp_path / "cifar-10-batches-py" / "data_batch_2"
    whole = path.read_bytes()
    flipped = whole[:-100] + bytes([whole[-100] ^ 1]) + whole[-99:]
    path.write_bytes({"truncated": whole[:1000], "zero bytes": b"", "one byte changed": flipped}[damage])
    with pytest.raises(
        DataError, match=rf"data_batch_2 is damaged: expected MD5 {md5['data_batch_2']}, found \w{{32}}"
    ):
        read_cifar10(tmp_path, md5=md5)


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


def test_nothing_is_unpickled_from_a_file_with_a_wrong_md5(tmp_path: Path, tiny_cifar10: Any) -> None:
    md5, _ = tiny_cifar10
    sprung = tmp_path / "sprung"
    (tmp_path / "cifar-10-batches-py" / "data_batch_5").write_bytes(pickle.dumps(Trap(sprung)))
    with pytest.raises(DataError, match="data_batch_5 is damaged"):
        read_cifar10(tmp_path, md5=md5)
    assert not sprung.exists()


def test_published_md5s_are_demanded(tmp_path: Path, tiny_cifar10: Any) -> None:
    with pytest.raises(DataError, match="data_batch_1 is damaged: expected MD5 c99cafc152244af753f735de768cd75f"):
        read_cifar10(tmp_path)


def test_cifar100_is_looked_for_in_its_own_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no CIFAR-100 in .* that holds cifar-100-python"):
        read_cifar100(tmp_path)


def test_real_cifar100_has_500_images_of_each_fine_class(cifar_root: Path) -> None:
    official = read_cifar100(cifar_root)
    assert np.bincount(official.labels).tolist() == [500] * 100


def test_damaged_copy_of_the_real_cifar_is_refused(cifar_root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for path in (cifar_root / "cifar-10-batches-py").iterdir():
        if path.name not in ("data_batch_4", "test_batch"):
            (folder / path.name).symlink_to(path)
    shutil.copy(cifar_root / "cifar-10-batches-py" / "data_batch_4", folder)
    with (folder / "data_batch_4").open("r+b") as file:
        file.seek(15_000_000)
        file.write(b"\0\1\2\3")
    with pytest.raises(DataError, match="data_batch_4 is damaged: expected MD5 634d18415352ddfa80567beed471001a"):
        read_cifar10(tmp_path)
