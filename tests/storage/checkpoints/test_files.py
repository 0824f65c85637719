"""What holds of checkpoints that are files, in a folder of this machine or wherever fsspec reaches."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest

from vsearch.errors import DataError
from vsearch.storage.checkpoints import CheckpointStore, FolderStore, Key, RemoteStore


@pytest.fixture(params=["folder", "file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CheckpointStore]:
    folder = tmp_path / "checkpoints"
    if request.param == "folder":
        yield FolderStore(str(folder))
    else:
        yield RemoteStore(f"file://{folder}/" if request.param == "file" else f"memory://{uuid.uuid4().hex}")
    fsspec.filesystem("memory").store.clear()


def key(fence: int = 1, study: str = "s") -> Key:
    return Key(study, 1, 0, 1, fence)


def contents(store: CheckpointStore, key: Key) -> list[bytes]:
    return [content for _, content in store.read(key)]


def test_the_newest_checkpoint_comes_first_and_later_fences_are_not_read(store: CheckpointStore) -> None:
    """As when deleting the older ones did not work."""
    for fence in (12, 10, 9, 2):
        store.write(key(fence), b"%d" % fence)
    assert contents(store, key(10)) == [b"10", b"9", b"2"]


@pytest.mark.parametrize("study", ["..", "../s", "/tmp", ".", "", "a/b"])
def test_a_study_cannot_leave_its_place(store: CheckpointStore, study: str, tmp_path: Path) -> None:
    calls: list[Callable[[], object]] = [
        lambda: store.write(key(study=study), b""),
        lambda: contents(store, key(study=study)),
        lambda: store.delete(key(study=study)),
        lambda: store.delete_study(study, 1),
    ]
    for call in calls:
        with pytest.raises(DataError, match="would lie outside"):
            call()
    assert list(tmp_path.iterdir()) == []
    assert fsspec.filesystem("memory").store == {}
