"""What the commands that show studies say of a planned one."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

NAME = "quick-confirmation"
SMALL = ("--top", "1", "--epochs", "1", "--recipe", "search", "--train-images", "128", "--seeds", "2", "--no-controls")


@pytest.fixture
def confirmed(searched: "Cli") -> "Cli":
    """A home with a search and its confirmation, both trained for real."""
    result = searched("confirm", "quick", *SMALL)
    assert result.code == 0, result.err
    return searched


def test_show_and_best_give_the_outcome_and_no_best_trial(confirmed: "Cli") -> None:
    for command in ("show", "best"):
        result = confirmed("study", command, NAME)
        assert result.code == 0, result.err
        assert "beat the plain ResNet-8 on Digits, with fresh seeds and on the test images?" in result.out
        assert "P(better)" in result.out
        assert "best of trial" not in result.out
        assert "validation" not in result.out + result.err
    assert "(baseline, seed 1)" in confirmed("study", "show", NAME).out
    found = confirmed("study", "best", NAME, "--json").json
    assert (found["schema"], found["study"], found["parent"]) == ("vsearch.confirmation/1", NAME, "quick")
    assert confirmed("study", "show", NAME, "--json").json["outcome"]["verdict"] == found["verdict"]


def test_the_list_says_what_each_study_is_for(confirmed: "Cli") -> None:
    lines = confirmed("study", "list").out.splitlines()
    assert lines[0].split()[:3] == ["study", "purpose", "state"]
    assert lines[2].split()[:4] == [NAME, "confirmation", "done", "4/4"]
    assert lines[2].split()[-1] == "-"


def test_watching_shows_the_verdict_and_each_curve_in_place_of_a_best_trial(confirmed: "Cli") -> None:
    result = confirmed("study", "watch", NAME, "--once")
    assert result.code == 0, result.err
    assert "4 of 4 trials" in result.out
    assert "baseline" in result.out
    assert "2 of 2" in result.out
    assert "best " not in result.out
    assert "search score" not in result.out
    found = confirmed("study", "watch", NAME, "--once", "--json").json
    assert (found["best"], found["purpose"]) == (None, "confirmation")
    assert [curve["finished"] for curve in found["curves"]] == [2, 2]


def test_a_trial_is_shown_with_its_curve_and_seed_and_its_test_accuracy(confirmed: "Cli") -> None:
    text = confirmed("trial", "show", NAME, "2").out
    assert "(baseline, seed 1)" in text
    assert "test accuracy after 1 epochs" in text


def test_its_figures_are_asked_for_by_name_and_those_of_searches_are_refused(confirmed: "Cli", tmp_path: Path) -> None:
    for name in ("forest", "pairs", "scales", "learning"):
        assert confirmed("report", "figure", name, NAME, "-o", str(tmp_path / f"{name}.svg")).code == 0
        assert name in confirmed("report", "figure", "--help").out
    file = str(tmp_path / "a.svg")
    for name, study, words in (
        ("rungs", NAME, "has no figure rungs; it has forest, pairs"),
        ("forest", "quick", "has no figure forest; it has curves"),
        ("families", NAME, "compares searches"),
    ):
        result = confirmed("report", "figure", name, study, "-o", file)
        assert (result.code, result.out) == (2, "")
        assert words in result.err


def test_the_report_of_a_search_tells_of_its_confirmation(confirmed: "Cli") -> None:
    text = confirmed("report", "quick", "--format", "md").out
    assert "quick\\-confirmation, a confirmation." in text
    assert f"vsearch report quick {NAME} -o quick.html" in text
