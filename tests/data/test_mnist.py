from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vsearch.data.mnist import read_fashion_mnist
from vsearch.errors import DataError


def test_tiny_fashion_mnist_is_read_with_its_pixels_and_labels(tmp_path: Path, tiny_fashion: Any) -> None:
    md5, images = tiny_fashion
    official = read_fashion_mnist(tmp_path, md5=md5)
    assert official.images.shape == (40, 28, 28, 1)
    assert np.array_equal(official.images[..., 0], images)
    assert official.labels.tolist() == [index % 10 for index in range(40)]


def test_missing_folder_tells_both_ways_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no Fashion-MNIST in .*--download .*\(26 MB\).* that holds FashionMNIST$"):
        read_fashion_mnist(tmp_path)


def test_damaged_labels_are_named(tmp_path: Path, tiny_fashion: Any) -> None:
    md5, _ = tiny_fashion
    (tmp_path / "FashionMNIST" / "raw" / "train-labels-idx1-ubyte").write_bytes(b"")
    with pytest.raises(DataError, match=r"train-labels-idx1-ubyte is damaged: .*\(0 bytes\)"):
        read_fashion_mnist(tmp_path, md5=md5)


def test_published_md5s_are_demanded(tmp_path: Path, tiny_fashion: Any) -> None:
    with pytest.raises(DataError, match="expected MD5 f4a8712d7a061bf5bd6d2ca38dc4d50a"):
        read_fashion_mnist(tmp_path)
