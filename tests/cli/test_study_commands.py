"""The commands on a study that `study run` has really trained."""

import csv
import io
from typing import TYPE_CHECKING

import pytest

from vsearch import study as studies
from vsearch.settings import resolve
from vsearch.spec import spec_from_dict

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli, Result

SPARKS = set("▁▂▃▄▅▆▇█")


def test_run_shows_the_best_curve_on_stdout_and_the_way_there_on_stderr(training_run: "Result") -> None:
    assert training_run.code == 0, training_run.err
    assert training_run.out.startswith("best    ")
    assert SPARKS & set(training_run.out)
    assert "points against the baseline" in training_run.out
    assert "5 finished, 0 pruned, 0 failed of 5 trials" in training_run.out
    assert "created the study quick: 5 trials" in training_run.err
    assert "not a confirmed gain" in training_run.err


def test_run_without_a_terminal_writes_plain_lines_one_per_trial(training_run: "Result") -> None:
    assert "\x1b" not in training_run.out + training_run.err
    lines = [line.split() for line in training_run.err.splitlines() if line.startswith("trial ")]
    assert sorted(int(words[1]) for words in lines) == [0, 1, 2, 3, 4]
    assert all("%" in words for words in lines)


def test_run_on_a_study_that_is_done_shows_its_result_again(trained: "Cli", training_run: "Result") -> None:
    again = trained("study", "run", "quick")
    assert (again.code, again.out) == (0, training_run.out)
    assert trained("study", "best", "quick").out == training_run.out


def test_show_lists_every_trial_with_what_was_trained(trained: "Cli") -> None:
    shown = trained("study", "show", "quick", "--json")
    assert shown.err == ""
    content = shown.json
    assert content["schema"] == "vsearch.study/1"
    trials = content["trials"]
    assert [trial["number"] for trial in trials] == [0, 1, 2, 3, 4]
    assert {trial["state"] for trial in trials} == {"finished"}
    assert [trial["role"] for trial in trials] == ["baseline", "paper", "search", "search", "search"]
    for trial in trials:
        assert 0 <= trial["accuracy"] <= 1
        assert trial["epochs"] == 3
        assert trial["images_per_second"] > 0
        assert trial["device"]
    assert len({tuple(trial["seeds"]) for trial in trials}) == 1
    plain = trained("study", "show", "quick").out
    assert plain.startswith("quick: triangle curves for resnet8 on digits\n")
    assert plain.count("\ntrial ") == 5


def test_best_ranks_by_the_objective_and_claims_no_gain(trained: "Cli") -> None:
    content = trained("study", "best", "quick", "--top", "3", "--json").json
    assert content["schema"] == "vsearch.best/1"
    assert content["is_confirmed"] is False
    assert "not a confirmed gain" in content["caution"]
    scores = [trial["accuracy"] for trial in content["best"]]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == max(trial["accuracy"] for trial in trained.trials("quick"))
    assert content["difference_points"] == pytest.approx(100 * (scores[0] - content["baseline_accuracy"]))
    assert len(content["best"][0]["scales"]) == 3
    plain = trained("study", "best", "quick", "--top", "3")
    assert (plain.out.count("best "), plain.out.count("then ")) == (1, 2)
    for trial in content["best"]:
        gain = 100 * (trial["accuracy"] - content["baseline_accuracy"])
        after = plain.out.partition(f"(trial {trial['number']})")[2].partition("(trial ")[0]
        assert f"{gain:+.2f} points against the baseline" in after
    assert "not a confirmed gain" in plain.err


def test_list_counts_states_and_budget(trained: "Cli") -> None:
    content = trained("study", "list", "--json").json
    assert content["schema"] == "vsearch.study-list/1"
    quick = next(study for study in content["studies"] if study["name"] == "quick")
    assert (quick["state"], quick["trials"], quick["finished"], quick["running"]) == ("done", 5, 5, 0)
    assert quick["best"] == trained("study", "best", "quick", "--json").json["best"][0]["accuracy"]
    header, *rows = trained("study", "list").out.splitlines()
    assert header.split()[:4] == ["study", "purpose", "state", "trials"]
    assert any(row.split()[:4] == ["quick", "search", "done", "5/5"] for row in rows)


def test_export_gives_the_trials_as_csv_and_json(trained: "Cli", tmp_path: "Path") -> None:
    trials = trained.trials("quick")
    rows = list(csv.DictReader(io.StringIO(trained("study", "export", "quick").out)))
    assert [float(row["accuracy"]) for row in rows] == [trial["accuracy"] for trial in trials]
    exported = trained("study", "export", "quick", "--format", "json").json
    assert exported["schema"] == "vsearch.trials/1"
    assert exported["trials"] == trials
    file = tmp_path / "trials.csv"
    assert trained("study", "export", "quick", "-o", str(file)).out == ""
    assert file.read_text().count("\n") == 6


def test_the_toml_of_a_study_makes_an_equal_one_under_another_name(
    trained: "Cli", cli: "Cli", tmp_path: "Path", trained_home: "Path", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VSEARCH_HOME", str(trained_home))
    file = tmp_path / "study.toml"
    file.write_text(trained("study", "show", "quick", "--toml").out)
    spec = trained("study", "show", "quick", "--json").json["spec"]
    monkeypatch.setenv("VSEARCH_HOME", str(cli.home))
    assert cli("study", "create", str(file), "--name", "copy").out == "copy\n"
    copy = cli("study", "show", "copy", "--json").json["spec"]
    assert copy == spec | {"name": "copy"}


def test_the_python_interface_sees_the_same_study(trained: "Cli") -> None:
    study = studies.open_study("quick", resolve())
    assert [trial.row() for trial in study.trials()] == trained.trials("quick")
    assert study.is_done
    assert study.best().trial.accuracy == study.optuna_study.best_value
    spec = study.spec.to_dict()
    assert spec_from_dict({key: value for key, value in spec.items() if key != "version"}) == study.spec


def test_stop_resume_and_delete_change_what_list_shows(cli: "Cli") -> None:
    created = cli("study", "create", "--family", "ramp", "--name", "one", "--trials", "7")
    assert (created.code, created.out) == (0, "one\n")
    assert "vsearch study run one" in created.err

    def seen() -> list[tuple[str, int]]:
        return [(s["state"], s["trials"]) for s in cli("study", "list", "--json").json["studies"]]

    assert seen() == [("open", 7)]
    assert cli("study", "stop", "one").code == 0
    assert seen() == [("stopped", 7)]
    assert "resume one" in cli("study", "run", "one").err
    assert cli("study", "resume", "one", "--trials", "9").code == 0
    assert seen() == [("open", 9)]
    assert cli("study", "delete", "one", "--yes").code == 0
    assert seen() == []


def test_the_same_commands_work_on_postgresql(cli: "Cli", postgres_url: str) -> None:
    plain = postgres_url.replace("postgresql+psycopg2://", "postgresql://", 1)
    for url in (plain, plain.replace("postgresql", "postgres", 1), plain.replace("://", "+psycopg2://", 1)):
        at = ("--storage", url)
        assert cli("study", "create", "--family", "ramp", "--name", "one", *at).code == 0
        assert [study["name"] for study in cli("study", "list", "--json", *at).json["studies"]] == ["one"]
        assert cli("study", "show", "one", *at).out.startswith("one: ramp curves")
        assert cli("study", "delete", "one", "--yes", *at).code == 0
    refused = cli("study", "list", "--storage", f"{plain}_missing")
    warning, error = refused.err.splitlines()
    assert (refused.code, warning.split(":")[0], error.split(":")[0]) == (3, "warning", "vsearch")
    assert "createdb" in refused.err
