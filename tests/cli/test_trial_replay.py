"""`vsearch trial replay` and `vsearch verify`, on trials that real workers have trained."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

DIGESTS = ("spec_digest", "split_digest")


@pytest.fixture
def tampered(cli: "Cli", trained_home: Path) -> Callable[..., "Cli"]:
    """`tampered(statement, values …)`: the command line with a copy of the trained home, changed by that SQL."""

    def change(statement: str, *values: object) -> "Cli":
        cli.home.mkdir()
        with sqlite3.connect(trained_home / "vsearch.db") as original:
            original.execute("VACUUM INTO ?", (str(cli.home / "vsearch.db"),))
        connection = sqlite3.connect(cli.home / "vsearch.db")
        assert connection.execute(statement, values).rowcount >= 1
        connection.commit()
        connection.close()
        return cli

    return change


def test_each_epoch_is_shown_beside_its_record_and_the_verdict_comes_last(trained: "Cli") -> None:
    result = trained("trial", "replay", "quick", "1", "--device", "cpu")
    *epochs, verdict = result.out.splitlines()
    recorded = trained("trial", "show", "quick", "1", "--json").json["trial"]["learning_curve"]
    assert result.code == 0, result.err
    assert [line.split()[1] for line in epochs] == ["1", "2", "3"]
    assert all(line.count(f"{100 * accuracy:.2f} %") == 2 for line, accuracy in zip(epochs, recorded, strict=True))
    assert verdict == (
        "trial 1 of quick: equal bit for bit: the accuracies of 3 epochs and the digests of the last weights"
    )


def test_a_replay_as_json_tells_all_that_was_compared(trained: "Cli") -> None:
    content = trained("trial", "replay", "quick", "0", "--epochs", "1", "--device", "cpu", "--json").json
    assert (content["schema"], content["verdict"], content["is_whole"]) == ("vsearch.replay/1", "equal", False)
    assert len(content["epochs"]) == 1
    assert {item["name"] for item in content["compared"]} >= {"spec", "images", "device", "precision", "versions"}


def test_verify_says_in_one_sentence_what_was_verified(trained: "Cli") -> None:
    best = trained("study", "best", "quick", "--json").json["best"][0]["number"]
    result = trained("verify", "quick", "--device", "cpu")
    assert (result.code, result.out.count("\n")) == (0, 1)
    assert result.out.startswith(f"quick is verified: trained again from the record alone, its best trial, {best}, ")
    assert "3 epochs bit for bit, and the digests of the last weights" in result.out
    content = trained("verify", "quick", "--top", "2", "--device", "cpu", "--json").json
    assert (content["is_verified"], len(content["trials"])) == (True, 2)


def test_a_score_that_was_improved_by_hand_is_not_verified(tampered: "Callable[..., Cli]") -> None:
    cli = tampered("UPDATE trial_values SET value = 0.9999 WHERE trial_id = 2")
    result = cli("verify", "quick", "--device", "cpu")
    assert result.code == 1
    assert "quick is not verified: trial 1: the record contradicts itself" in result.out
    assert "objective: recorded" in result.out
    assert cli("trial", "replay", "quick", "1", "--device", "cpu").code == 1


def test_forged_weights_are_told_with_both_digests(tampered: "Callable[..., Cli]") -> None:
    forged = json.dumps(["f" * 64])
    cli = tampered("UPDATE trial_user_attributes SET value_json = ? WHERE key = 'weights_digests'", forged)
    result = cli("trial", "replay", "quick", "0", "--device", "cpu")
    assert result.code == 1
    assert "different, though recorded under the same conditions: weights" in result.out
    assert "weights: recorded ['ffff" in result.out


def test_what_was_trained_elsewhere_is_not_verified_but_does_not_contradict_its_record(
    tampered: "Callable[..., Cli]",
) -> None:
    cli = tampered("UPDATE trial_user_attributes SET value_json = '\"A GPU\"' WHERE key = 'device'")
    connection = sqlite3.connect(cli.home / "vsearch.db")
    connection.execute("UPDATE trial_user_attributes SET value_json = '[1, 1, 1]' WHERE key = 'train_losses'")
    connection.commit()
    replayed = cli("trial", "replay", "quick", "0", "--device", "cpu")
    assert replayed.code == 0
    assert "not comparable bit for bit, as these differ here: device; the largest difference" in replayed.out
    assert cli("verify", "quick", "--device", "cpu").code == 1


def test_what_cannot_be_replayed_is_refused_in_one_line(trained: "Cli") -> None:
    for arguments, words in (
        (("trial", "replay", "quick", "99"), "has no trial 99"),
        (("trial", "replay", "quick", "0", "--epochs", "4"), "has 1 to 3 on record"),
        (("trial", "replay", "quick", "0", "--threads", "0"), "threads is 0; give 1 to 1024"),
        (("trial", "replay", "quik", "0"), "Did you mean 'quick'?"),
        (("verify", "quick", "--top", "0"), "--top is 0; give 1 or more"),
        (("verify", "quick", "--device", "tpu"), "tpu"),
    ):
        result = trained(*arguments)
        assert (result.code, result.out, result.err.count("\n")) == (2, "", 1 + (arguments[-1] == "tpu")), result
        assert words in result.err


def test_exported_rows_say_by_what_and_with_what_each_trial_was_trained(trained: "Cli") -> None:
    for row in json.loads(trained("study", "export", "quick", "--format", "json").out)["trials"]:
        assert all(len(row[name]) == 64 for name in DIGESTS)
        assert [len(digest) for digest in row["weights_digests"]] == [64]
        assert (row["threads"], row["precision"] in ("bf16", "float32")) == (1, True)
        assert row["version.vsearch"]
        assert row["version.torch"]
        assert "commit" in row


def test_replaying_leaves_no_checkpoint_and_no_log(searched: "Cli") -> None:
    before = sorted(path for path in searched.home.rglob("*") if "vsearch.db" not in path.name)
    assert searched("trial", "replay", "quick", "0", "--device", "cpu").code == 0
    assert sorted(path for path in searched.home.rglob("*") if "vsearch.db" not in path.name) == before
