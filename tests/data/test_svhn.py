from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vsearch.data.svhn import read_svhn
from vsearch.errors import DataError


def test_tiny_svhn_is_read_with_its_pixels_and_digit_zero_as_class_zero(tmp_path: Path, tiny_svhn: Any) -> None:
    md5, images = tiny_svhn
    official = read_svhn(tmp_path, md5=md5)
    assert np.array_equal(official.images, images)
    assert official.labels.tolist() == [*range(1, 10), 0] * 2


def test_missing_file_tells_both_ways_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no SVHN in .*--download .*\(182 MB\).* that holds train_32x32.mat$"):
        read_svhn(tmp_path)


def test_published_md5_is_demanded(tmp_path: Path, tiny_svhn: Any) -> None:
    with pytest.raises(DataError, match=r"train_32x32.mat is damaged: expected MD5 e26dedcc434d2e4c54c9b2d4a06d8373"):
        read_svhn(tmp_path)
