import subprocess
import sys
from pathlib import Path

import pytest

from vsearch.errors import InputError
from vsearch.spec.datasets import DATASETS, check_dataset_name, dataset_info


def test_known_name_has_an_entry() -> None:
    info = dataset_info("cifar100")
    assert info is not None
    assert (info.num_classes, info.train_images, info.image_size, info.channels) == (100, 45_000, 32, 3)


def test_names_are_the_keys() -> None:
    assert all(name == info.name for name, info in DATASETS.items())


def test_folder_is_allowed_and_nothing_is_known_of_it() -> None:
    assert check_dataset_name("folder:/photos") == "folder:/photos"
    assert dataset_info("folder:/photos") is None


@pytest.mark.parametrize("name", ["cifar11", "", "CIFAR10", "folder", "/photos"])
def test_unknown_name_is_refused_and_folder_is_told(name: str) -> None:
    with pytest.raises(InputError, match=r"no data set is called .*; there are cifar10, .*folder:PATH"):
        check_dataset_name(name)


def test_folder_without_a_path_is_refused() -> None:
    with pytest.raises(InputError, match="names no folder; write folder:PATH"):
        dataset_info("folder:")


def test_catalogue_does_not_import_torch() -> None:
    lines = "import sys, vsearch.spec.datasets; print([name for name in sys.modules if name.startswith('torch')])"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, cwd=root, check=True)
    assert done.stdout == "[]\n"
