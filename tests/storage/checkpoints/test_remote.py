"""Checkpoints wherever fsspec reaches; files on this machine and in memory stand for the two kinds of places."""

import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest

from vsearch.errors import DataError, InputError
from vsearch.storage.checkpoints import DatabaseStore, FolderStore, Key, RemoteStore, open_store

WRITE_FOR_EVER = """
import sys
from vsearch.storage.checkpoints import Key, RemoteStore
store = RemoteStore(sys.argv[1])
for number in range(1, 250):
    store.write(Key("s", 1, 0, 1, 1), bytes([number]) * 8_000_000)
    print(number, flush=True)
"""

WRITE_UNDER_A_LIMIT = """
import resource, signal, sys
from vsearch.errors import DataError
from vsearch.storage.checkpoints import Key, RemoteStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    RemoteStore(sys.argv[1]).write(Key("s", 1, 0, 1, int(sys.argv[2])), bytes(400_000))
except DataError as error:
    print(error)
    sys.exit(4)
"""


@pytest.fixture
def store(tmp_path: Path) -> RemoteStore:
    return RemoteStore(f"file://{tmp_path}/checkpoints/")


@pytest.fixture
def memory() -> Iterator[RemoteStore]:
    yield RemoteStore(f"memory://{uuid.uuid4().hex}")
    fsspec.filesystem("memory").store.clear()


def key(number: int = 0, fence: int = 1, study: str = "s") -> Key:
    return Key(study, 1, number, 1 + number, fence)


def contents(store: RemoteStore, key: Key) -> list[bytes]:
    return [content for _, content in store.read(key)]


def test_a_place_opens_the_store_of_its_kind(storage: Any, tmp_path: Path) -> None:
    assert isinstance(open_store("database", storage), DatabaseStore)
    for place in (str(tmp_path), "checkpoints", "~/checkpoints", f"file://{tmp_path}", "./database"):
        assert isinstance(open_store(place, storage), FolderStore)
    assert isinstance(open_store("memory://x", storage), RemoteStore)
    with pytest.raises(DataError, match="correct VSEARCH_STORAGE"):
        open_store("database", None)


@pytest.mark.parametrize("place", ["foo://bucket/x", "simplecache::memory://x", "://x", "s3:/bucket/x"])
def test_an_unknown_protocol_is_refused_with_those_that_work(place: str) -> None:
    with pytest.raises(InputError, match="s3://bucket/folder") as caught:
        open_store(place, None)
    assert "\n" not in str(caught.value)


def test_a_missing_package_is_named() -> None:
    """SMB's package is none of ours."""
    with pytest.raises(InputError, match="needs the Python package smbprotocol; run: pip install smbprotocol"):
        open_store("smb://host/share", None)


@pytest.mark.parametrize(
    "url", ["ftp://ada:c4nary@127.0.0.1:1/x", "ftp://ada:c4n%40ary@127.0.0.1:1/x", "ftp://ada:c4/nary@127.0.0.1:1/x"]
)
def test_a_place_that_does_not_answer_is_named_without_its_password(url: str) -> None:
    unreachable = RemoteStore(url)
    calls: list[Callable[[], object]] = [
        lambda: unreachable.write(key(), b""),
        lambda: contents(unreachable, key()),
        lambda: unreachable.delete(key()),
        lambda: unreachable.delete_study("s", 1),
        unreachable.probe,
    ]
    for call in calls:
        with pytest.raises(DataError, match=r"cannot .* ftp://ada:\*\*\*@127.0.0.1:1/x: ") as caught:
            call()
        shown = f"{caught.value} {caught.value.__context__} {unreachable!r} {unreachable.place}"
        assert "\n" not in shown
        assert not re.search("c4n|ary", shown)


def test_foreign_files_are_left_alone(store: RemoteStore, tmp_path: Path) -> None:
    store.write(key(), b"content")
    folder = tmp_path / "checkpoints" / "s"
    foreign = {"notes.txt", "trial-0.1.ckpt.bak", ".trial-0.1.ckpt"}
    for name in foreign:
        (folder / name).write_bytes(b"mine")
    store.delete(key())
    store.delete_study("s", 1)
    assert set(os.listdir(folder)) == foreign


