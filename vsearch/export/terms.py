"""On what terms the images of a data set are published: a network that was trained on them carries the question along.

From the data sets' own pages and papers, as far as they state any; the card asks to check them before publishing.
"""

from typing import NamedTuple

from vsearch.spec.datasets import DATASETS, FOLDER_PREFIX


class Terms(NamedTuple):
    """Of one data set."""

    licence: str
    source: str
    """Whom to cite, and where it is."""


_CIFAR = Terms(
    "no licence is stated by its authors; it is a labelled part of the Tiny Images, which were collected from the web "
    "and withdrawn by their authors in 2020",
    "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009, "
    "https://www.cs.toronto.edu/~kriz/cifar.html",
)
TERMS = {
    "cifar10": _CIFAR,
    "cifar100": _CIFAR,
    "digits": Terms(
        "CC BY 4.0",
        "E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998, "
        "https://doi.org/10.24432/C50P49",
    ),
    "fashion-mnist": Terms(
        "MIT, copyright 2017 Zalando SE",
        "H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST, 2017, https://arxiv.org/abs/1708.07747",
    ),
    "svhn": Terms(
        "for non-commercial use only, as its authors say",
        "Y. Netzer et al., Reading Digits in Natural Images with Unsupervised Feature Learning, 2011, "
        "http://ufldl.stanford.edu/housenumbers",
    ),
}
OWN_IMAGES = Terms("that of its images, which vsearch does not know: add it here", "images of the one who trained it")


def terms_of(dataset: str) -> Terms:
    """The terms of a data set of the catalogue; what to find out for `folder:PATH`."""
    return TERMS.get(dataset, OWN_IMAGES)


def title_of(dataset: str) -> str:
    """The data set as people write it; of a folder only the name, as its path is nobody else's business."""
    if dataset in DATASETS:
        return DATASETS[dataset].title
    return f"the folder of images {dataset.removeprefix(FOLDER_PREFIX).rstrip('/').rpartition('/')[2]!r}"
