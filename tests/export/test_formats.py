"""Further forms of a network, each run by its own runtime on real images."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from vsearch.data.augment import normalise
from vsearch.errors import InputError
from vsearch.export import ConfirmedNetwork, ExportMismatch, export_network, formats
from vsearch.export.formats import TOLERANCE, largest_difference, random_batches
from vsearch.models import resnet


def trained(confirmed: ConfirmedNetwork) -> tuple[torch.Tensor, torch.Tensor]:
    """Real images, normalised, and the logits that the network itself gives."""
    network = resnet(8, 10, confirmed.scales, in_channels=1).eval()
    network.load_state_dict(dict(confirmed.state_dict))
    assert confirmed.images is not None
    images = normalise(confirmed.images, torch.tensor(confirmed.mean), torch.tensor(confirmed.std), torch.float32)
    with torch.inference_mode():
        return images, network(images)


@pytest.fixture(scope="module")
def folder(confirmed: ConfirmedNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_network(confirmed, tmp_path_factory.mktemp("forms") / "taken", onnx=True, torch_export=True)


@pytest.mark.parametrize("count", [1, 5, 64])
def test_the_torch_export_takes_any_batch_and_gives_the_networks_logits(
    confirmed: ConfirmedNetwork, folder: Path, count: int
) -> None:
    images, logits = trained(confirmed)
    module = torch.export.load(folder / "model.pt2").module()
    torch.testing.assert_close(module(images[:count]), logits[:count], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("count", [1, 5, 64])
def test_onnx_takes_any_batch_and_gives_the_networks_logits(
    confirmed: ConfirmedNetwork, folder: Path, count: int
) -> None:
    images, logits = trained(confirmed)
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"))
    (found,) = session.run(["logits"], {"images": images[:count].contiguous().numpy()})
    np.testing.assert_allclose(found, logits[:count].numpy(), rtol=1e-4, atol=1e-4)


def test_the_card_tells_how_far_they_are_from_the_network(folder: Path) -> None:
    card = (folder / "CARD.md").read_text()
    for name in ("model.pt2", "model.onnx"):
        assert f"`{name}` takes normalised images `(N, 1, 8, 8)`" in card


def test_everything_lies_in_the_files_of_the_folder(folder: Path) -> None:
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["CARD.md", "curve.json", "model.onnx", "model.pt2", "network.py", "weights.safetensors"]


@pytest.mark.parametrize(("name", "factor"), [("model.pt2", 1.001), ("model.onnx", 1.001), ("model.pt2", float("nan"))])
def test_other_outputs_are_an_error(name: str, factor: float) -> None:
    network = resnet(8, 10, in_channels=1).eval()
    with pytest.raises(ExportMismatch, match=f"{name} gives other logits"):
        largest_difference(network, lambda images: network(images) * factor, random_batches(1, 8), name)


def test_equal_outputs_differ_by_nothing() -> None:
    network = resnet(8, 10, in_channels=1).eval()
    assert largest_difference(network, network, random_batches(1, 8), "model.pt2") == 0.0 < TOLERANCE["model.pt2"]


def test_without_its_packages_onnx_is_refused_before_anything_is_done(
    confirmed: ConfirmedNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "ONNX_PACKAGES", ("onnx", "no_such_package"))
    with pytest.raises(InputError, match=r"--onnx needs no_such_package; install vsearch\[onnx\]"):
        export_network(confirmed, tmp_path / "taken", onnx=True)
    assert not list(tmp_path.iterdir())


def test_a_mismatch_leaves_no_folder(confirmed: ConfirmedNetwork, tmp_path: Path) -> None:
    broken = {**confirmed.state_dict, "conv.weight": confirmed.state_dict["conv.weight"] * float("nan")}
    with pytest.raises(ExportMismatch):
        export_network(replace(confirmed, state_dict=broken), tmp_path / "taken", torch_export=True)
    assert not list(tmp_path.iterdir())