def test_a_killed_writer_leaves_a_whole_checkpoint_and_the_next_worker_clears_up(
    store: RemoteStore, tmp_path: Path
) -> None:
    for kill_after in (1, 2, 3):
        with subprocess.Popen([sys.executable, "-c", WRITE_FOR_EVER, store.place], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            for _ in range(kill_after):
                finished = int(writer.stdout.readline())
            os.kill(writer.pid, signal.SIGKILL)
        (content,) = contents(store, key())
        assert content == content[:1] * 8_000_000
        assert content[0] >= finished
    (tmp_path / "checkpoints" / "s" / ".trial-0.1.ckpt.abc.tmp").write_bytes(b"half")
    assert contents(store, key(fence=2)) == [content]
    store.write(key(fence=2), b"next")
    assert os.listdir(tmp_path / "checkpoints" / "s") == ["trial-0.2.ckpt"]


def test_a_full_disk_leaves_the_previous_checkpoint_and_no_litter(store: RemoteStore, tmp_path: Path) -> None:
    store.write(key(), b"good")
    for fence in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", WRITE_UNDER_A_LIMIT, store.place, fence],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (4, "")
        assert f"cannot write a checkpoint to {store.place}: the file is larger" in done.stdout
    assert contents(store, key(fence=2)) == [b"good"]
    assert os.listdir(tmp_path / "checkpoints" / "s") == ["trial-0.1.ckpt"]


class CutOff(fsspec.get_filesystem_class("file")):  # type: ignore[misc]
    """Files of this machine over a line that loses the end of each upload and tells nobody, as FTP can."""

    protocol = "cutoff"

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return path.removeprefix("cutoff://")

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **arguments: Any) -> None:
        super().pipe_file(path, value[: len(value) // 2], mode, **arguments)


def test_an_upload_that_lost_its_end_replaces_nothing(store: RemoteStore, tmp_path: Path) -> None:
    store.write(key(), b"good")
    fsspec.register_implementation("cutoff", CutOff)
    with pytest.raises(DataError, match="only a part of it arrived"):
        RemoteStore(f"cutoff://{tmp_path}/checkpoints").write(key(), b"twice as long")
    assert contents(store, key()) == [b"good"]
    assert os.listdir(tmp_path / "checkpoints" / "s") == ["trial-0.1.ckpt"]


class ReadsInParts(fsspec.get_filesystem_class("memory")):  # type: ignore[misc]
    """Objects in memory, read as s3fs does with large ones: in parts. The object is replaced between two of them."""

    protocol = "parts"
    replacements: ClassVar[list[bytes]] = []

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(super()._strip_protocol(path.removeprefix("parts://")))

    def cat_file(self, path: str, *_: Any, **__: Any) -> bytes:
        first = super().cat_file(path, 0, 5)
        if self.replacements:
            self.pipe_file(path, self.replacements.pop(0))
        return bytes(first + super().cat_file(path, 5, None))


def test_an_object_that_is_replaced_while_it_is_read_is_read_again(memory: RemoteStore) -> None:
    fsspec.register_implementation("parts", ReadsInParts)
    in_parts = RemoteStore(memory.place.replace("memory", "parts"))
    memory.write(key(), b"1" * 10)
    ReadsInParts.replacements[:] = [b"2" * 10, b"3" * 10]
    assert contents(in_parts, key()) == [b"3" * 10]
    ReadsInParts.replacements[:] = [b"%d" % (n % 10) * 10 for n in range(99)]
    with pytest.raises(DataError, match="it changes while it is read"):
        contents(in_parts, key())


def test_a_connection_that_broke_is_made_anew(store: RemoteStore) -> None:
    """Servers end connections that were idle between two checkpoints."""
    store.write(key(), b"first")
    store._connected = None, ""  # every call on it fails
    store.write(key(), b"second")
    assert contents(store, key()) == [b"second"]


@pytest.mark.usefixtures("_unwritable")
def test_a_place_that_cannot_be_written_is_named(store: RemoteStore) -> None:
    with pytest.raises(DataError, match=r"cannot write a checkpoint to file://.*permission denied; correct the"):
        store.write(key(), b"content")
    with pytest.raises(DataError, match=r"cannot write checkpoints to file://.*permission denied"):
        store.probe()


def test_fsspec_is_loaded_with_the_first_remote_place_only() -> None:
    script = (
        "import sys\n"
        "from vsearch.storage.checkpoints import open_store\n"
        "open_store('/tmp/x', None)\n"
        "assert 'fsspec' not in sys.modules\n"
        "open_store('memory://x', None)\n"
        "assert 'torch' not in sys.modules\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
