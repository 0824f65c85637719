"""Checkpoints in a folder: files that are whole or not there."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from vsearch.errors import DataError
from vsearch.storage.checkpoints import FolderStore, Key

WRITE_UNDER_A_LIMIT = """
import resource, signal, sys
from vsearch.errors import DataError
from vsearch.storage.checkpoints import FolderStore, Key
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    FolderStore(sys.argv[1]).write(Key("s", 1, 0, 1, int(sys.argv[2])), bytes(400_000))
except DataError as error:
    print(error)
    sys.exit(4)
"""

WRITE_FOR_EVER = """
import sys
from vsearch.storage.checkpoints import FolderStore, Key
store = FolderStore(sys.argv[1])
for number in range(1, 250):
    store.write(Key("s", 1, 0, 1, 1), bytes([number]) * 8_000_000)
    print(number, flush=True)
"""


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(str(tmp_path / "checkpoints"))


def key(number: int = 0, fence: int = 1, study: str = "s") -> Key:
    return Key(study, 1, number, 1 + number, fence)


def contents(store: FolderStore, key: Key) -> list[bytes]:
    return [content for _, content in store.read(key)]


def test_a_file_tells_its_trial_and_fence_and_is_for_its_owner_alone(store: FolderStore, tmp_path: Path) -> None:
    store.write(key(7, 3), b"content")
    (file,) = (tmp_path / "checkpoints" / "s").iterdir()
    assert file.name == "trial-7.3.ckpt"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_link_does_not_lead_out_of_the_folder(store: FolderStore, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "trial-0.1.ckpt").write_bytes(b"foreign")
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "s").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="would lie outside"):
        store.delete_study("s", 1)
    assert (tmp_path / "elsewhere" / "trial-0.1.ckpt").exists()


def test_foreign_files_are_left_alone(store: FolderStore, tmp_path: Path) -> None:
    store.write(key(), b"content")
    folder = tmp_path / "checkpoints" / "s"
    foreign = {"notes.txt", "trial-0.ckpt", "trial-0.1.ckpt.bak", ".trial-0.1.ckpt", "trial-x.1.ckpt"}
    for name in foreign:
        (folder / name).write_bytes(b"mine")
    store.delete(key())
    store.delete_study("s", 1)
    assert set(os.listdir(folder)) == foreign


def test_the_folder_of_a_deleted_study_goes_too(store: FolderStore, tmp_path: Path) -> None:
    store.write(key(), b"content")
    store.delete_study("s", 1)
    assert list((tmp_path / "checkpoints").iterdir()) == []


def test_a_full_disk_leaves_the_previous_checkpoint_and_no_litter(store: FolderStore, tmp_path: Path) -> None:
    store.write(key(), b"good")
    for fence in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", WRITE_UNDER_A_LIMIT, str(tmp_path / "checkpoints"), fence],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (4, "")
        assert done.stdout.startswith(f"cannot write a checkpoint to {tmp_path / 'checkpoints'}: the file is larger")
        assert done.stdout.count("\n") == 1
        assert contents(store, key(fence=2)) == [b"good"]
    assert os.listdir(tmp_path / "checkpoints" / "s") == ["trial-0.1.ckpt"]


def test_a_killed_writer_leaves_a_whole_checkpoint_and_the_next_worker_clears_up(
    store: FolderStore, tmp_path: Path
) -> None:
    folder = tmp_path / "checkpoints"
    for kill_after in (1, 2, 3):
        with subprocess.Popen([sys.executable, "-c", WRITE_FOR_EVER, str(folder)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            for _ in range(kill_after):
                finished = int(writer.stdout.readline())
            os.kill(writer.pid, signal.SIGKILL)
        (content,) = contents(store, key())
        assert content == content[:1] * 8_000_000
        assert content[0] >= finished
    (folder / "s" / ".trial-0.1.ckpt.abc.tmp").write_bytes(b"half")
    assert contents(store, key(fence=2)) == [content]
    store.write(key(fence=2), b"next")
    assert os.listdir(folder / "s") == ["trial-0.2.ckpt"]


@pytest.mark.usefixtures("_unwritable")
def test_a_folder_that_cannot_be_written_is_named(store: FolderStore) -> None:
    with pytest.raises(DataError, match=r"cannot write a checkpoint to .*permission denied; correct the permissions"):
        store.write(key(), b"content")
    with pytest.raises(DataError, match=r"cannot write checkpoints to .*permission denied"):
        store.probe()


def test_files_of_another_user_are_named(store: FolderStore, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    store.write(key(), b"content")
    if os.geteuid() != 0:
        (tmp_path / "checkpoints" / "s" / "trial-0.1.ckpt").chmod(0)
        (tmp_path / "checkpoints" / "s").chmod(0o555)
    request.getfixturevalue("as_stranger")
    with pytest.raises(DataError, match=r"cannot read the checkpoints in .*permission denied"):
        contents(store, key())
    with pytest.raises(DataError, match=r"cannot delete checkpoints in .*permission denied"):
        store.delete(key())


def test_a_file_in_the_place_of_the_folder_is_named(store: FolderStore, tmp_path: Path) -> None:
    (tmp_path / "checkpoints").write_text("a file")
    calls: list[Callable[[], object]] = [lambda: store.write(key(), b""), lambda: contents(store, key()), store.probe]
    for call in calls:
        with pytest.raises(DataError, match="a file stands where a folder should be"):
            call()


def test_a_probe_of_a_folder_that_is_not_there_does_not_make_it(store: FolderStore, tmp_path: Path) -> None:
    store.probe()
    assert list(tmp_path.iterdir()) == []


def test_a_tilde_is_the_users_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    FolderStore("~/checkpoints").write(key(), b"content")
    assert (tmp_path / "checkpoints" / "s" / "trial-0.1.ckpt").exists()
    with pytest.raises(DataError, match="name the folder in full"):
        FolderStore("~nobody-of-that-name/x")
