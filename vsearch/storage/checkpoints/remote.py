"""Checkpoints wherever fsspec reaches: object stores (`s3://`, `gs://`, `abfs://`) and servers (`sftp://`, `ftp://`).

How a write stays whole: on a file system that can rename (its fsspec class has its own `mv`, as for SFTP, FTP, SMB,
HDFS) the content goes to a temporary name, its size is checked, and a rename puts it in its place. On an object store
(fsspec's asynchronous classes, and those without a rename) one put is enough: the store shows an object only when all
of it has arrived, and keeps the former one until then.
"""

import contextlib
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, TypeVar

from vsearch.errors import DataError, InputError
from vsearch.storage.checkpoints.failure import refusal
from vsearch.storage.checkpoints.names import Key, file_name, outdated, parse_names, readable, unfinished_name
from vsearch.storage.url import redact

T = TypeVar("T")

TIMEOUT_SECONDS = 60
READINGS = 5
# fsspec has no common name for a time limit; S3 and Azure have limits of their own, others' default is none or long.
_TIME_LIMITS: dict[str, dict[str, Any]] = {
    "gs": {"requests_timeout": TIMEOUT_SECONDS},
    "gcs": {"requests_timeout": TIMEOUT_SECONDS},
    "sftp": {"timeout": TIMEOUT_SECONDS},
    "ssh": {"timeout": TIMEOUT_SECONDS},
    "ftp": {"timeout": TIMEOUT_SECONDS},
}
_PACKAGES = {"smbclient": "smbprotocol"}
"""Packages whose module has another name."""


class RemoteStore:
    """Files `<url>/<study>/trial-<number>.<fence>.ckpt`; the connection is made at the first use."""

    seconds = 60.0

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/") if not url.endswith("://") else url
        self.place = redact(self._url)
        self._protocol = url.partition("://")[0]
        _check_protocol(self._protocol, self.place)
        self._connected: tuple[Any, str] | None = None

    def __repr__(self) -> str:
        return f"RemoteStore({self.place!r})"

    def write(self, key: Key, content: bytes) -> None:
        """Store a checkpoint: it appears whole, and until then the previous one stays as it was."""
        self._run("write a checkpoint to", lambda system, root: _write(system, _folder(root, key.study), key, content))

        def delete_older(system: Any, root: str) -> None:
            _delete(system, _folder(root, key.study), lambda files: outdated(files, key))

        with contextlib.suppress(DataError):
            self._run("delete checkpoints in", delete_older)

    def read(self, key: Key) -> Iterator[tuple[str, bytes]]:
        """The trial's checkpoints, newest first, each with its URL."""
        action = "read the checkpoints in"
        names = self._run(action, lambda system, root: readable(_files(system, _folder(root, key.study)), key))
        for name in names:
            file = f"{key.study}/{name}"
            content = self._run(action, lambda system, root, file=file: _content(system, f"{root}/{file}"))
            if content is not None:
                yield f"{self.place}/{file}", content

    def delete(self, key: Key) -> None:
        """Delete the trial's checkpoints up to the key's fence."""

        def delete(system: Any, root: str) -> None:
            _delete(system, _folder(root, key.study), lambda files: outdated(files, key, with_own=True))

        self._run("delete checkpoints in", delete)

    def delete_study(self, study: str, study_id: int) -> None:  # noqa: ARG002
        """Delete the checkpoints of all trials of a study, and its folder unless it holds other things."""

        def delete(system: Any, root: str) -> None:
            folder = _folder(root, study)
            _delete(system, folder, lambda files: [name.file for name in parse_names(files)])
            if _renames(system):
                with contextlib.suppress(Exception):
                    system.rmdir(folder)

        self._run("delete checkpoints in", delete)

    def probe(self) -> None:
        """Write a file and delete it."""
        key = Key("", 0, 0, 0, 0)

        def try_out(system: Any, root: str) -> None:
            name = f"{root}/{unfinished_name(key)}"
            if _renames(system):
                system.makedirs(root, exist_ok=True)
            system.pipe_file(name, b"probe")
            system.rm_file(name)

        self._run("write checkpoints to", try_out)

    def _run(self, action: str, work: Callable[..., T]) -> T:
        """The result of `work(file system, root)`, a second time over a new connection if an old one fails."""
        failure: DataError | None = None
        for is_last in (self._connected is None, True):
            try:
                return work(*self._connection())
            except DataError:
                raise
            except Exception as error:  # each of fsspec's packages has its own kinds of errors
                failure = refusal(action, self._url, error)
            self._connected = None
            if is_last:
                break
        assert failure is not None
        raise failure  # here, where the package's own error, which may show a secret, is not chained to it

    def _connection(self) -> tuple[Any, str]:
        if self._connected is None:
            from fsspec.core import url_to_fs

            limits = _TIME_LIMITS.get(self._protocol, {})
            system, root = url_to_fs(self._url, skip_instance_cache=True, **limits)
            self._connected = system, root.rstrip("/")
        return self._connected


