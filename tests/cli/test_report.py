"""`vsearch report` and `vsearch report figure`."""

import csv
import io
import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Cli, Result

OTHER = ("study", "create", "--family", "ramp", "--name", "other")


def refused(result: "Result", *words: str, code: int = 2) -> None:
    """The command said in one line what was wrong, and printed nothing else."""
    assert (result.code, result.out) == (code, ""), result
    assert result.err.count("\n") == 1
    assert [word for word in words if word not in result.err] == [], result.err


def test_a_report_in_html_is_one_file_with_the_best_trial(trained: "Cli", tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    best = trained("study", "best", "quick", "--json").json["best"][0]
    result = trained("report", "quick", "-o", str(file))
    assert (result.code, result.out, result.err) == (0, f"{file}\n", "")
    html = file.read_text()
    assert html.startswith("<!DOCTYPE html>")
    assert f"{100 * best['accuracy']:.2f} % validation accuracy" in html
    assert "plotly.js v" in html
    assert list(tmp_path.iterdir()) == [file]


def test_a_static_report_is_small_and_has_no_script(trained: "Cli", tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    assert trained("report", "--static", "-o", str(file), "quick").code == 0
    html = file.read_text()
    assert "<script" not in html
    assert html.count("data:image/svg+xml;base64,") == 5
    assert len(html) < 500_000


def test_texts_go_to_stdout_or_to_the_file_whose_name_says_what_they_are(trained: "Cli", tmp_path: Path) -> None:
    trials = trained.trials("quick")
    content = trained("report", "quick", "--format", "json").json
    assert content["schema"] == "vsearch.report/1"
    assert [trial["accuracy"] for trial in content["studies"][0]["trials"]] == [trial["accuracy"] for trial in trials]
    rows = list(csv.DictReader(io.StringIO(trained("report", "quick", "--format", "csv").out)))
    assert [(row["study"], float(row["accuracy"])) for row in rows] == [("quick", t["accuracy"]) for t in trials]
    for name, kind in (("a.md", "md"), ("a.json", "json"), ("a.csv", "csv"), ("plain.txt", "md")):
        extra = ("--format", "md") if name == "plain.txt" else ()
        assert trained("report", "quick", "-o", str(tmp_path / name), *extra).code == 0
        written = (tmp_path / name).read_bytes().decode()
        assert written == trained("report", "quick", "--format", kind).out
    assert written.startswith("# Search of shortcut curves\n\n## quick\n")


def test_what_cannot_be_reported_is_refused_in_a_line(trained: "Cli", tmp_path: Path) -> None:
    file = tmp_path / "there.html"
    file.write_text("precious")
    refused(trained("report", "quick"), "-o report.html", "--format md")
    refused(trained("report", "quick", "--format", "html"), "-o report.html")
    refused(trained("report", "quick", "-o", str(tmp_path / "a.doc")), "a.doc", ".html", "--format")
    refused(trained("report", "quick", "-o", str(file)), "there.html", "--force")
    refused(trained("report", "quick", "-o", str(tmp_path / "none" / "a.html")), "does not exist")
    refused(trained("report", "quick", "--static", "--format", "md"), "--static")
    refused(trained("report", "--format", "md"), "name the studies", "quick")
    refused(trained("report", "quik", "--format", "md"), "'quik'", "Did you mean 'quick'?")
    refused(trained("report", "quick", "--format", "pdf"), "pdf", "html", "csv")
    assert file.read_text() == "precious"
    assert trained("report", "quick", "-o", str(file), "--force", "--static").code == 0
    assert file.read_text() != "precious"
    assert list(tmp_path.iterdir()) == [file]


def test_a_full_disk_is_told_in_a_line(trained: "Cli") -> None:
    refused(trained("report", "quick", "--format", "md", "-o", "/dev/full"), "/dev/full", "No space left")


def test_without_a_storage_there_is_nothing_to_report(cli: "Cli", tmp_path: Path) -> None:
    refused(cli("report", "-o", str(tmp_path / "a.html")), "no study")
    refused(cli("report", "quick", "-o", str(tmp_path / "a.html")), "no study is called 'quick'")
    refused(cli("report", "figure", "curves", "quick", "-o", str(tmp_path / "a.svg")), "no study is called 'quick'")
    assert not cli.home.exists()
    assert list(tmp_path.iterdir()) == []


def test_several_studies_are_compared_and_each_is_reported_once(cli: "Cli") -> None:
    assert cli(*OTHER).code == 0
    assert cli(*OTHER[:-1], "figure").code == 0
    text = cli("report", "other", "other", "--format", "md").out
    assert "compared" not in text
    content = cli("report", "--format", "json", "--", "figure", "other").json
    assert [study["name"] for study in content["studies"]] == ["figure", "other"]
    assert list(content["comparisons"]) == ["families", "depths"]


@pytest.mark.parametrize(
    ("suffix", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF-"), ("html", b"<!")]
)
def test_a_figure_is_drawn_into_a_file(trained: "Cli", tmp_path: Path, suffix: str, start: bytes) -> None:
    file = tmp_path / f"figure.{suffix}"
    result = trained("report", "figure", "learning", "quick", "-o", str(file))
    assert (result.code, result.out, result.err) == (0, f"{file}\n", "")
    assert file.read_bytes().startswith(start)
    refused(trained("report", "figure", "learning", "quick", "-o", str(file)), "--force")


@pytest.mark.parametrize("name", ["curves", "positions", "progress", "rungs", "learning", "families", "depths"])
def test_every_figure_can_be_asked_for_by_its_name(trained: "Cli", tmp_path: Path, name: str) -> None:
    assert trained("report", "figure", name, "quick", "-o", str(tmp_path / "a.svg")).code == 0
    assert name in trained("report", "figure", "--help").out


def test_a_figure_that_is_not_there_is_refused(trained: "Cli", tmp_path: Path) -> None:
    file = str(tmp_path / "a.svg")
    refused(trained("report", "figure", "curvs", "quick", "-o", file), "'curvs'", "Did you mean 'curves'?")
    refused(trained("report", "figure", "curves", "quick", "-o", str(tmp_path / "a.bmp")), ".svg", ".pdf")
    refused(trained("report", "figure", "curves", "quick", "other", "-o", file), "one study", "2")
    refused(trained("report", "figure", "curves", "-o", file), "name the studies", "quick")
    refused(trained("report", "figure", "curves", "quick"), "-o", "--output")
    assert list(tmp_path.iterdir()) == []


def test_reports_do_not_load_torch(trained: "Cli", tmp_path: Path) -> None:
    script = (
        "import sys\nfrom vsearch.cli import main\n"
        f"codes = [main(('report', 'quick', '-o', {str(tmp_path / 'a.html')!r})), "
        f"main(('report', 'figure', 'positions', 'quick', '-o', {str(tmp_path / 'a.svg')!r}))]\n"
        "assert codes == [0, 0]\nassert 'torch' not in sys.modules\n"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_help_of_the_group_names_its_command(cli: "Cli") -> None:
    shown = cli("report", "--help").out
    assert "Usage: vsearch report [OPTIONS] [STUDY]..." in shown
    assert "  figure " in shown
    assert "Usage: vsearch report figure [OPTIONS] NAME" in cli("report", "figure", "--help").out


def test_a_row_that_somebody_wrote_ends_the_report_in_a_line(cli: "Cli", tmp_path: Path) -> None:

    assert cli(*OTHER).code == 0
    (database,) = cli.home.glob("*.db")
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE trial_user_attributes SET value_json = ?", (json.dumps([["x"]]),))
    connection.close()
    refused(cli("report", "other", "-o", str(tmp_path / "a.html")), "cannot be read", code=3)
    assert list(tmp_path.iterdir()) == [cli.home]
