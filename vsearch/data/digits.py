"""1,797 real scans of handwritten digits, 8×8 grey, that come with scikit-learn: nothing to download.

They have no official test split. A fixed, stratified 20 % (359 images, `split.hold_out_test`) is set aside as one.
Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998 (its test part).
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vsearch.data.sets import Augmentation, LabelledPixels, TrainSplit
from vsearch.data.split import hold_out_test

# A shift by one of 8 pixels already cuts strokes off, and a mirrored digit is none.
AUGMENTATION = Augmentation(pad=0, flip=False)
# Values are 0 … 16: how many of the 4×4 pixels of the original bitmap are set.
BRIGHTEST = 16
# In scikit-learn's folder (of 1.9.1): a scan and its label in each line.
TABLE = "datasets/data/digits.csv.gz"


def read_digits(_root: Path, _download: bool = False) -> TrainSplit:
    """The 1,438 images that are not held out for the test, scaled from 0 … 16 to 0 … 255."""
    scans, labels = published_scans()
    train, _ = hold_out_test(labels)
    return TrainSplit(*as_images(scans[train], labels[train]), 10, AUGMENTATION)


def as_images(scans: npt.NDArray[np.float64], labels: npt.NDArray[np.int64]) -> LabelledPixels:
    """`scans (N, 64)`, 0 … 16, as images `(N, 8, 8, 1)`, 0 … 255."""
    images = np.rint(scans * (255 / BRIGHTEST)).astype(np.uint8).reshape(-1, 8, 8, 1)
    return LabelledPixels(images, labels)


def published_scans() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Scans `(1797, 64)` and labels; from scikit-learn's file, as importing all of it takes 0.7 s."""
    package = find_spec("sklearn")
    if package is not None and package.origin and (table := Path(package.origin).parent / TABLE).is_file():
        rows = np.loadtxt(table, delimiter=",")
        return rows[:, :-1], rows[:, -1].astype(np.int64)
    from sklearn.datasets import load_digits

    scans, labels = load_digits(return_X_y=True)
    return scans, labels.astype(np.int64)
