"""Rows that somebody put into the database by hand: one line, or the text itself; no code, traceback or escape."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Cli, Result

ESCAPE = "\x1b]0;title\x07\x1b[2J\x9b31m\u202e\nvsearch: forged"
"""Sets a terminal's title, clears it, colours, turns the direction, and pretends to be another line."""
OBEYED = ("\x1b", "\x07", "\x9b", "\u202e", "\nvsearch: forged")
MILLION = [1.0] * 1_000_000
TRIAL = 2
"""The id of trial 1."""

ATTRIBUTES: dict[str, list[Any]] = {
    "curve": [
        *({"family": "os.system"}, {"family": ESCAPE}, {"family": ["x"]}, "text", [1], 5),
        {"family": "triangle", "peak": 1e308, "floor": 0.8, "apex": 8},
        {"family": "triangle", "peak": [1], "floor": {}, "apex": None},
        {"family": "triangle", "peak": 1.2, "floor": 0.8, "apex": 8, "__class__": "os.system"},
        {"family": "levels", "levels": MILLION},
    ],
    "scales": [MILLION, "abc", 5, ["a", None], {"a": 1}, [[1.0]], [1e400]],
    "seeds": ["ab", 5, [10**400], [ESCAPE], [1.5], [-1], MILLION],
    **{name: [5, ["a"], "x", {}] for name in ("accuracies", "train_losses")},
    **{name: [5, [1], "x", {"a": 1}] for name in ("versions", "weights_digests", "log")},
    **{name: [[1], {}, 5, None] for name in ("role", "reason", "detail", "device", "precision", "commit")},
    **{name: ["x", [1], None] for name in ("seconds", "images_per_second", "epochs", "threads")},
    **{name: [ESCAPE, [1]] for name in ("mean_scale", "product_of_scales")},
}
STATEMENTS = {
    "an unknown distribution": (
        "UPDATE trial_params SET distribution_json = ?",
        '{"name": "EvilDistribution", "attributes": {}}',
    ),
    "a distribution of another shape": (
        "UPDATE trial_params SET distribution_json = ?",
        '{"name": "FloatDistribution", "attributes": {"x": 1}}',
    ),
    "a distribution that is no object": ("UPDATE trial_params SET distribution_json = ?", "[]"),
    "a distribution that is no JSON": ("UPDATE trial_params SET distribution_json = ?", "junk"),
    "a choice that is none": (
        "UPDATE trial_params SET param_value = 7, distribution_json = ?",
        '{"name": "CategoricalDistribution", "attributes": {"choices": ["a"]}}',
    ),
    "no value": ("UPDATE trial_params SET param_value = ?", None),
    "an attribute that is no JSON": ("UPDATE trial_user_attributes SET value_json = ?", "junk"),
    "an attribute nested deeply": ("UPDATE trial_user_attributes SET value_json = ?", "[" * 100_000),
    "a state": ("UPDATE trials SET state = ?", "EVIL"),
    "a time": ("UPDATE trials SET datetime_start = ?", ESCAPE),
    "a number": ("UPDATE trials SET number = number + ?", 99),
    "a score": ("UPDATE trial_values SET value = ?", "abc"),
    "an infinite score": ("UPDATE trial_values SET value = NULL, value_type = ?", "INF_POS"),
    "an accuracy": ("UPDATE trial_intermediate_values SET intermediate_value = ?", ESCAPE),
    "an epoch": ("UPDATE trial_intermediate_values SET step = step + ?", 10**9),
}
"""What may stand in the columns of trial 1; `WHERE trial_id = 2` is added."""
SPECS: list[Any] = [
    *(5, [1], None, {"a": 1}, True, "text", "[" * 100_000, "{}", '{"version": 1}', '{"version": 2}', ESCAPE),
]
SPEC_CHANGES: list[dict[str, Any]] = [
    *({"name": "../../etc/x"}, {"name": "other"}, {"name": {}}, {"families": [["a"]]}, {"families": 5}),
    *({"depth": "8"}, {"depth": 10**9}, {"epochs": 1.5}, {"replicates": True}, {"seed": ESCAPE}, {"knobs": [1]}),
    *({"knobs": {"triangle.peak": {"a": 1}}}, {"recipe": [1]}, {"recipe": {"__class__": 1}}, {"recipe": ESCAPE}),
    *({"retry": [[1]]}, {"retry": 5}, {"dataset": {}}, {"dataset": "folder:"}, {"sampler": "cmaes"}, {"evil": 1}),
]


@pytest.fixture
def evil(cli: "Cli", trained_home: Path) -> "Callable[..., Cli]":
    """`evil(statement, values …)`: the command line with a copy of the trained home, changed by that SQL."""

    def change(statement: str, *values: object) -> "Cli":
        cli.home.mkdir(exist_ok=True)
        copy = cli.home / "vsearch.db"
        copy.unlink(missing_ok=True)
        with sqlite3.connect(trained_home / "vsearch.db") as original:
            original.execute("VACUUM INTO ?", (str(copy),))
        connection = sqlite3.connect(copy)
        assert connection.execute(statement, values).rowcount >= 1
        connection.commit()
        connection.close()
        return cli

    return change


def set_attribute(evil: "Callable[..., Cli]", name: str, value: Any) -> "Cli":
    """Give trial 1 that attribute, in place of the one that it has."""
    return evil(
        "INSERT INTO trial_user_attributes (trial_id, key, value_json) VALUES (?, ?, ?) "
        "ON CONFLICT (trial_id, key) DO UPDATE SET value_json = excluded.value_json",
        *(TRIAL, name, json.dumps(value)),
    )


