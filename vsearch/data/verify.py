"""Published files are compared with their published MD5 before anything in them is read."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vsearch.errors import DataError
from vsearch.spec.datasets import DatasetInfo


@dataclass(frozen=True)
class PublishedFiles:
    """The files of a data set's train split, as their authors published them."""

    info: DatasetInfo
    folder: str
    """That holds the files, below the root of the data; empty for the root itself."""
    md5: Mapping[str, str]
    """File name to MD5 in hexadecimal."""

    @property
    def holder(self) -> str:
        """What a person looks for in the root of the data."""
        return self.folder.split("/")[0] or next(iter(self.md5))

    def are_intact(self, root: Path) -> bool:
        """Whether `verify` would pass."""
        try:
            self.verify(root)
        except DataError:
            return False
        return True

    def verify(self, root: Path) -> None:
        """Nothing, if every file is below `root` with its published content.

        Raises:
            DataError: one is missing, unreadable or damaged; the message names it and says what to do.
        """
        self._require_holder(root)
        for name, expected in self.md5.items():
            verify_md5(root / self.folder / name, expected, self._advice())

    def _require_holder(self, root: Path) -> None:
        try:
            if not root.exists():
                raise DataError(f"no {self.info.title} in {root}, which does not exist; {self._advice()}")
            if not root.is_dir():
                raise DataError(f"no {self.info.title} in {root}, which is a file, not a folder; {self._advice()}")
            # Listed, not only looked up: a folder may be entered and yet not be read.
            os.listdir(root)
            if not (root / self.holder).exists():
                raise DataError(f"no {self.info.title} in {root}; {self._advice()}")
        except OSError as error:
            raise unreadable(root, error) from error

    def _advice(self) -> str:
        return (
            f"pass --download to fetch it ({self.info.download_megabytes} MB), or set --data-dir / VSEARCH_DATA_DIR "
            f"to the folder that holds {self.holder}"
        )


def verify_md5(path: Path, expected: str, advice: str) -> None:
    """Nothing, if the file's MD5 is `expected`.

    Raises:
        DataError: the file is missing, unreadable or has another content.
    """
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
            size = os.fstat(file.fileno()).st_size
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataError(f"{path} is missing; {advice}") from error
    except OSError as error:
        raise unreadable(path, error) from error
    if found != expected:
        raise DataError(
            f"{path} is damaged: expected MD5 {expected}, found {found} ({size} bytes); "
            "delete it and pass --download, or copy it again"
        )


def unreadable(path: Path, error: OSError) -> DataError:
    """The one-line error for a file or folder that the system will not let us read."""
    named = error.filename or path
    if isinstance(error, PermissionError):
        return DataError(
            f"cannot read {named} as user id {os.geteuid()}: permission denied; "
            "give that user read permission, or choose another folder"
        )
    return DataError(f"cannot read {named}: {error.strerror or error}")
