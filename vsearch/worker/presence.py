"""Which workers of this machine live: each holds a lock on a file as long as its process does."""

import os
import re
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from vsearch.errors import DataError
from vsearch.search.claims import put_back_lost
from vsearch.search.stored import StoredStudy


@contextmanager
def present(folder: Path) -> Iterator[str]:
    """Inside the block this process is a worker; gives its name, `HOST-PID-RANDOM`.

    The operating system lets go of the lock when the process ends, however it ends.

    Raises:
        DataError: the folder cannot be written.
    """
    host = re.sub(r"[^A-Za-z0-9.]", "-", socket.gethostname())
    name = f"{host}-{os.getpid()}-{secrets.token_hex(3)}"
    path = folder / f"{name}.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        lock.acquire(timeout=0)
    except OSError as error:
        raise DataError(
            f"cannot write {path}: {error.strerror or error}; set VSEARCH_HOME to a folder of yours"
        ) from None
    try:
        yield name
    finally:
        lock.release()
        path.unlink(missing_ok=True)


def is_dead(folder: Path, worker: str) -> bool:
    """Whether that worker ran on this machine and its process is gone; False if nothing is known of it."""
    path = folder / f"{worker}.lock"
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return False
    lock.release()
    return True


def put_back_orphans(study: StoredStudy, folder: Path) -> list[tuple[int, bool]]:
    """Trials that nobody trains any more wait again, to go on as the same trials.

    They are those of this machine's dead workers, known at once, and those whose lease ran out, wherever they ran.
    Gives their numbers, and whether they wait or failed, being lost too often.
    """
    return put_back_lost(study, lambda worker: is_dead(folder, worker))
