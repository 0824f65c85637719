"""Checkpoints as files of a folder that all workers reach: a local disk, or one that hosts share."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from vsearch.errors import DataError
from vsearch.storage.checkpoints.failure import refusal
from vsearch.storage.checkpoints.names import Key, file_name, outdated, parse_names, readable

T = TypeVar("T")


class FolderStore:
    """Files `<folder>/<study>/trial-<number>.<fence>.ckpt`, readable for their owner alone."""

    seconds = 30.0

    def __init__(self, folder: str) -> None:
        try:
            self._folder = Path(folder).expanduser().absolute()
        except RuntimeError:
            raise DataError(f"no home folder is known for {folder!r}; name the folder in full") from None
        self.place = str(self._folder)

    def __repr__(self) -> str:
        return f"FolderStore({self.place!r})"

    def write(self, key: Key, content: bytes) -> None:
        """Store a checkpoint: afterwards the file is whole, and before that the previous one stays as it was."""
        self._run("write a checkpoint to", lambda: self._write(key, content))
        with contextlib.suppress(OSError):
            self._unlink(key.study, outdated(self._files(key.study), key))

    def read(self, key: Key) -> Iterator[tuple[str, bytes]]:
        """The trial's checkpoints, newest first, each with its file."""
        for name in self._run("read the checkpoints in", lambda: readable(self._files(key.study), key)):
            path = self._of_study(key.study) / name
            content = self._run("read the checkpoints in", lambda path=path: _content(path))  # type: ignore[misc]
            if content is not None:
                yield str(path), content

    def delete(self, key: Key) -> None:
        """Delete the trial's checkpoints up to the key's fence."""
        self._run(
            "delete checkpoints in",
            lambda: self._unlink(key.study, outdated(self._files(key.study), key, with_own=True)),
        )

    def delete_study(self, study: str, study_id: int) -> None:  # noqa: ARG002
        """Delete the checkpoints of all trials of a study, and its folder unless it holds other things."""
        self._run(
            "delete checkpoints in",
            lambda: self._unlink(study, [name.file for name in parse_names(self._files(study))]),
        )
        with contextlib.suppress(OSError):
            self._of_study(study).rmdir()

    def probe(self) -> None:
        """Write a file and delete it: in the folder, or where that would be made."""

        def try_out() -> None:
            folder = self._folder
            while not folder.exists() and folder != folder.parent:
                folder = folder.parent
            with tempfile.NamedTemporaryFile(prefix=".vsearch-probe.", dir=folder) as file:
                file.write(b"probe")
                file.flush()
                os.fsync(file.fileno())

        self._run("write checkpoints to", try_out)

    def _of_study(self, study: str) -> Path:
        """The folder of a study; a name that leads elsewhere, also over a symbolic link, is refused."""
        folder = self._folder / study
        if "/" in study or folder.resolve().parent != self._folder.resolve():
            raise DataError(f"the checkpoints of study {study!r} would lie outside {self._folder}; rename the study")
        return folder

    def _write(self, key: Key, content: bytes) -> None:
        folder = self._of_study(key.study)
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True)
            _sync_folder(folder.parent)
        _replace(folder / file_name(key), content)

    def _files(self, study: str) -> list[str]:
        try:
            return os.listdir(self._of_study(study))
        except FileNotFoundError:
            return []

    def _unlink(self, study: str, names: list[str]) -> None:
        for name in names:
            (self._of_study(study) / name).unlink(missing_ok=True)

    def _run(self, action: str, work: Callable[[], T]) -> T:
        try:
            return work()
        except OSError as error:
            raise refusal(action, self.place, error) from None


def _content(path: Path) -> bytes | None:
    """The file's bytes; None if another worker has deleted it since the folder was listed."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _replace(target: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself outlast a power cut; not every system lets a folder be opened."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
