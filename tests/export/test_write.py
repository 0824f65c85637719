import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors import safe_open

from vsearch.curves import Levels, Triangle, from_dict
from vsearch.errors import InputError
from vsearch.export import ConfirmedNetwork, ExportedCurve, export_curve, export_network
from vsearch.models.digest import state_digest

LOOK = ["CARD.md", "curve.json", "network.py", "weights.safetensors"]


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_network_is_four_files_whose_weights_are_the_trained_ones(
    confirmed: ConfirmedNetwork, tmp_path: Path
) -> None:
    folder = export_network(confirmed, tmp_path / "taken")
    assert names(folder) == LOOK
    with safe_open(folder / "weights.safetensors", framework="pt") as file:
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        assert from_dict(json.loads(file.metadata()["curve"])) == confirmed.curve
    assert state_digest(state) == state_digest(confirmed.state_dict)


def test_the_curve_file_holds_curve_scales_origin_and_certainty(confirmed: ConfirmedNetwork, tmp_path: Path) -> None:
    folder = export_network(confirmed, tmp_path / "taken")
    content = json.loads((folder / "curve.json").read_text())
    assert content["schema"] == "vsearch.export/1"
    assert from_dict(content["curve"]) == confirmed.curve
    assert tuple(content["scales"]) == confirmed.scales
    assert (content["depth"], content["num_blocks"], content["dataset"]) == (8, 3, "Digits")
    assert content["origin"]["study"] == "ramp-digits-confirmed"
    assert content["origin"]["spec"]["dataset"] == "digits"
    assert content["certainty"]["pairs"] == 5
    assert content["test_accuracy"] == confirmed.accuracy


def test_a_curve_alone_is_three_files_without_weights(tmp_path: Path) -> None:
    folder = export_curve(ExportedCurve(curve=Triangle(peak=1.3, floor=0.8), depth=32), tmp_path / "curve")
    assert names(folder) == LOOK[:3]
    assert json.loads((folder / "curve.json").read_text())["num_blocks"] == 15


def test_an_older_export_is_replaced_with_force_alone(confirmed: ConfirmedNetwork, tmp_path: Path) -> None:
    folder = export_network(confirmed, tmp_path / "taken")
    curve = ExportedCurve(curve=confirmed.curve, depth=8)
    with pytest.raises(InputError, match="holds an export already; say --force"):
        export_curve(curve, folder)
    assert names(folder) == LOOK
    export_curve(curve, folder, force=True)
    assert names(folder) == LOOK[:3]
    assert names(tmp_path) == ["taken"]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    export_curve(ExportedCurve(curve=Levels((1, 0.9, 1.1)), depth=8), tmp_path / "empty")
    assert names(tmp_path / "empty") == LOOK[:3]


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_with_anything_else_is_never_replaced(tmp_path: Path, force: bool) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").touch()
    with pytest.raises(InputError, match=r"holds what no export wrote \(thesis.tex\)"):
        export_curve(ExportedCurve(curve=Levels((1, 0.9, 1.1)), depth=8), tmp_path / "home", force=force)
    assert names(tmp_path / "home") == ["thesis.tex"]


@pytest.mark.parametrize(
    ("place", "message"),
    [("file", "is a file"), ("no/where", "does not exist"), (".", "the folder that you are in"), ("/", "whole disk")],
)
def test_a_place_where_no_folder_can_be_made_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=message):
        export_curve(ExportedCurve(curve=Levels((1, 0.9, 1.1)), depth=8), Path(place), force=True)
    assert names(tmp_path) == ["file"]


FULL_DISK = """
import resource, sys
from pathlib import Path
from vsearch.curves import Levels
from vsearch.errors import DataError
from vsearch.export import ExportedCurve, export_curve
resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, 3_000))
try:
    export_curve(ExportedCurve(curve=Levels((1, 0.9, 1.1)), depth=8), Path(sys.argv[1]), force=True)
except DataError as error:
    print(error)
"""


@pytest.mark.parametrize("exists", [False, True])
def test_a_full_disk_leaves_what_was_there_and_nothing_beside_it(tmp_path: Path, exists: bool) -> None:
    if exists:
        export_curve(ExportedCurve(curve=Triangle(peak=1.3, floor=0.8), depth=8), tmp_path / "curve")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "curve")], capture_output=True, text=True, check=True
    )
    assert "cannot be written (File too large); nothing was left there" in done.stdout
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert names(tmp_path) == ["curve"] * exists


def test_weights_of_another_depth_are_refused_and_nothing_is_written(
    confirmed: ConfirmedNetwork, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="the weights do not fit ResNet-14"):
        export_network(replace(confirmed, depth=14), tmp_path / "taken")
    assert names(tmp_path) == []


def test_weights_of_other_scales_are_refused(confirmed: ConfirmedNetwork, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="trained with the scales"):
        export_network(replace(confirmed, curve=Levels((1, 1, 1))), tmp_path / "taken")


def test_statistics_of_other_channels_are_refused(confirmed: ConfirmedNetwork) -> None:
    with pytest.raises(InputError, match="give 1 of each"):
        replace(confirmed, mean=(1.0, 2.0, 3.0))
    with pytest.raises(InputError, match="std above 0"):
        replace(confirmed, std=(0.0,))
