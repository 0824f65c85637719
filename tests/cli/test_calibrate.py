"""`vsearch calibrate` on real trainings, from the search to a study that takes its proposal."""

import json
import os
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from filelock import FileLock

from tests.cli.conftest import Cli, Result

SMALL = (
    *("--family", "triangle", "--dataset", "digits", "--depth", "8", "--train-images", "256"),
    *("--recipe-set", "batch_size=64"),
)
SCHEDULES = ("--short", "2,3", "--long", "4", "--seeds", "1", "--recipe", "search")
NAMES = ["s-calibration-2", "s-calibration-3", "s-calibration-long-4"]


@pytest.fixture(scope="session")
def calibrated_home(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A home with the search `s` and its calibration, trained once."""
    base = tmp_path_factory.getbasetemp()
    home = (base if worker_id == "master" else base.parent) / "calibrated-home"
    with FileLock(f"{home}.lock"):
        if not (home / "run.json").exists():
            cli = Cli(home)
            search = cli.process(*("study", "run", *SMALL, "--epochs", "3", "--name", "s"), "--trials", "4")
            assert search.code == 0, search.err
            result = cli.process("calibrate", "s", *SCHEDULES, "--json")
            (home / "run.json").write_text(json.dumps(result._asdict()))
    return home


@pytest.fixture
def calibrated(calibrated_home: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line with a copy of that home."""
    copytree(calibrated_home, cli.home)
    return cli


@pytest.fixture
def content(calibrated_home: Path) -> Any:
    """What the calibration printed."""
    result = Result(**json.loads((calibrated_home / "run.json").read_text()))
    assert result.code == 0, result.err
    return result.json


def test_it_trains_all_schedules_and_tells_the_correlation_at_each_epoch(content: Any) -> None:
    assert content["schema"] == "vsearch.calibration/1"
    assert [run["study"] for run in content["short"]] + [content["long"]["study"]] == NAMES
    assert [len(run["agreements"]) for run in content["short"]] == [2, 3]
    assert content["missing_trainings"] == 0
    labels = [curve["label"] for curve in content["curves"]]
    assert labels[:6] == ["baseline", "paper cifar10-resnet32", "constant 0.85", "constant 1.15", "falling", "rising"]
    assert len(labels) >= 7
    for run in content["short"]:
        for each in run["agreements"]:
            low, high = each["accuracy"]["interval"]
            assert each["accuracy"]["curves"] == len(labels)
            assert low <= (each["accuracy"]["rho"] or 0) <= high


def test_the_same_command_trains_nothing_again_and_prints_table_and_sentences(calibrated: Cli) -> None:
    before = [calibrated.trials(name) for name in NAMES]
    result = calibrated("calibrate", "s", *SCHEDULES)
    assert result.code == 0, result.err
    assert [calibrated.trials(name) for name in NAMES] == before
    assert "short training  epoch  correlation" in result.out
    assert "The long trainings have one seed" in result.out
    assert calibrated("calibrate", NAMES[0]).out == result.out


def test_more_schedules_and_seeds_are_added_to_what_is_there(calibrated: Cli) -> None:
    assert calibrated("calibrate", "s", "--short", "2", "--queue").out.splitlines() == NAMES
    result = calibrated("calibrate", "s", "--short", "2", "--seeds", "2", "--queue")
    assert result.code == 0, result.err
    states = calibrated.states(NAMES[0])
    assert states.count("waiting") == states.count("finished") == len(states) // 2
    gone_on = calibrated("calibrate", NAMES[0], "--workers", "1", "--json")
    assert gone_on.code == 0, gone_on.err
    assert gone_on.json["missing_trainings"] == 0
    assert set(calibrated.states(NAMES[2])) == {"finished"}


def test_what_a_calibration_was_made_with_is_kept(calibrated: Cli) -> None:
    for flags in (("--long", "6"), ("--recipe", "he2015"), ("--from-search", "3")):
        result = calibrated("calibrate", "s", *flags)
        assert result.code == 2
        assert f"{' '.join(flags)} was given; leave that out, or give another --name" in result.err
    assert calibrated("calibrate", "s", "--seeds", "2", "--queue").code == 0
    assert "has 2 seeds for each curve; give more" in calibrated("calibrate", "s", "--seeds", "1").err


def test_a_study_takes_epochs_and_first_rung_of_the_proposal(calibrated: Cli) -> None:
    wanted = "calibrated:0.0001"
    content = calibrated("calibrate", "s", "--wanted", "0.0001", "--json").json
    result = calibrated("study", "create", *SMALL, "--name", "t", "--rungs", wanted)
    if content["proposal"] is None:
        assert result.code == 2
        assert "the calibration s-calibration proposes nothing" in result.err
        return
    assert result.code == 0, result.err
    assert "by the calibration s-calibration: " in result.err
    spec = calibrated("study", "show", "t", "--json").json["spec"]
    assert [spec[name] for name in ("epochs", "first_rung")] == [
        content["proposal"][name] for name in ("epochs", "first_rung")
    ]


def test_a_new_search_is_warned_of_what_its_calibration_found(calibrated: Cli, cli: Cli) -> None:
    """Nine curves, two epochs and one seed: a first rung at epoch 2 of 12 is one that nobody tried."""
    told = calibrated("study", "create", *SMALL, "--epochs", "12", "--name", "t")
    assert told.code == 0
    assert "warning: the calibration s-calibration tried no trials of 12 epochs" in told.err
    other = calibrated("study", "create", *SMALL, "--depth", "14", "--name", "u")
    assert other.code == 0
    assert "calibration" not in other.err


def test_a_study_that_nothing_was_calibrated_for_is_told_how(calibrated: Cli, tmp_path: Path) -> None:
    other = calibrated("study", "create", *SMALL, "--depth", "14", "--rungs", "calibrated")
    assert other.code == 2
    assert "no calibration is stored for resnet14 on digits" in other.err
    assert "vsearch calibrate STUDY" in other.err
    unsure = calibrated("study", "create", *SMALL, "--name", "t", "--rungs", "calibrated:1")
    assert unsure.code == 2


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--rungs", "calibrated", "--epochs", "4"), "--epochs is given too"),
        (("--rungs", "calibrated", "--first-rung", "2"), "--first-rung is given too"),
        (("--rungs", "measured"), "say calibrated"),
        (("--rungs", "calibrated:2"), "wanted is 2"),
        (("--rungs", "calibrated"), "no calibration is stored"),
    ],
)
def test_rungs_that_cannot_be_taken_are_refused(cli: Cli, flags: tuple[str, ...], said: str) -> None:
    result = cli("study", "create", *SMALL, *flags)
    assert result.code == 2
    assert said in result.err
    assert not cli.home.exists()


