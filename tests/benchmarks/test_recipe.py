"""The report of the recipe benchmark on a file made by hand."""

import json
from collections.abc import Callable
from pathlib import Path

CURVES = ["constant 0.8", "baseline 1.0", "constant 1.25", "triangle 0.8-1.3", "rising 0.9-1.3"]


def test_report_ranks_short_runs_against_the_longest(table: Callable[..., list[list[str]]], tmp_path: Path) -> None:
    """A short recipe that turns the long run's order about has rank correlation -1; one that keeps it has 1."""
    scores = {
        ("no warm-up", 8): [0.5, 0.4, 0.3, 0.2, 0.1],
        ("warm-up 0.2", 8): [0.1, 0.2, 0.3, 0.4, 0.5],
        ("warm-up 0.2", 32): [0.6, 0.65, 0.7, 0.75, 0.8],
    }
    lines = [
        {"curve": curve, "recipe": recipe, "epochs": epochs, "seed": 0, "accuracy": [0.1, score]}
        for (recipe, epochs), accuracies in scores.items()
        for curve, score in zip(CURVES, accuracies, strict=True)
    ]
    out = tmp_path / "recipe.jsonl"
    out.write_text("".join(json.dumps(line) + "\n" for line in lines))
    rows = table("recipe", "report", "--out", str(out))
    assert rows[0][:4] == ["recipe", "epochs", "n", "constant 0.8"]
    assert rows[1] == ["no warm-up", "8", "1", "50.0", "40.0", "30.0", "20.0", "10.0", "-1.00"]
    assert rows[2][-1] == rows[3][-1] == "1.00"
    assert rows[3][3:8] == ["60.0", "65.0", "70.0", "75.0", "80.0"]


def test_report_of_no_file_is_an_empty_table(table: Callable[..., list[list[str]]], tmp_path: Path) -> None:
    """Before anything was trained there is a heading and no row."""
    assert len(table("recipe", "report", "--out", str(tmp_path / "nothing.jsonl"))) == 1
