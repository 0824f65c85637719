"""Looking at trials that were really trained, and excluding them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

SPARKS = set("▁▂▃▄▅▆▇█")


def test_list_shows_each_trial_in_a_line(trained: "Cli") -> None:
    header, *rows = trained("trial", "list", "quick").out.splitlines()
    assert header.split() == ["trial", "state", "reason", "role", "accuracy", "epochs", "trained", "curve"]
    assert [row.split()[:4] for row in rows][:3] == [
        ["0", "finished", "finished", "baseline"],
        ["1", "finished", "finished", "paper"],
        ["2", "finished", "finished", "search"],
    ]
    assert all(SPARKS & set(row) for row in rows)


def test_list_is_narrowed_by_state_and_reason(trained: "Cli") -> None:
    def numbers(*options: str) -> list[int]:
        content = trained("trial", "list", "quick", "--json", *options).json
        assert content["schema"] == "vsearch.trial-list/1"
        return [trial["number"] for trial in content["trials"]]

    assert numbers() == numbers("--state", "finished") == numbers("--reason", "finished") == [0, 1, 2, 3, 4]
    assert numbers("--state", "pruned", "--state", "finished") == [0, 1, 2, 3, 4]
    assert numbers("--state", "finished", "--reason", "diverged") == numbers("--state", "failed") == []
    nothing = trained("trial", "list", "quick", "--state", "running")
    assert (nothing.code, nothing.out) == (0, "")
    assert trained("trial", "list", "quick", "--json").json["trials"] == trained.trials("quick")


def test_show_tells_all_of_a_trial(trained: "Cli") -> None:
    content = trained("trial", "show", "quick", "2", "--json").json
    assert content["schema"] == "vsearch.trial/1"
    trial = content["trial"]
    assert trial.items() >= trained.trials("quick")[2].items()
    assert (len(trial["scales"]), len(trial["learning_curve"])) == (3, 3)
    assert trial["learning_curve"][-1] == trial["accuracy"]
    assert len(trial["attributes"]["train_losses"]) == 3
    (attempt,) = content["attempts"]
    assert (attempt["reason"], attempt["epoch"], attempt["worker"]) == ("finished", 3, trial["worker"])
    assert attempt["seconds"] > 0
    shown = trained("trial", "show", "quick", "2")
    assert shown.out.startswith("trial 2 of quick: finished\n")
    first_words = [line.split(" ")[0] for line in shown.out.splitlines()]
    assert {"reason", "curve", "scales", "knobs", "seeds", "score", "epochs", "trained"} <= set(first_words)
    assert trial["worker"] in shown.out
    assert shown.err == ""


def test_show_of_a_trial_that_nobody_took_says_so(cli: "Cli") -> None:
    assert cli("study", "create", "--family", "triangle", "--dataset", "digits", "--name", "new").code == 0
    shown = cli("trial", "show", "new", "0")
    assert shown.out.startswith("trial 0 of new: waiting (baseline)\n")
    assert "no worker has taken it yet" in shown.out
    assert cli("trial", "show", "new", "0", "--json").json["attempts"] == []


def test_an_excluded_trial_is_shown_as_such_and_ranked_no_more(searched: "Cli") -> None:
    winner = searched("study", "best", "quick", "--json").json["best"][0]
    number = str(winner["number"])
    excluded = searched("trial", "exclude", "quick", number, "--reason", "a broken fan")
    assert (excluded.code, excluded.out) == (0, "")
    assert searched("study", "best", "quick", "--json").json["best"][0]["number"] != winner["number"]
    listed = searched("trial", "list", "quick", "--state", "excluded", "--json").json["trials"]
    assert [trial["number"] for trial in listed] == [winner["number"]]
    assert listed[0]["accuracy"] == winner["accuracy"]
    assert f"trial {number:>3} excluded" in searched("study", "show", "quick").out
    assert ",excluded," in searched("study", "export", "quick").out
    shown = searched("trial", "show", "quick", number)
    assert "a broken fan" in shown.out
    assert f"trial {number} of quick: excluded" in shown.out
    assert searched("trial", "show", "quick", number, "--json").json["events"][0]["detail"] == "a broken fan"
    (row,) = searched("study", "list", "--json").json["studies"]
    assert (row["finished"], row["excluded"], row["failed"]) == (4, 1, 0)

    assert searched("trial", "include", "quick", number).code == 0
    assert searched("study", "best", "quick", "--json").json["best"][0] == winner
    assert [event["action"] for event in searched("study", "events", "quick", "--json").json["events"]] == [
        "exclude",
        "include",
    ]


def test_an_excluded_baseline_is_trained_again(searched: "Cli") -> None:
    excluded = searched("trial", "exclude", "quick", "0", "--reason", "the wrong device")
    assert "waits to be trained again" in excluded.err
    run = searched.process("study", "run", "quick", "--workers", "1")
    assert run.code == 0, run.err
    assert "points against the baseline" in run.out
    trials = searched.trials("quick")
    assert [(trial["role"], trial["state"]) for trial in (trials[0], trials[5])] == [
        ("baseline", "excluded"),
        ("baseline", "finished"),
    ]
    assert len(trials) == 6


def test_what_is_wrong_with_excluding_is_told(searched: "Cli") -> None:
    for arguments, words in (
        (("exclude", "quick", "9", "--reason", "why"), "has no trial 9; it has trials 0 to 4"),
        (("exclude", "quick", "0", "--reason", " "), "the reason is"),
        (("include", "quick", "0"), "is not excluded: it is finished"),
        (("exclude", "quik", "0", "--reason", "why"), "Did you mean 'quick'?"),
        (("show", "quick", "5"), "has no trial 5"),
        (("list", "quick", "--state", "finnished"), "Did you mean 'finished'?"),
        (("list", "quick", "--reason", "lots"), "Did you mean 'lost'?"),
    ):
        result = searched("trial", *arguments)
        assert (result.code, result.out, result.err.count("\n")) == (2, "", 1), result
        assert words in result.err
    assert searched("study", "events", "quick", "--json").json["events"] == []
