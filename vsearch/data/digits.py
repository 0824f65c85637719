"""1,797 real scans of handwritten digits, 8×8 grey, that come with scikit-learn: nothing to download.

They have no official test split. A fixed, stratified 20 % (359 images, `split.hold_out_test`) is set aside as one.
Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998 (its test part).
"""

from pathlib import Path

import numpy as np

from vsearch.data.sets import Augmentation, TrainSplit
from vsearch.data.split import hold_out_test

# A shift by one of 8 pixels already cuts strokes off, and a mirrored digit is none.
AUGMENTATION = Augmentation(pad=0, flip=False)
# Values are 0 … 16: how many of the 4×4 pixels of the original bitmap are set.
BRIGHTEST = 16


def read_digits(_root: Path, _download: bool = False) -> TrainSplit:
    """The 1,438 images that are not held out for the test, scaled from 0 … 16 to 0 … 255."""
    from sklearn.datasets import load_digits

    scans, labels = load_digits(return_X_y=True)
    labels = labels.astype(np.int64)
    train, _ = hold_out_test(labels)
    images = np.rint(scans[train] * (255 / BRIGHTEST)).astype(np.uint8).reshape(-1, 8, 8, 1)
    return TrainSplit(images, labels[train], 10, AUGMENTATION)
