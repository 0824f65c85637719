"""Checkpoints as bytes: damage is noticed, and nothing in them can run code when they are read."""

import hashlib
import io
from typing import Any

import torch

from vsearch.errors import DataError

MAGIC = b"vsearch-checkpoint"
FORMAT_VERSION = 1


class CheckpointError(DataError):
    """A checkpoint is damaged, foreign, or belongs to another training."""


def encode(state: dict[str, Any]) -> bytes:
    """The state as bytes that carry their format and their SHA-256."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    payload = buffer.getbuffer()
    return b"%s %d %s\n%s" % (MAGIC, FORMAT_VERSION, hashlib.sha256(payload).hexdigest().encode(), payload)


def decode(content: bytes, name: str) -> dict[str, Any]:
    """The state that `encode` was given, its tensors on the CPU; `name` is for messages.

    Raises:
        CheckpointError: the bytes are of another format, damaged, or hold more than numbers and names.
    """
    payload = _verified_payload(content, name)
    try:
        state = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
    except Exception as error:  # bytes from elsewhere make the unpickler raise nearly anything
        raise CheckpointError(f"checkpoint {name} holds more than weights, or is broken; delete it") from error
    if not isinstance(state, dict):
        raise CheckpointError(f"checkpoint {name} holds a {type(state).__name__}, not a state; delete it")
    return state


def _verified_payload(content: bytes, name: str) -> memoryview:
    header, newline, _ = content[:200].partition(b"\n")
    fields = header.split(b" ")
    if not newline or len(fields) != 3 or fields[0] != MAGIC:
        raise CheckpointError(f"{name} is not a checkpoint of vsearch")
    if fields[1] != b"%d" % FORMAT_VERSION:
        version = fields[1].decode(errors="replace")
        raise CheckpointError(f"checkpoint {name} has format {version}; this vsearch reads {FORMAT_VERSION}")
    payload = memoryview(content)[len(header) + 1 :]
    if hashlib.sha256(payload).hexdigest().encode() != fields[2]:
        raise CheckpointError(f"checkpoint {name} is damaged (its SHA-256 does not match); delete it")
    return payload