def _check_protocol(protocol: str, place: str) -> None:
    from fsspec.registry import get_filesystem_class

    missing = None
    try:
        if not protocol or "::" in protocol:
            raise ValueError
        get_filesystem_class(protocol)
    except ValueError:
        raise InputError(
            f"checkpoints cannot go to {place}: fsspec knows no protocol {protocol[:24]!r}; "
            "name a folder, s3://bucket/folder, gs://bucket/folder, sftp://host/folder, or database"
        ) from None
    except ImportError as error:
        missing = error.__cause__.name if isinstance(error.__cause__, ImportError) else error.name
    if missing is not None:
        package = _PACKAGES.get(missing, missing.partition(".")[0])
        raise InputError(
            f"checkpoints cannot go to {place}: that needs the Python package {package}; run: pip install {package}"
        )


def _renames(system: Any) -> bool:
    """Whether the file system moves a file by one rename, so that it is seen whole or not at all."""
    base: Any = import_module("fsspec").AbstractFileSystem
    return type(system).mv is not base.mv and not system.async_impl


def _folder(root: str, study: str) -> str:
    if not study or "/" in study or study in (".", ".."):
        raise DataError(f"the checkpoints of study {study!r} would lie outside their folder; rename the study")
    return f"{root}/{study}"


def _write(system: Any, folder: str, key: Key, content: bytes) -> None:
    target = f"{folder}/{file_name(key)}"
    if not _renames(system):
        system.pipe_file(target, content)  # makes no folder: on S3 that would make a bucket
        return
    system.makedirs(folder, exist_ok=True)
    unfinished = f"{folder}/{unfinished_name(key)}"
    try:
        system.pipe_file(unfinished, content)
        system.invalidate_cache()
        if system.info(unfinished)["size"] != len(content):
            raise OSError("only a part of it arrived")
        system.mv(unfinished, target)
    except BaseException:
        with contextlib.suppress(Exception):
            system.rm_file(unfinished)
        raise


def _files(system: Any, folder: str) -> list[str]:
    """The names of what lies in a folder as it is now, nothing if there is no such folder."""
    system.invalidate_cache()
    try:
        found: list[str] = system.ls(folder, detail=False)
    except FileNotFoundError:
        return []
    return [path.rstrip("/").rpartition("/")[2] for path in found]


def _content(system: Any, path: str) -> bytes | None:
    """The file's bytes; None if another worker has deleted it since the folder was listed.

    s3fs reads large objects in ranges, which are of two versions where the object is replaced meanwhile: a worker that
    lost its trial may be doing so. Then it is read again.
    """
    try:
        for _ in range(READINGS):
            version = _version(system, path)
            content = bytes(system.cat_file(path))
            if version == _version(system, path):
                return content
    except FileNotFoundError:
        return None
    raise OSError("it changes while it is read")


def _version(system: Any, path: str) -> str | None:
    if _renames(system):
        return None  # who has opened a file goes on reading that one
    system.invalidate_cache()
    return str(system.ukey(path))


def _delete(system: Any, folder: str, choose: Callable[[list[str]], list[str]]) -> None:
    for name in choose(_files(system, folder)):
        with contextlib.suppress(FileNotFoundError):
            system.rm_file(f"{folder}/{name}")
