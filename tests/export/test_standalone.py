"""The file that goes along with exported weights, as somebody without vsearch runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from vsearch.curves import Ramp
from vsearch.data.augment import normalise
from vsearch.export import ConfirmedNetwork, ExportedCurve, export_curve, export_network
from vsearch.export.standalone import build, read_safetensors
from vsearch.models import resnet

STRANGER = """
import sys, torch
torch.set_num_threads(1)
folder, images, logits = sys.argv[1:]
sys.path.insert(0, folder)
from network import load, normalise
with torch.inference_mode():
    torch.save(load()(normalise(torch.load(images))), logits)
known = [name for name in sys.modules if name.split(".")[0] in ("vsearch", "safetensors", "torchvision", "optuna")]
assert not known, known
"""


def logits_elsewhere(folder: Path, images: Tensor, tmp_path: Path) -> Tensor:
    """In an isolated interpreter, which knows nothing of this source tree."""
    torch.save(images, tmp_path / "images.pt")
    arguments = [str(folder), str(tmp_path / "images.pt"), str(tmp_path / "logits.pt")]
    subprocess.run([sys.executable, "-I", "-c", STRANGER, *arguments], check=True, cwd=tmp_path)
    logits: Tensor = torch.load(tmp_path / "logits.pt")
    return logits


def run_file(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-I", "network.py"], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(confirmed: ConfirmedNetwork, tmp_path: Path) -> Path:
    return export_network(confirmed, tmp_path / "taken")


def test_a_stranger_without_vsearch_gets_the_same_logits_to_the_last_bit(
    confirmed: ConfirmedNetwork, folder: Path, tmp_path: Path
) -> None:
    assert confirmed.images is not None
    network = resnet(8, 10, confirmed.scales, in_channels=1).eval()
    network.load_state_dict(dict(confirmed.state_dict))
    with torch.inference_mode():
        mean, std = torch.tensor(confirmed.mean), torch.tensor(confirmed.std)
        expected = network(normalise(confirmed.images, mean, std, torch.float32))
    assert torch.equal(logits_elsewhere(folder, confirmed.images, tmp_path), expected)


def test_the_small_reader_reads_what_the_safetensors_library_reads(folder: Path) -> None:
    ours, theirs = read_safetensors(folder / "weights.safetensors"), load_file(folder / "weights.safetensors")
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], tensor) and ours[name].dtype == tensor.dtype for name, tensor in theirs.items())


def test_run_as_a_program_it_checks_the_weights_and_tells_the_scales(folder: Path) -> None:
    done = run_file(folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["3 blocks, 75002 parameters, 1 channels, 10 classes", "scales 1.186 1.043 0.9"]


@pytest.mark.parametrize("position", [0, 9, 200, -1])
def test_damaged_or_cut_weights_are_refused_in_one_line(folder: Path, position: int) -> None:
    weights = folder / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    weights.write_bytes(content[:position] if position else bytes([255] * 8) + content[8:])
    done = run_file(folder)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "weights.safetensors is" in done.stderr


def test_a_header_that_points_outside_of_the_file_is_refused(tmp_path: Path) -> None:
    header = json.dumps({"a": {"dtype": "F32", "shape": [2], "data_offsets": [-8, 8]}}).encode()
    (tmp_path / "bad").write_bytes(len(header).to_bytes(8, "little") + header + bytes(16))
    with pytest.raises(ValueError, match="is damaged"):
        read_safetensors(tmp_path / "bad")


def test_weights_of_another_curve_are_refused(folder: Path) -> None:
    state = load_file(folder / "weights.safetensors")
    state["blocks.1.scale"] = torch.tensor(0.5, dtype=torch.float64)
    save_file(state, folder / "weights.safetensors")
    done = run_file(folder)
    assert done.returncode == 1
    assert "other scales" in done.stderr


def test_missing_weights_are_told_in_one_line(tmp_path: Path) -> None:
    curve = ExportedCurve(curve=Ramp(peak=1.3, floor=0.9), depth=8)
    done = run_file(export_curve(curve, tmp_path / "curve"))
    assert done.returncode == 1
    assert "No such file" in done.stderr
    assert "Traceback" not in done.stderr


def test_images_of_another_kind_are_refused(folder: Path) -> None:
    program = "from network import *; normalise(torch.zeros(1, 3, 8, 8))"
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False)
    assert "needed is uint8 (N, H, W, 1)" in done.stderr


def test_built_anew_it_has_vsearchs_parameters_and_the_curves_scales() -> None:
    network, own = build((0.9, 1.0, 1.1), 10, 3), resnet(8, 10, (0.9, 1.0, 1.1))
    assert {name: value.shape for name, value in network.state_dict().items()} == {
        name: value.shape for name, value in own.state_dict().items()
    }
    network.load_state_dict(own.state_dict())
    images = torch.randn(4, 3, 8, 8)
    assert torch.equal(network.train()(images), own.train()(images))
