"""Where a SQLite database may lie."""

from pathlib import Path

import pytest

from vsearch.errors import StorageError
from vsearch.storage.filesystem import check_file, filesystem_of


def test_the_deepest_mount_decides(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    inner = tmp_path / "a b"
    inner.mkdir()
    escaped = str(inner).replace(" ", "\\040")
    mounts.write_text(f"d / ext4 rw 0 0\nserver:/x {escaped} nfs4 rw 0 0\nd {tmp_path} xfs rw 0 0\nodd\n")

    assert filesystem_of(inner / "deeper", mounts) == "nfs4"
    assert filesystem_of(tmp_path, mounts) == "xfs"
    assert filesystem_of(Path("/"), mounts) == "ext4"


def test_a_system_without_a_mount_table_is_not_judged(tmp_path: Path) -> None:
    assert filesystem_of(tmp_path, tmp_path / "missing") is None


def test_a_network_file_system_is_refused_naming_postgres(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"server:/x {tmp_path} nfs rw 0 0\n")
    monkeypatch.setattr(filesystem_of, "__defaults__", (mounts,))

    with pytest.raises(StorageError, match=r"network file system \(nfs\).*postgresql://"):
        check_file(tmp_path / "studies.db", create=True)


def test_a_missing_folder_is_made_only_on_creation(tmp_path: Path) -> None:
    path = tmp_path / "new" / "studies.db"

    with pytest.raises(StorageError, match="there is no database"):
        check_file(path, create=False)
    assert not path.parent.exists()

    check_file(path, create=True)
    assert path.parent.is_dir()