def test_the_figure_of_a_search_and_of_its_calibration_is_one(calibrated: Cli, tmp_path: Path) -> None:
    pictures = []
    for number, study in enumerate(("s", NAMES[2])):
        picture = tmp_path / f"{number}.svg"
        result = calibrated("report", "figure", "calibration", study, "-o", str(picture))
        assert result.code == 0, result.err
        pictures.append(picture.read_text())
    assert pictures[0] == pictures[1]
    assert "Is the short run honest? s-calibration" in pictures[0]


def test_a_figure_without_a_calibration_says_how_to_make_one(trained: Cli, tmp_path: Path) -> None:
    result = trained("report", "figure", "calibration", "quick", "-o", str(tmp_path / "x.svg"))
    assert result.code == 2
    assert "make one with: vsearch calibrate quick" in result.err
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--short", "four"), "--short is 'four'"),
        (("--short", "1"), "trains 1 epochs"),
        (("--short", "4", "--long", "4"), "the long trainings have 4 epochs"),
        (("--short", "3,3"), "each once"),
        (("--recipe", "fast"), "fast"),
        (("--seeds", "0"), "seeds is 0"),
        (("--wanted", "1.5"), "wanted is 1.5"),
        (("--name", "x" * 95), "89 at most"),
        (("--from-search", "-1"), "from-search"),
    ],
)
def test_a_calibration_that_makes_no_sense_is_refused_before_anything_is_stored(
    trained: Cli, flags: tuple[str, ...], said: str
) -> None:
    result = trained("calibrate", "quick", *flags)
    assert result.code == 2
    assert said in result.err
    assert "calibration" not in trained("study", "list").out


def test_what_cannot_begin_leaves_nothing(cli: Cli) -> None:
    created = cli("study", "create", "--family", "triangle", "--depth", "8", "--epochs", "4", "--name", "s")
    assert created.code == 0, created.err
    result = cli("calibrate", "s", "--long", "8", "--workers", "1", "--data-dir", str(cli.home / "nothing"))
    assert result.code != 0
    assert "calibration" not in cli("study", "list").out


def test_the_report_of_a_calibrated_search_shows_its_calibration(calibrated: Cli) -> None:
    shown = calibrated("report", "s", "--format", "json")
    assert shown.code == 0, shown.err
    figures = [study["figures"] for study in shown.json["studies"]]
    assert "calibration" in figures[0]
