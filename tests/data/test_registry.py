from pathlib import Path

import pytest

from vsearch.data.registry import READERS, read_train_split
from vsearch.errors import InputError
from vsearch.spec.datasets import DATASETS


def test_every_data_set_of_the_catalogue_has_a_reader() -> None:
    assert set(READERS) == set(DATASETS)


def test_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"no data set is called 'cifar11'.*folder:PATH.*Did you mean 'cifar1"):
        read_train_split("cifar11", Path("/nowhere"))


def test_another_image_size_is_refused_where_images_have_one() -> None:
    with pytest.raises(InputError, match="image_size is 32, but the images of Digits are 8 pixels wide"):
        read_train_split("digits", Path("/nowhere"), image_size=32)


def test_registry_does_not_import_torchvision_or_sklearn(run_watched) -> None:  # type: ignore[no-untyped-def]
    assert (
        run_watched(
            "import vsearch.data; print([name for name in ('torchvision', 'sklearn') if name in sys.modules])", []
        )
        == "[]\n"
    )


def test_digits_do_not_import_torchvision_or_sklearn(run_watched) -> None:  # type: ignore[no-untyped-def]
    lines = (
        "from vsearch.data import load_search_data\n"
        "load_search_data('digits', root=Path('/nowhere'))\n"
        "print([name for name in ('torchvision', 'sklearn', 'scipy') if name in sys.modules])"
    )
    assert run_watched(lines, []) == "[]\n"
