"""1,797 real scans of handwritten digits, 8×8 grey, that come with scikit-learn: nothing to download.

They have no official test split. A fixed, stratified 20 % (359 images, `split.hold_out_test`) is set aside as one.
Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998 (its test part).
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vsearch.data.sets import Augmentation, TrainSplit
from vsearch.data.split import hold_out_test

# A shift by one of 8 pixels already cuts strokes off, and a mirrored digit is none.
AUGMENTATION = Augmentation(pad=0, flip=False)
# Values are 0 … 16: how many of the 4×4 pixels of the original bitmap are set.
BRIGHTEST = 16
# In scikit-learn's folder (of 1.9.1): a scan and its label in each line.
TABLE = "datasets/data/digits.csv.gz"


def read_digits(_root: Path, _download: bool = False) -> TrainSplit:
    """The 1,438 images that are not held out for the test, scaled from 0 … 16 to 0 … 255."""
    scans, labels = _published()
    train, _ = hold_out_test(labels)
    images = np.rint(scans[train] * (255 / BRIGHTEST)).astype(np.uint8).reshape(-1, 8, 8, 1)
    return TrainSplit(images, labels[train], 10, AUGMENTATION)


def _published() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Scans `(1797, 64)` and labels; from scikit-learn's file, as importing all of it takes 0.7 s."""
    package = find_spec("sklearn")
    if package is not None and package.origin and (table := Path(package.origin).parent / TABLE).is_file():
        rows = np.loadtxt(table, delimiter=",")
        return rows[:, :-1], rows[:, -1].astype(np.int64)
    from sklearn.datasets import load_digits

    scans, labels = load_digits(return_X_y=True)
    return scans, labels.astype(np.int64)
