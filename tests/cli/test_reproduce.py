"""`vsearch reproduce paper`: the paper's four settings; on real CIFAR as a miniature."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

SETTINGS = ["cifar10-resnet32", "cifar10-resnet56", "cifar100-resnet32", "cifar100-resnet56"]


def test_the_whole_table_is_queued_with_the_full_schedule(cli: "Cli") -> None:
    result = cli("reproduce", "paper", "--seeds", "3", "--queue")
    assert result.out.split() == [f"paper-table-{setting}" for setting in SETTINGS]
    for setting in SETTINGS:
        spec = cli("study", "show", f"paper-table-{setting}", "--json").json["spec"]
        assert (spec["epochs"], spec["recipe"]["name"], spec["evaluated_on"]) == (164, "he2015", "test")
        assert [item["role"] for item in spec["planned"]] == ["baseline", "paper"]
        assert spec["trials"] == 6
        assert "train_images" not in spec


def test_controls_are_trained_on_request(cli: "Cli") -> None:
    assert cli("reproduce", "paper", "--setting", SETTINGS[0], "--controls", "--queue").code == 0
    spec = cli("study", "show", f"paper-table-{SETTINGS[0]}", "--json").json["spec"]
    assert [item["label"] for item in spec["planned"]][2:] == [
        "constant-mean",
        "constant-geometric-mean",
        "shuffled",
    ]


def test_more_seeds_are_added_to_what_is_stored(cli: "Cli") -> None:
    flags = ("reproduce", "paper", "--setting", SETTINGS[0], "--queue")
    assert cli(*flags, "--seeds", "2").code == 0
    assert cli(*flags, "--seeds", "4").code == 0
    assert len(cli.trials(f"paper-table-{SETTINGS[0]}")) == 8
    assert cli(*flags, "--seeds", "2").code == 0  # fewer are all there
    assert len(cli.trials(f"paper-table-{SETTINGS[0]}")) == 8


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--setting", "cifar10-resnet20"), "cifar10-resnet32"),
        (("--setting", SETTINGS[0], "--setting", SETTINGS[0]), "given twice"),
        (("--miniature", "--epochs", "3"), "--miniature says how to train"),
        (("--seeds", "0"), "seeds is 0"),
        (("--recipe", "long"), "long"),
    ],
)
def test_what_the_paper_has_not_is_refused(cli: "Cli", arguments: tuple[str, ...], words: str) -> None:
    result = cli("reproduce", "paper", "--queue", *arguments)
    assert result.code == 2
    assert words in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("chosen", [("--setting", SETTINGS[0]), ()])
def test_missing_images_are_named_and_leave_no_study(cli: "Cli", chosen: tuple[str, ...]) -> None:
    result = cli("reproduce", "paper", *chosen, "--miniature", "--workers", "1")
    assert result.code == 4
    assert "--download" in result.err
    assert cli("study", "list", "--json").json["studies"] == []


def test_the_miniature_trains_every_setting_on_real_cifar(
    cifar_folder: str, cli: "Cli", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VSEARCH_DATA_DIR", cifar_folder)
    picture, report = tmp_path / "table.svg", tmp_path / "table.html"
    files = ("--picture", str(picture), "--report", str(report))
    result = cli("reproduce", "paper", "--miniature", *files, "--json")
    assert result.code == 0, result.err
    assert [row["setting"] for row in result.json["settings"]] == SETTINGS
    assert [row["published_gain"] for row in result.json["settings"]] == [1.06, 0.98, 1.02, 1.08]
    for row in result.json["settings"]:
        assert row["missing_trainings"] == 0
        assert row["curves"][1]["pairs"] == 2
        assert row["curves"][1]["comparisons"] == 4
    assert "its figures say nothing of the paper" in result.err
    assert "cifar100-resnet56 (paper +1.08)" in picture.read_text()
    assert "paper-miniature-cifar100-resnet56" in report.read_text()


@pytest.fixture
def cifar_folder() -> str:
    """The folder of real CIFAR, which the command line's own fixture hides."""
    folder = os.environ.get("VSEARCH_DATA_DIR", "")
    if not (Path(folder) / "cifar-100-python").is_dir():
        pytest.skip("VSEARCH_DATA_DIR does not hold the CIFAR folders")
    return folder
