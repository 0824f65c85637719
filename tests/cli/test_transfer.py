"""`vsearch transfer`: a curve on other data sets and at other depths, trained for real."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

SMALL = ("--epochs", "1", "--recipe", "short", "--train-images", "256", "--seeds", "2")


def test_each_place_is_a_study_of_pairs_and_the_matrix_says_where_it_was_found(searched: "Cli", tmp_path: Path) -> None:
    picture, report = tmp_path / "matrix.svg", tmp_path / "report.html"
    files = ("--picture", str(picture), "--report", str(report))
    result = searched("transfer", "quick", "--depths", "8,14", *SMALL, *files, "--json")
    assert result.code == 0, result.err
    cells = result.json["cells"]
    assert [(cell["dataset"], cell["depth"], cell["is_origin"]) for cell in cells] == [
        ("digits", 8, True),
        ("digits", 14, False),
    ]
    assert [cell["study"] for cell in cells] == ["quick-on-digits-resnet8", "quick-on-digits-resnet14"]
    curves = [cell["curves"][1] for cell in cells]
    assert curves[0]["curve"] == curves[1]["curve"]
    assert all(row["pairs"] == 2 and row["comparisons"] == 2 for row in curves)
    assert "Beside where it was found" in result.json["sentence"]
    assert "<svg" in picture.read_text()
    assert "quick-on-digits-resnet14" in report.read_text()


def test_the_curve_is_the_winner_of_the_confirmation_where_there_is_one(searched: "Cli") -> None:
    flags = ("--top", "2", "--no-controls", *SMALL)
    confirmed = searched("confirm", "quick", *flags, "--json").json
    result = searched("transfer", "quick", "--depths", "14", *SMALL, "--json")
    assert result.code == 0, result.err
    assert result.json["cells"][0]["curves"][1]["label"] == confirmed["winner"]


def test_queueing_prints_the_names_and_the_same_command_goes_on(searched: "Cli") -> None:
    queued = searched("transfer", "quick", "--depths", "14", *SMALL, "--queue")
    assert (queued.code, queued.out) == (0, "quick-on-digits-resnet14\n")
    result = searched("transfer", "quick", "--depths", "14", *SMALL)
    assert result.code == 0, result.err
    assert "digits       14      2" in result.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--depths", "8,9"), "9"),
        (("--depths", "8,x"), "a depth is 'x'"),
        (("--depths", "8,8"), "given twice"),
        (("--datasets", "cifar11"), "Did you mean 'cifar10'"),
        (("--datasets", ","), "digits"),
        (("--picture", "x.gif"), "x.gif"),
        (("--report", "x.doc"), "x.doc"),
        (("--seeds", "0"), "seeds is 0"),
    ],
)
def test_what_is_no_place_is_refused_before_anything_is_trained(
    searched: "Cli", arguments: tuple[str, ...], words: str
) -> None:
    result = searched("transfer", "quick", *SMALL[:-2], "--queue", *arguments)
    if arguments == ("--datasets", ","):  # nothing named: the search's own
        assert result.out == "quick-on-digits-resnet8\n"
        return
    assert result.code == 2
    assert words in result.err
    assert result.err.count("\n") == 1
    assert not any("-on-" in row["name"] for row in searched("study", "list", "--json").json["studies"])


def test_a_planned_study_is_no_search_to_move_a_curve_from(searched: "Cli") -> None:
    searched("transfer", "quick", *SMALL, "--queue")
    result = searched("transfer", "quick-on-digits-resnet8", *SMALL)
    assert result.code == 2
    assert "is a transfer; name the search" in result.err
