"""The test split stays closed: in these processes, opening a file of it is an error."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from vsearch.data import load_search_data
from vsearch.data.split import hold_out_test

Watched = Callable[[str, list[str]], str]
Writer = Callable[[Path, int], None]


def test_the_watch_itself_sees_an_open(tmp_path: Path, run_watched: Watched) -> None:
    (tmp_path / "test_batch").write_bytes(b"")
    with pytest.raises(AssertionError, match=r"opened .*test_batch"):
        run_watched(f"open({str(tmp_path / 'test_batch')!r})", ["test_batch"])


def test_the_watch_sees_what_a_confirmation_opens(tmp_path: Path, write_classes: Writer, run_watched: Watched) -> None:
    for part in ("train", "test"):
        write_classes(tmp_path / part, 10)
    lines = (
        "from vsearch.data.test_split import load_test_data\n"
        f"load_test_data('folder:{tmp_path}', root=Path('/nowhere'))"
    )
    with pytest.raises(AssertionError, match=r"opened .*/test/0/000.png"):
        run_watched(lines, ["test"])


def test_a_search_does_not_even_import_the_reader_of_the_test_split(run_watched: Watched) -> None:
    lines = (
        "from vsearch.data import load_search_data\n"
        "load_search_data('digits', root=Path('/nowhere'))\n"
        "print([name for name in sys.modules if name.endswith('test_split')])"
    )
    assert run_watched(lines, []) == "[]\n"


def test_cifar10_opens_no_test_batch(tmp_path: Path, tiny_cifar10: Any, run_watched: Watched) -> None:
    md5, _ = tiny_cifar10
    (tmp_path / "cifar-10-batches-py" / "test_batch").write_bytes(b"secret")
    lines = (
        f"from vsearch.data.cifar import read_cifar10\nprint(len(read_cifar10(Path({str(tmp_path)!r}), md5={md5})[0]))"
    )
    assert run_watched(lines, ["test_batch"]) == "50\n"


@pytest.mark.parametrize(("name", "test_file"), [("cifar10", "test_batch"), ("cifar100", "test")])
def test_real_cifar_opens_no_test_file(cifar_root: Path, run_watched: Watched, name: str, test_file: str) -> None:
    lines = (
        "from vsearch.data import load_search_data\n"
        f"print(len(load_search_data({name!r}, root=Path({str(cifar_root)!r})).train.images))"
    )
    assert run_watched(lines, [test_file]) == "45000\n"


def test_fashion_mnist_opens_no_test_file(tmp_path: Path, tiny_fashion: Any, run_watched: Watched) -> None:
    md5, _ = tiny_fashion
    names = ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]
    for name in names:
        (tmp_path / "FashionMNIST" / "raw" / name).write_bytes(b"secret")
    lines = (
        "from vsearch.data.mnist import read_fashion_mnist\n"
        f"print(len(read_fashion_mnist(Path({str(tmp_path)!r}), md5={md5})[0]))"
    )
    assert run_watched(lines, names) == "40\n"


def test_svhn_opens_no_test_file(tmp_path: Path, tiny_svhn: Any, run_watched: Watched) -> None:
    md5, _ = tiny_svhn
    names = ["test_32x32.mat", "extra_32x32.mat"]
    for name in names:
        (tmp_path / name).write_bytes(b"secret")
    lines = f"from vsearch.data.svhn import read_svhn\nprint(len(read_svhn(Path({str(tmp_path)!r}), md5={md5!r})[0]))"
    assert run_watched(lines, names) == "20\n"


def test_folder_opens_neither_val_nor_test(tmp_path: Path, write_classes: Writer, run_watched: Watched) -> None:
    photos = tmp_path / "photos"
    write_classes(photos / "train", 10)
    for held_out in ("val", "test"):
        write_classes(photos / held_out, 2)
    lines = (
        "from vsearch.data import load_search_data\n"
        f"print(len(load_search_data('folder:{photos}', root=Path('/nowhere')).train.images))"
    )
    assert run_watched(lines, ["val", "test"]) == "27\n"


def test_folder_without_split_opens_four_fifths_of_its_images(
    tmp_path: Path, write_classes: Writer, run_watched: Watched
) -> None:
    write_classes(tmp_path, 10)
    lines = (
        "from vsearch.data import load_search_data\n"
        f"load_search_data('folder:{tmp_path}', root=Path('/nowhere'))\n"
        "print(json.dumps([path for path in opened if path.endswith('.png')]))"
    )
    opened = json.loads(run_watched(lines, []))
    assert len(opened) == len(set(opened)) == 24


def test_digits_never_serve_a_held_out_scan() -> None:
    """Compared by pixels, over training and validation together."""
    scans, labels = load_digits(return_X_y=True)
    _, test = hold_out_test(labels)
    held_out = {row.tobytes() for row in np.rint(scans[test] * (255 / 16)).astype(np.uint8)}
    data = load_search_data("digits", root=Path("/nowhere"))
    served = {image.numpy().tobytes() for part in (data.train, data.validation) for image in part.images}
    assert len(served) > 1400
    assert not served & held_out
