"""`vsearch export`: what a user takes away, and what is refused."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, _in_process
from tests.confirmed import CONFIRMATION, SEARCH, confirmed_home

WEIGHTS = ["CARD.md", "curve.json", "network.py", "weights.safetensors"]


@pytest.fixture
def confirmed(
    tmp_path_factory: pytest.TempPathFactory,
    worker_id: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Cli]:
    base = tmp_path_factory.getbasetemp()
    home = confirmed_home(base if worker_id == "master" else base.parent)
    yield from _in_process(Cli(home, capsys), monkeypatch)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


@pytest.mark.parametrize("study", [CONFIRMATION, SEARCH])
def test_a_confirmation_or_its_search_gives_a_network_to_take_away(confirmed: Cli, tmp_path: Path, study: str) -> None:
    result = confirmed("export", study, "-o", str(tmp_path / "taken"))
    assert (result.code, result.out) == (0, f"{tmp_path / 'taken'}\n")
    assert names(tmp_path / "taken") == WEIGHTS
    assert "% test accuracy" in result.err
    card = (tmp_path / "taken" / "CARD.md").read_text()
    assert f"Study: `{CONFIRMATION}`" in card
    assert "from 3 pairs of trainings with the same seeds" in card


def test_further_forms_come_on_request(confirmed: Cli, tmp_path: Path) -> None:
    result = confirmed("export", CONFIRMATION, "-o", str(tmp_path / "taken"), "--onnx", "--torch-export")
    assert (result.code, result.out) == (0, f"{tmp_path / 'taken'}\n"), result.err
    assert names(tmp_path / "taken") == sorted([*WEIGHTS, "model.onnx", "model.pt2"])


def test_one_seed_or_one_curve_can_be_named(confirmed: Cli, tmp_path: Path) -> None:
    arguments = ("--which", "baseline", "--seed-index", "2")
    assert confirmed("export", CONFIRMATION, "-o", str(tmp_path / "taken"), *arguments).code == 0
    content = json.loads((tmp_path / "taken" / "curve.json").read_text())
    assert content["role"] == "baseline"
    assert "seed number 2, which was asked for" in content["choice"]


def test_curve_only_leaves_the_weights_out(confirmed: Cli, tmp_path: Path) -> None:
    assert confirmed("export", SEARCH, "-o", str(tmp_path / "curve"), "--curve-only").code == 0
    assert names(tmp_path / "curve") == WEIGHTS[:3]
    assert "**Not confirmed**" in (tmp_path / "curve" / "CARD.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "blocks", "classes"),
    [
        (("cifar100-resnet56",), 27, 100),
        (("paper:cifar10-resnet32",), 15, 10),
        (("triangle", "peak=1.3", "floor=0.8"), 15, 10),
        (("triangle", "peak=1.3", "floor=0.8", "--depth", "20"), 9, 10),
        (("1,0.9,1.1", "--depth", "8"), 3, 10),
        (('{"family": "constant", "value": 1.1}',), 15, 10),
    ],
)
def test_a_curve_needs_no_study(
    cli: Cli, tmp_path: Path, arguments: tuple[str, ...], blocks: int, classes: int
) -> None:
    result = cli("export", *arguments, "-o", str(tmp_path / "curve"))
    assert (result.code, result.err) == (0, "")
    assert json.loads((tmp_path / "curve" / "curve.json").read_text())["num_blocks"] == blocks
    assert f"NUM_CLASSES = {classes}\n" in (tmp_path / "curve" / "network.py").read_text()
    assert not cli.home.exists()


def test_weights_of_a_study_that_was_not_confirmed_are_refused_with_what_to_do(trained: Cli, tmp_path: Path) -> None:
    result = trained("export", "quick", "-o", str(tmp_path / "taken"))
    assert result.code == 2
    assert "run vsearch confirm quick first, or say --curve-only" in result.err
    assert names(tmp_path) == []


def test_a_taken_folder_is_refused_before_anything_is_read(confirmed: Cli, tmp_path: Path) -> None:
    (tmp_path / "there.txt").touch()
    result = confirmed("export", "no-such-study", "-o", str(tmp_path), "--force")
    assert result.code == 2
    assert "holds what no export wrote (there.txt)" in result.err
    taken = ("export", CONFIRMATION, "-o", str(tmp_path / "taken"))
    assert confirmed(*taken).code == 0
    refused = confirmed(*taken)
    assert (refused.code, "--force" in refused.err) == (2, True)
    assert confirmed(*taken, "--force").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("trianglee",), "no study or curve is called 'trianglee'"),
        (("triangle-digits-confirmd",), "Did you mean 'triangle-digits-confirmed'?"),
        (("triangle", "peak=1.3"), "triangle needs floor"),
        (("triangle", "peak=1.3", "floor=0.8", "--depth", "21"), "21"),
        (("cifar10-resnet32", "--onnx"), "--onnx needs weights, and a curve has none"),
        (("cifar10-resnet32", "--seed-index", "0"), "--seed-index is for a study"),
        ((CONFIRMATION, "--depth", "20"), "--depth is for a curve"),
        ((CONFIRMATION, "--curve-only", "--onnx"), "which --curve-only leaves out"),
        ((CONFIRMATION, "--which", "trial 2"), "no curve of triangle-digits-confirmed is called 'trial 2'"),
        ((CONFIRMATION, "--which", "control"), "weights of controls are not kept"),
    ],
)
def test_refuses_in_one_line(confirmed: Cli, tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    result = confirmed("export", *arguments, "-o", str(tmp_path / "out"))
    assert result.code == 2
    assert message in result.err
    assert result.err.count("\n") == 1
    assert names(tmp_path) == []
