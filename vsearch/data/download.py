"""Fetching published files, only where a person asked for it."""

import errno
import tarfile
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

from filelock import FileLock

from vsearch.data.verify import PublishedFiles
from vsearch.errors import DataError


def fetch_if_missing(files: PublishedFiles, root: Path, fetch: Callable[[], None]) -> None:
    """Call `fetch` unless the files are intact below `root`; one process at a time, the others wait and find them.

    Raises:
        DataError: the files cannot be fetched or written; nothing half-fetched is ever read, for its MD5 is checked.
    """
    if files.are_intact(root):
        return
    try:
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / f".{files.info.name}.lock"):
            if not files.are_intact(root):
                fetch()
    # torchvision raises RuntimeError for a damaged download, the others come from below it.
    except (OSError, RuntimeError, EOFError, HTTPException, tarfile.TarError) as error:
        raise DataError(_explain(files, root, error)) from error


def _explain(files: PublishedFiles, root: Path, error: Exception) -> str:
    what = f"cannot download {files.info.title} to {root}"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{what}: the disk is full; free about {2 * files.info.download_megabytes} MB or choose another folder"
    reason = " ".join(str(error).split()) or type(error).__name__
    return f"{what}: {reason}; try again, or copy the files there yourself"