def set_study_attribute(evil: "Callable[..., Cli]", name: str, value: Any) -> "Cli":
    return evil(
        "INSERT INTO study_user_attributes (study_id, key, value_json) VALUES (1, ?, ?) "
        "ON CONFLICT (study_id, key) DO UPDATE SET value_json = excluded.value_json",
        *(name, json.dumps(value)),
    )


SHOWING = ("study list", "study show {}", "trial show {} 1")
"""The commands that read each kind of row."""
MORE = (
    *("study best {}", "study export {}", "study events {}", "trial list {}", "trial show {} 1 --json", "worker list"),
    "trial replay {} 1 --epochs 4 --device cpu",  # is refused after it has read the record
)


def look(cli: "Cli", study: str = "quick", commands: tuple[str, ...] = SHOWING) -> "list[Result]":
    """Run commands, which print neither a traceback nor an escape sequence nor a screenful of one value."""
    results = [cli(*(word.replace("{}", study) for word in command.split(" "))) for command in commands]
    for result in results:
        assert result.code in (0, 2, 3), result
        assert [mark for mark in OBEYED if mark in result.out + result.err] == [], result
        assert len(result.out) + len(result.err) < 60_000
        if result.code:
            assert result.err.startswith("vsearch: "), result.err
            assert result.err.count("\n") == 1, result.err
    assert not (cli.home / "checkpoints").exists()
    return results


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_an_attribute_of_a_wrong_kind_gives_one_line(evil: "Callable[..., Cli]", name: str) -> None:
    for value in ATTRIBUTES[name]:
        shown = look(set_attribute(evil, name, value))[1]
        assert shown.code == 3, (str(value)[:300], shown)
        assert "trial 1 of quick cannot be read" in shown.err


@pytest.mark.parametrize("what", STATEMENTS)
def test_a_column_that_holds_something_else_gives_one_line(evil: "Callable[..., Cli]", what: str) -> None:
    statement, value = STATEMENTS[what]
    look(evil(f"{statement} WHERE trial_id = {TRIAL}", value))


def test_a_spec_that_is_none_gives_one_line(evil: "Callable[..., Cli]", trained_home: Path) -> None:
    with sqlite3.connect(trained_home / "vsearch.db") as connection:
        query = "SELECT value_json FROM study_user_attributes WHERE key = 'vsearch_spec'"
        spec = json.loads(json.loads(connection.execute(query).fetchone()[0]))
    for value in [*SPECS, *(json.dumps(spec | change) for change in SPEC_CHANGES)]:
        listed, shown, *_ = look(set_study_attribute(evil, "vsearch_spec", value))
        assert (listed.code, shown.code) == (0, 2), (str(value)[:300], listed, shown)
        assert "foreign" in listed.out


@pytest.mark.parametrize("value", [5, ["a"], {"a": 1}, [-1], None])
def test_a_list_of_excluded_trials_that_is_none_gives_one_line(evil: "Callable[..., Cli]", value: Any) -> None:
    assert look(set_study_attribute(evil, "vsearch_excluded", value))[1].code == 3


@pytest.mark.parametrize("name", ["../../etc/x", "/etc/x", "a/../../b", ESCAPE, "", "\0", "-x", "x" * 512])
def test_a_study_whose_name_leads_out_of_its_folder_is_listed_and_refused(
    evil: "Callable[..., Cli]", name: str, tmp_path: Path
) -> None:
    cli = evil("UPDATE studies SET study_name = ?", name)
    before = sorted(tmp_path.rglob("*"))
    listed, *others = look(cli, name, SHOWING + MORE)
    assert "foreign" in listed.out
    assert {result.code for result in others[:-2]} == {2}
    for command in (("worker", "--study", name), ("study", "run", name), ("verify", name), ("study", "stop", name)):
        assert cli(*command).code == 2, command
    assert [path for path in sorted(tmp_path.rglob("*")) if path not in before and cli.home not in path.parents] == []


TEXTS = ("role", "reason", "detail", "device", "precision", "commit", "worker", "scales_key")


@pytest.mark.parametrize("name", TEXTS)
def test_escape_sequences_in_a_text_are_shown_and_not_obeyed(evil: "Callable[..., Cli]", name: str) -> None:
    look(set_attribute(evil, name, ESCAPE), commands=SHOWING + MORE)


def test_escape_sequences_in_log_lines_knobs_devices_and_names_of_workers_are_shown(evil: "Callable[..., Cli]") -> None:
    shown = look(set_attribute(evil, "log", [ESCAPE, "plain"]))[2].out
    assert r"\x1b]0;title\x07" in shown
    change = f"UPDATE trial_params SET param_name = ? WHERE trial_id = {TRIAL} AND param_name = 'apex'"
    look(evil(change, ESCAPE), commands=SHOWING + MORE)
    look(evil("UPDATE vsearch_attempts SET worker = ?, device = ?, detail = ?", *[ESCAPE] * 3))
    workers = (
        "INSERT INTO vsearch_workers (worker, host, pid, device, started, seen, asked) VALUES (?, ?, 1, ?, 1, 1, ?)"
    )
    (listed,) = look(evil(workers, *[ESCAPE] * 4), commands=("worker list",))
    assert r"\x1b]0;title" in listed.out
