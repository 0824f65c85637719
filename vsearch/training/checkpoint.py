"""Checkpoints: files that are whole or not there, and that cannot run code when they are read."""

import contextlib
import hashlib
import io
import os
import tempfile
from pathlib import Path
from typing import Any

import torch

from vsearch.errors import DataError

MAGIC = b"vsearch-checkpoint"
FORMAT_VERSION = 1


class CheckpointError(DataError):
    """A checkpoint is damaged, foreign, or belongs to another training."""


def save_checkpoint(path: str | os.PathLike[str], state: dict[str, Any]) -> None:
    """Write `state` to `path`: afterwards the file is whole, and before that the previous one stays as it was.

    Raises:
        CheckpointError: the folder is missing, or the disk refuses the write (full, read-only).
    """
    target = Path(path)
    buffer = io.BytesIO()
    torch.save(state, buffer)
    payload = buffer.getbuffer()
    header = b"%s %d %s\n" % (MAGIC, FORMAT_VERSION, hashlib.sha256(payload).hexdigest().encode())
    try:
        _replace(target, header, payload)
    except OSError as error:
        raise CheckpointError(f"cannot write checkpoint {target}: {error.strerror or error}") from error


def load_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The state that `save_checkpoint` wrote to `path`, its tensors on the CPU.

    Raises:
        CheckpointError: the file is missing, of another format, damaged, or holds more than numbers and names.
    """
    target = Path(path)
    try:
        content = target.read_bytes()
    except OSError as error:
        raise CheckpointError(f"cannot read checkpoint {target}: {error.strerror or error}") from error
    payload = _verified_payload(target, content)
    try:
        state = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
    except Exception as error:  # bytes from elsewhere make the unpickler raise nearly anything
        raise CheckpointError(f"checkpoint {target} holds more than weights, or is broken; delete it") from error
    if not isinstance(state, dict):
        raise CheckpointError(f"checkpoint {target} holds a {type(state).__name__}, not a state; delete it")
    return state


def _verified_payload(target: Path, content: bytes) -> memoryview:
    header, newline, _ = content[:200].partition(b"\n")
    fields = header.split(b" ")
    if not newline or len(fields) != 3 or fields[0] != MAGIC:
        raise CheckpointError(f"{target} is not a checkpoint of vsearch")
    if fields[1] != b"%d" % FORMAT_VERSION:
        version = fields[1].decode(errors="replace")
        raise CheckpointError(f"checkpoint {target} has format {version}; this vsearch reads {FORMAT_VERSION}")
    payload = memoryview(content)[len(header) + 1 :]
    if hashlib.sha256(payload).hexdigest().encode() != fields[2]:
        raise CheckpointError(f"checkpoint {target} is damaged (its SHA-256 does not match); delete it")
    return payload


def _replace(target: Path, header: bytes, payload: memoryview) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(header)
            file.write(payload)
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
