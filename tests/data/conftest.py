"""Small data sets in the official formats, written for real."""

import hashlib
import os
import pickle
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

Pixels = npt.NDArray[np.uint8]

WATCH = """
import json, sys
forbidden, opened = set(json.loads(sys.argv[1])), []
def watch(event, arguments):
    if event == "open":
        opened.append(str(arguments[0]))
        if forbidden & set(str(arguments[0]).split("/")):
            raise RuntimeError(f"opened {arguments[0]}")
sys.addaudithook(watch)
from pathlib import Path
"""


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


@pytest.fixture
def md5_of() -> Callable[[Path], str]:
    """The MD5 of a file, in hexadecimal."""
    return md5


@pytest.fixture
def cifar_root() -> Path:
    """The folder of the real CIFAR files; skips where VSEARCH_DATA_DIR does not name it."""
    root = Path(os.environ.get("VSEARCH_DATA_DIR", ""))
    if not (root / "cifar-10-batches-py").is_dir() or not (root / "cifar-100-python").is_dir():
        pytest.skip("VSEARCH_DATA_DIR does not hold the CIFAR folders")
    return root


@pytest.fixture
def run_watched() -> Callable[[str, list[str]], str]:
    """Runs Python lines in a process where opening a path with a forbidden part is an error; returns its stdout."""

    def run(lines: str, forbidden: list[str]) -> str:
        import json

        repository = Path(__file__).parents[2]
        done = subprocess.run(
            [sys.executable, "-c", WATCH + lines, json.dumps(forbidden)],
            capture_output=True,
            text=True,
            cwd=repository,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def tiny_cifar10(tmp_path: Path) -> tuple[dict[str, str], Pixels]:
    """50 random images in `tmp_path/cifar-10-batches-py`, without a test batch; the MD5 of its files and its pixels."""
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    images = np.random.RandomState(0).randint(0, 256, (50, 32, 32, 3)).astype(np.uint8)
    for part in range(5):
        rows = images[10 * part : 10 * part + 10].transpose(0, 3, 1, 2).reshape(10, -1)
        batch = {"data": rows, "labels": list(range(10))}
        (folder / f"data_batch_{part + 1}").write_bytes(pickle.dumps(batch))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": [str(label) for label in range(10)]}))
    return {path.name: md5(path) for path in sorted(folder.iterdir())}, images


@pytest.fixture
def tiny_fashion(tmp_path: Path) -> tuple[dict[str, str], Pixels]:
    """40 random images as idx files in `tmp_path/FashionMNIST/raw`; the MD5 of its files and its pixels."""
    folder = tmp_path / "FashionMNIST" / "raw"
    folder.mkdir(parents=True)
    images = np.random.RandomState(0).randint(0, 256, (40, 28, 28)).astype(np.uint8)
    labels = (np.arange(40) % 10).astype(np.uint8)
    (folder / "train-images-idx3-ubyte").write_bytes(struct.pack(">4I", 0x803, 40, 28, 28) + images.tobytes())
    (folder / "train-labels-idx1-ubyte").write_bytes(struct.pack(">2I", 0x801, 40) + labels.tobytes())
    return {path.name: md5(path) for path in sorted(folder.iterdir())}, images


@pytest.fixture
def tiny_svhn(tmp_path: Path) -> tuple[str, Pixels]:
    """20 random images in `tmp_path/train_32x32.mat`, labelled 1 … 10 as published; its MD5 and its pixels."""
    from scipy.io import savemat

    images = np.random.RandomState(0).randint(0, 256, (20, 32, 32, 3)).astype(np.uint8)
    labels = (np.arange(20) % 10 + 1).astype(np.uint8)[:, None]
    savemat(tmp_path / "train_32x32.mat", {"X": images.transpose(1, 2, 3, 0), "y": labels})
    return md5(tmp_path / "train_32x32.mat"), images


@pytest.fixture
def write_classes() -> Callable[[Path, int], None]:
    """Saves the first real scans of the digits 0, 1 and 2 as `folder/<digit>/<number>.png`, so many of each."""
    from sklearn.datasets import load_digits

    scans, labels = load_digits(return_X_y=True)

    def write(folder: Path, per_class: int) -> None:
        for digit in range(3):
            (folder / str(digit)).mkdir(parents=True)
            for number, scan in enumerate(scans[labels == digit][:per_class]):
                pixels = (scan * 15).astype(np.uint8).reshape(8, 8)
                Image.fromarray(pixels).save(folder / str(digit) / f"{number:03}.png")

    return write
