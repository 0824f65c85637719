"""Checkpoints are whole or not there, and reading one runs nothing."""

import hashlib
import io
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from vsearch.training.checkpoint import CheckpointError, load_checkpoint, save_checkpoint

STATE = {"epoch": 3, "network": {"w": torch.arange(6.0).view(2, 3)}, "names": ["a", "b"], "rate": 0.1, "none": None}

SAVE_UNDER_A_LIMIT = """
import resource, signal, sys, torch
from vsearch.training.checkpoint import CheckpointError, save_checkpoint
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    save_checkpoint(sys.argv[1], {"big": torch.zeros(100_000)})
except CheckpointError as error:
    print(error)
    sys.exit(4)
"""

SAVE_FOR_EVER = """
import sys, torch
from vsearch.training.checkpoint import save_checkpoint
for number in range(1, 1_000_000):
    save_checkpoint(sys.argv[1], {"number": number, "big": torch.full((2_000_000,), float(number))})
    print(number, flush=True)
"""


class RunsCode:
    """Makes a file when it is unpickled."""

    def __init__(self, evidence: Path) -> None:
        self.evidence = evidence

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.evidence),)


def wrap(payload: bytes, version: int = 1) -> bytes:
    return f"vsearch-checkpoint {version} {hashlib.sha256(payload).hexdigest()}\n".encode() + payload


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "c", STATE)
    loaded = load_checkpoint(tmp_path / "c")
    assert torch.equal(loaded.pop("network")["w"], STATE["network"]["w"])  # type: ignore[index]
    assert loaded == {key: value for key, value in STATE.items() if key != "network"}


def test_a_second_save_replaces_the_first_and_leaves_no_other_file(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "c", {"epoch": 1})
    save_checkpoint(tmp_path / "c", {"epoch": 2})
    assert load_checkpoint(tmp_path / "c") == {"epoch": 2}
    assert os.listdir(tmp_path) == ["c"]


@pytest.mark.parametrize("position", [0, 25, 60, 90, 300, -1])
def test_one_changed_byte_is_noticed(tmp_path: Path, position: int) -> None:
    save_checkpoint(tmp_path / "c", STATE)
    content = bytearray((tmp_path / "c").read_bytes())
    content[position] ^= 1
    (tmp_path / "c").write_bytes(content)
    with pytest.raises(CheckpointError):
        load_checkpoint(tmp_path / "c")


@pytest.mark.parametrize("kept", [0, 10, 84, 500])
def test_a_cut_file_is_noticed(tmp_path: Path, kept: int) -> None:
    save_checkpoint(tmp_path / "c", STATE)
    (tmp_path / "c").write_bytes((tmp_path / "c").read_bytes()[:kept])
    with pytest.raises(CheckpointError):
        load_checkpoint(tmp_path / "c")


def test_foreign_newer_and_absent_files_are_each_named(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "torch")
    (tmp_path / "newer").write_bytes(wrap(b"", version=2))
    for name, message in [("torch", "is not a checkpoint"), ("newer", "has format 2"), ("gone", "No such file")]:
        with pytest.raises(CheckpointError, match=message):
            load_checkpoint(tmp_path / name)
    with pytest.raises(CheckpointError, match="cannot read"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize("pack", ["torch", "pickle"])
def test_a_file_that_would_run_code_is_refused_and_runs_nothing(tmp_path: Path, pack: str) -> None:
    evidence = tmp_path / "evidence"
    buffer = io.BytesIO()
    if pack == "torch":
        torch.save({"network": RunsCode(evidence)}, buffer)
    else:
        pickle.dump({"network": RunsCode(evidence)}, buffer, protocol=2)
    (tmp_path / "c").write_bytes(wrap(buffer.getvalue()))
    with pytest.raises(CheckpointError, match="holds more than weights"):
        load_checkpoint(tmp_path / "c")
    assert not evidence.exists()


@pytest.mark.parametrize(
    "payload", [b"", b"junk", b"PK\x03\x04 broken", pickle.dumps([1, 2], protocol=2), b"\x80\x02."]
)
def test_a_payload_that_is_no_state_is_refused(tmp_path: Path, payload: bytes) -> None:
    (tmp_path / "c").write_bytes(wrap(payload))
    with pytest.raises(CheckpointError):
        load_checkpoint(tmp_path / "c")


def test_a_full_disk_leaves_the_previous_checkpoint_and_no_litter(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "c", {"epoch": 1})
    done = subprocess.run(
        [sys.executable, "-c", SAVE_UNDER_A_LIMIT, str(tmp_path / "c")], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (4, "")
    assert "cannot write checkpoint" in done.stdout
    assert load_checkpoint(tmp_path / "c") == {"epoch": 1}
    assert os.listdir(tmp_path) == ["c"]


def test_a_killed_writer_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    target = tmp_path / "c"
    for kill_after in (1, 3):
        with subprocess.Popen([sys.executable, "-c", SAVE_FOR_EVER, str(target)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            for _ in range(kill_after):
                finished = int(writer.stdout.readline())
            os.kill(writer.pid, signal.SIGKILL)
        state = load_checkpoint(target)
        assert state["number"] >= finished
        assert torch.equal(state["big"], torch.full((2_000_000,), float(state["number"])))


def test_a_missing_folder_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"cannot write checkpoint .*No such file"):
        save_checkpoint(tmp_path / "no" / "c", STATE)
