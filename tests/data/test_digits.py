from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from vsearch.data import digits
from vsearch.data.digits import read_digits
from vsearch.data.load import load_search_data
from vsearch.data.split import hold_out_test
from vsearch.spec.datasets import DATASETS

NOWHERE = Path("/nowhere")


def test_digits_are_the_published_scans_scaled_to_255() -> None:
    scans, labels = load_digits(return_X_y=True)
    train, _ = hold_out_test(labels)
    official = read_digits(NOWHERE)
    assert official.images.shape == (1438, 8, 8, 1)
    assert np.array_equal(np.rint(official.images.reshape(-1, 64) / 255 * 16), scans[train])
    assert (official.images.min(), official.images.max()) == (0, 255)
    assert np.array_equal(official.labels, labels[train])


def test_where_scikit_learn_keeps_them_elsewhere_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    from_file = read_digits(NOWHERE)
    monkeypatch.setattr(digits, "TABLE", "moved.csv.gz")
    asked = read_digits(NOWHERE)
    assert np.array_equal(asked.images, from_file.images)
    assert np.array_equal(asked.labels, from_file.labels)
    assert asked.labels.dtype == from_file.labels.dtype == np.int64


def test_held_out_fifth_is_fixed_and_of_every_class() -> None:
    _, labels = load_digits(return_X_y=True)
    _, test = hold_out_test(labels)
    assert np.bincount(labels[test]).tolist() == [36, 36, 35, 37, 36, 36, 36, 36, 35, 36]
    assert test[:8].tolist() == [0, 3, 5, 7, 17, 24, 28, 31]


def test_sizes_are_those_of_the_catalogue() -> None:
    data = load_search_data("digits", root=NOWHERE)
    info = DATASETS["digits"]
    assert len(data.train.images) == info.train_images
    assert len(data.validation.images) == 144
    assert data.train.images.shape[1:] == (info.image_size, info.image_size, info.channels)


def test_split_of_digits_never_changes() -> None:
    assert (
        load_search_data("digits", root=NOWHERE).split_digest
        == "9126b6f66b992d5d92d283dadf426e7f7e653ef7904966860f1595f370d9a30d"
    )
