"""`vsearch confirm`: real trainings of a search's best curves, what is said of them, and how it goes on."""

import signal
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

SMALL = ("--top", "2", "--epochs", "2", "--recipe", "search", "--train-images", "256")
NAME = "quick-confirmation"


def test_it_trains_the_plan_with_fresh_paired_seeds_and_says_what_stands(searched: "Cli") -> None:
    result = searched("confirm", "quick", *SMALL, "--seeds", "2")
    assert result.code == 0, result.err
    assert "7 curves x 2 seeds x 2 epochs on 256 images of digits, judged by its test images" in result.err
    for label in ("baseline", "constant-mean", "constant-geometric-mean", "reversed", "shuffled"):
        assert label in result.out
    assert any(result.out.splitlines()[-2].startswith(verdict) for verdict in ("confirmed", "not shown", "worse"))
    trials = searched.trials(NAME)
    assert [trial["state"] for trial in trials] == ["finished"] * 14
    seeds = {trial["pair"]: trial["seeds"] for trial in trials}
    assert all(trial["seeds"] == seeds[trial["pair"]] for trial in trials)
    used = {seed for trial in searched.trials("quick") for seed in trial["seeds"]}
    assert not used & {seed for found in seeds.values() for seed in found}


def test_json_holds_the_whole_answer(searched: "Cli") -> None:
    result = searched("confirm", "quick", *SMALL, "--seeds", "2", "--no-controls", "--json")
    assert result.code == 0, result.err
    found = result.json
    assert found["schema"] == "vsearch.confirmation/1"
    assert (found["study"], found["parent"], found["evaluated_on"]) == (NAME, "quick", "test")
    assert found["verdict"] in ("confirmed", "not shown", "worse")
    assert [row["role"] for row in found["curves"]] == ["baseline", "candidate", "candidate"]
    for row in found["curves"][1:]:
        mean = sum(row["accuracies"][pair] - found["curves"][0]["accuracies"][pair] for pair in "01") / 2
        assert row["difference"] == pytest.approx(100 * mean)
        assert row["interval"][0] < row["difference"] < row["interval"][1]
        assert row["shrinkage"] == pytest.approx(row["search_lead"] - row["difference"])


def test_the_same_command_shows_what_is_there_and_more_seeds_add_to_it(searched: "Cli") -> None:
    first = searched("confirm", "quick", *SMALL, "--seeds", "2", "--no-controls", "--json")
    again = searched("confirm", "quick", "--json")
    assert again.json == first.json
    more = searched("confirm", NAME, "--seeds", "3", "--json")
    assert more.code == 0, more.err
    assert more.json["seeds"] == 3
    assert more.json["sequential"] is True  # seeds were added after a look
    old = first.json["curves"][1]["accuracies"]
    assert {pair: more.json["curves"][1]["accuracies"][pair] for pair in old} == old
    assert len(searched.trials(NAME)) == 9


def test_queueing_trains_nothing_and_workers_do_it(searched: "Cli") -> None:
    result = searched("confirm", "quick", *SMALL, "--seeds", "2", "--no-controls", "--queue")
    assert (result.code, result.out) == (0, f"{NAME}\n")
    assert set(searched.states(NAME)) == {"waiting"}
    assert searched.process("worker", "--study", NAME).code == 0
    assert set(searched.states(NAME)) == {"finished"}
    assert searched("confirm", "quick").out.splitlines()[0].startswith("curve")


def test_a_broken_off_confirmation_goes_on(searched: "Cli", wait_for: Callable[[Callable[[], object]], None]) -> None:
    process = searched.start("confirm", "quick", *SMALL, "--seeds", "4", "--workers", "1")
    wait_for(lambda: searched("study", "show", NAME).code == 0 and "finished" in searched.states(NAME))
    process.send_signal(signal.SIGINT)
    _, error = process.communicate()
    assert process.returncode == 130
    assert "stopped; the same command goes on with it" in error
    before = {t["number"]: t["accuracy"] for t in searched.trials(NAME) if t["state"] == "finished"}
    assert len(before) < 28
    result = searched("confirm", "quick")
    assert result.code == 0, result.err
    after = {trial["number"]: trial["accuracy"] for trial in searched.trials(NAME)}
    assert set(searched.states(NAME)) == {"finished"}
    assert {number: after[number] for number in before} == before


def test_until_sure_ends_with_a_decision_and_says_why(searched: "Cli") -> None:
    flags = ("--no-controls", "--until-sure", "--max-seeds", "6", "--worthwhile", "50")
    result = searched("confirm", "quick", *SMALL, *flags, "--json")
    assert result.code == 0, result.err
    assert result.json["sequential"] is True
    assert 4 <= result.json["seeds"] <= 6
    assert f"stopped after {result.json['seeds']} seeds: trial" in result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing",), "nothing"),
        (("quick", "--top", "0"), "top is 0"),
        (("quick", "--seeds", "0"), "seeds is 0; give 1 to 1000"),
        (("quick", "--recipe", "hee2015"), "Did you mean 'he2015'"),
        (("quick", "--epochs", "0"), "epochs is 0"),
        (("quick", "--train-images", "1439"), "digits allows 10 (one per class) to 1438"),
        (("quick", "--test-images", "360"), "digits allows 10 (one per class) to 359"),
        (("quick", "--worthwhile", "0.1"), "--until-sure"),
        (("quick", "--until-sure", "--worthwhile", "-1"), "worthwhile is -1"),
        (("quick", "--name", "quick"), "is no confirmation of quick"),
        (("quick", "--name", "a/b"), "the study name 'a/b'"),
        (("quick", "--workers", "0"), "workers is 0"),
        (("quick", "--device", "tpu"), "tpu"),
    ],
)
def test_what_cannot_be_confirmed_is_refused_in_one_line_and_leaves_nothing(
    searched: "Cli", arguments: tuple[str, ...], words: str
) -> None:
    result = searched("confirm", *arguments)
    assert result.code == 2
    assert words in result.err
    assert result.err.count("\n") == 1
    assert [row["name"] for row in searched("study", "list", "--json").json["studies"]] == ["quick"]


def test_another_plan_under_the_same_name_is_refused_with_what_differs(searched: "Cli") -> None:
    assert searched("confirm", "quick", *SMALL, "--seeds", "2", "--no-controls", "--queue").code == 0
    result = searched("confirm", "quick", "--top", "1", "--epochs", "3", "--queue")
    assert result.code == 2
    assert "epochs: stored 2, asked for 3" in result.err
    result = searched("confirm", NAME, "--top", "1")
    assert (result.code, "keeps its plan" in result.err) == (2, True)
    result = searched("confirm", NAME, "--seeds", "1")
    assert (result.code, "seeds cannot be taken away" in result.err) == (2, True)
    assert len(searched.trials(NAME)) == 6


def test_a_search_without_a_finished_curve_has_nothing_to_confirm(cli: "Cli") -> None:
    assert cli("study", "create", "--family", "ramp", "--dataset", "digits", "--depth", "8", "--name", "new").code == 0
    result = cli("confirm", "new")
    assert result.code != 0
    assert "no trial has finished" in result.err
    assert len(cli("study", "list", "--json").json["studies"]) == 1


def test_device_hours_end_a_confirmation_with_what_is_there(searched: "Cli") -> None:
    result = searched("confirm", "quick", *SMALL, "--seeds", "9", "--max-device-hours", "0.0005", "--workers", "1")
    assert result.code == 0, result.err
    assert "trainings have ended." in result.out
    assert set(searched.states(NAME)) > {"waiting"}
    more = searched("study", "resume", NAME, "--max-device-hours", "9")
    assert more.code == 0, more.err
