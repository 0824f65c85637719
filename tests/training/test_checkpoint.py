"""Checkpoints say when they are damaged, and reading one runs nothing."""

import hashlib
import io
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from vsearch.training.checkpoint import CheckpointError, decode, encode

STATE = {"epoch": 3, "network": {"w": torch.arange(6.0).view(2, 3)}, "names": ["a", "b"], "rate": 0.1, "none": None}


class RunsCode:
    """Makes a file when it is unpickled."""

    def __init__(self, evidence: Path) -> None:
        self.evidence = evidence

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.evidence),)


def wrap(payload: bytes, version: int = 1) -> bytes:
    return f"vsearch-checkpoint {version} {hashlib.sha256(payload).hexdigest()}\n".encode() + payload


def test_what_was_encoded_is_decoded() -> None:
    decoded = decode(encode(STATE), "c")
    assert torch.equal(decoded.pop("network")["w"], STATE["network"]["w"])  # type: ignore[index]
    assert decoded == {key: value for key, value in STATE.items() if key != "network"}


def test_the_bytes_are_the_header_and_what_torch_saves() -> None:
    header, _, payload = encode(STATE).partition(b"\n")
    assert header == wrap(payload).partition(b"\n")[0]
    assert torch.load(io.BytesIO(payload), weights_only=True)["epoch"] == 3


@pytest.mark.parametrize("position", [0, 25, 60, 90, 300, -1])
def test_one_changed_byte_is_noticed(position: int) -> None:
    content = bytearray(encode(STATE))
    content[position] ^= 1
    with pytest.raises(CheckpointError):
        decode(bytes(content), "c")


@pytest.mark.parametrize("kept", [0, 10, 84, 500])
def test_cut_bytes_are_noticed(kept: int) -> None:
    with pytest.raises(CheckpointError):
        decode(encode(STATE)[:kept], "c")


def test_foreign_and_newer_bytes_are_each_named() -> None:
    buffer = io.BytesIO()
    torch.save(STATE, buffer)
    for content, message in [(buffer.getvalue(), "the-name is not a checkpoint"), (wrap(b"", 2), "has format 2")]:
        with pytest.raises(CheckpointError, match=message):
            decode(content, "the-name")


@pytest.mark.parametrize("pack", ["torch", "pickle"])
def test_bytes_that_would_run_code_are_refused_and_run_nothing(tmp_path: Path, pack: str) -> None:
    evidence = tmp_path / "evidence"
    buffer = io.BytesIO()
    if pack == "torch":
        torch.save({"network": RunsCode(evidence)}, buffer)
    else:
        pickle.dump({"network": RunsCode(evidence)}, buffer, protocol=2)
    with pytest.raises(CheckpointError, match="checkpoint the-name holds more than weights"):
        decode(wrap(buffer.getvalue()), "the-name")
    assert not evidence.exists()


@pytest.mark.parametrize(
    "payload", [b"", b"junk", b"PK\x03\x04 broken", pickle.dumps([1, 2], protocol=2), b"\x80\x02."]
)
def test_a_payload_that_is_no_state_is_refused(payload: bytes) -> None:
    with pytest.raises(CheckpointError):
        decode(wrap(payload), "c")
