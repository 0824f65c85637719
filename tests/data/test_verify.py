from pathlib import Path
from typing import Any

import pytest

from vsearch.data.cifar import read_cifar10
from vsearch.data.verify import PublishedFiles
from vsearch.errors import DataError
from vsearch.spec.datasets import DATASETS

# MD5 of the six bytes of "images".
FILES = PublishedFiles(DATASETS["cifar10"], "folder", {"batch": "59b514174bffe4ae402b3d63aad79fe0"})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)  # pytest closes it to strangers; these tests close one on purpose
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "batch").write_bytes(b"images")
    return tmp_path


def test_intact_files_pass(root: Path) -> None:
    FILES.verify(root)
    assert FILES.are_intact(root)


def test_root_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no CIFAR-10 in .*/none, which does not exist; pass --download"):
        FILES.verify(tmp_path / "none")


def test_root_that_is_a_file_is_named(root: Path) -> None:
    with pytest.raises(DataError, match="batch, which is a file, not a folder; pass --download"):
        FILES.verify(root / "folder" / "batch")


def test_folder_in_place_of_a_file_is_named(root: Path) -> None:
    (root / "folder" / "batch").unlink()
    (root / "folder" / "batch").mkdir()
    with pytest.raises(DataError, match=r"cannot read .*/folder/batch: Is a directory"):
        FILES.verify(root)


def test_file_in_place_of_the_folder_is_named(root: Path) -> None:
    (root / "folder" / "batch").unlink()
    (root / "folder").rmdir()
    (root / "folder").write_bytes(b"")
    with pytest.raises(DataError, match="folder/batch is missing; pass --download"):
        FILES.verify(root)


def test_unreadable_root_is_named_with_the_user(root: Path, request: Any) -> None:
    root.chmod(0)
    request.getfixturevalue("as_stranger")
    with pytest.raises(DataError, match=rf"cannot read {root} as user id \d+: permission denied"):
        FILES.verify(root)


def test_unreadable_file_is_named_with_the_user(root: Path, request: Any) -> None:
    (root / "folder" / "batch").chmod(0)
    request.getfixturevalue("as_stranger")
    with pytest.raises(DataError, match=r"cannot read .*/batch as user id \d+: permission denied"):
        FILES.verify(root)


@pytest.mark.parametrize("where", ["none", "folder/batch", "folder"])
def test_every_message_is_one_line(root: Path, where: str) -> None:
    with pytest.raises(DataError) as caught:
        read_cifar10(root / where)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 4
