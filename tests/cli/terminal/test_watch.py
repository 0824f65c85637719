"""`study watch` beside real workers: on a terminal, in a pipe, without the database, and for programs."""

import json
import re
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vsearch import study as studies
from vsearch.search.claims import claim_trial
from vsearch.settings import resolve
from vsearch.storage import open_storage
from vsearch.storage.audit import Entry, carry_out

if TYPE_CHECKING:
    from tests.cli.conftest import Cli
    from tests.cli.terminal.conftest import Terminal, Watching

WaitFor = Callable[[Callable[[], object]], None]
SHORT = (
    *("--family", "triangle", "--dataset", "digits", "--depth", "8", "--epochs", "2", "--name", "short"),
    *("--train-images", "128", "--recipe-set", "batch_size=64", "--pruner", "none", "--trials", "4"),
)
LONG = (
    *("--family", "triangle", "--dataset", "digits", "--depth", "8", "--epochs", "400", "--name", "long"),
    *("--train-images", "320", "--pruner", "none", "--trials", "2"),
)
ESCAPE = "\x1b]0;title\x07\x1b[2J\x9b31m\u202e\nvsearch: forged"
OTHER_SCREEN, FIRST_SCREEN, CURSOR = "\x1b[?1049h", "\x1b[?1049l", "\x1b[?25h"
SGR = re.compile(r"\x1b\[[0-9;]*m")
SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def printed_lines(text: str) -> list[str]:
    """The lines without what moves the cursor or colours."""
    return SEQUENCE.sub("", text.replace("\x1b[H", "\n")).replace("\r", "").split("\n")


def test_in_a_pipe_it_tells_each_trial_of_another_process_once_and_ends_with_the_study(
    cli: "Cli", begun: Callable[..., "Watching"], wait_for: WaitFor
) -> None:
    assert cli("study", "create", *SHORT).code == 0
    watching = begun("study", "watch", "short", "--interval", "1")
    wait_for(lambda: watching.out or watching.process.poll() is not None)
    worker = begun("worker", "--study", "short")
    assert watching.wait() == 0, watching.err
    assert worker.wait() == 0
    first, *trials, last = watching.out
    assert first.startswith("short is open: 0 of 4 trials, 2 waiting; nobody trains it")
    assert sorted(int(line.split()[1]) for line in trials) == [0, 1, 2, 3]
    assert all("finished" in line and "%" in line for line in trials)
    assert last.startswith("short is done: 4 of 4 trials; best ")
    assert "\x1b" not in "".join(watching.out + watching.err)
    assert watching.err == []


def test_for_programs_it_writes_an_object_in_a_line_when_something_changes(
    cli: "Cli", begun: Callable[..., "Watching"], wait_for: WaitFor
) -> None:
    assert cli("study", "create", *SHORT).code == 0
    watching = begun("study", "watch", "short", "--interval", "1", "--json")
    wait_for(lambda: watching.out or watching.process.poll() is not None)
    begun("worker", "--study", "short")
    assert watching.wait() == 0, watching.err
    objects = [json.loads(line) for line in watching.out]
    assert {found["schema"] for found in objects} == {"vsearch.watch/1"}
    progress = [found["progress"] for found in objects]
    assert progress == sorted(progress)
    assert (progress[0], progress[-1]) == (0.0, 1.0)
    assert [found["is_over"] for found in objects[:-1]] == [False] * (len(objects) - 1)
    assert (objects[-1]["state"], objects[-1]["finished"], objects[-1]["is_over"]) == ("done", 4, True)
    assert watching.err == []


def test_once_shows_the_study_as_it_is_and_ends(trained: "Cli") -> None:
    shown = trained("study", "watch", "quick", "--once")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith("quick on digits, resnet8: done\n")
    assert "5 of 5 trials" in shown.out
    assert "points against the baseline" in shown.out
    assert "1.00 ┤" in shown.out
    best = trained("study", "best", "quick", "--json").json
    content = trained("study", "watch", "quick", "--once", "--json").json
    assert content["best"] == best["best"][0]
    assert content["difference_points"] == best["difference_points"]
    assert (content["schema"], content["done"], content["trials"], content["workers"]) == ("vsearch.watch/1", 5, 5, [])


def test_of_a_new_study_there_is_nothing_to_see_but_that(cli: "Cli") -> None:
    assert cli("study", "create", *SHORT).code == 0
    shown = cli("study", "watch", "short", "--once")
    assert (shown.code, shown.err) == (0, "")
    assert "no trial has finished yet" in shown.out
    assert cli("study", "watch", "short", "--once", "--json").json["best"] is None


def test_a_study_that_ended_without_a_finished_trial_gives_1(cli: "Cli") -> None:
    assert cli("study", "create", *SHORT).code == 0
    assert cli("study", "stop", "short").code == 0
    watched = cli("study", "watch", "short")
    assert watched.code == 1
    assert watched.out.startswith("short is stopped: 0 of 4 trials")
    assert watched.err.splitlines() == [
        "vsearch: no trial has finished (2 waiting), so there is no best curve",
    ]


@pytest.mark.parametrize("interval", ["0.5", "0", "-1", "nan", "inf", "1e9", "x"])
def test_an_interval_that_is_none_is_refused(trained: "Cli", interval: str) -> None:
    refused = trained("study", "watch", "quick", "--interval", interval)
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert "interval" in refused.err


def test_wrong_calls_are_told_in_a_line(trained: "Cli") -> None:
    for arguments, words in (
        (("quik",), "Did you mean 'quick'?"),
        (("quick", "--once", "--stay"), "keep one"),
        (("quick", "--storage", "sqlite:////nowhere/x.db"), "/nowhere/x.db"),
    ):
        refused = trained("study", "watch", *arguments)
        assert refused.code in (2, 3)
        assert (refused.out, refused.err.count("\n")) == ("", 1), refused
        assert words in refused.err


def test_on_a_terminal_it_draws_in_place_and_leaves_the_last_picture(
    cli: "Cli", screen: Callable[..., "Terminal"], begun: Callable[..., "Watching"], wait_for: WaitFor
) -> None:
    assert cli("study", "create", *SHORT).code == 0
    terminal = screen("study", "watch", "short", "--interval", "1", columns=36)
    wait_for(lambda: "nobody trains it" in terminal.text)
    begun("worker", "--study", "short")
    assert terminal.wait() == 0, terminal.text
    drawn, _, left = terminal.text.partition(FIRST_SCREEN)
    assert drawn.index(OTHER_SCREEN) < drawn.index("short")
    assert CURSOR in terminal.text.rpartition("\x1b[?25l")[2]
    lines = [line.rstrip() for line in printed_lines(drawn)]
    assert max(map(len, lines)) <= 36
    axis = next(number for number, line in enumerate(lines) if "┼┬───┬───┬───" in line)
    assert lines[axis - 1].strip()[0] in "│1"
    assert lines[axis + 1].split() == ["1", "2", "3"]
    assert "short on digits, resnet8: done" in SGR.sub("", left)
    assert "1.00 ┤" in SGR.sub("", left)
    assert "Traceback" not in terminal.text


def test_a_terminal_that_changes_its_size_is_drawn_anew(
    trained_home: Path, screen: Callable[..., "Terminal"], wait_for: WaitFor
) -> None:
    terminal = screen("study", "watch", "quick", "--stay", "--interval", "600", home=trained_home, columns=80)
    wait_for(lambda: "5 of 5" in terminal.text)
    before = len(terminal.text)
    terminal.resize(30, 24)
    wait_for(lambda: "5 of 5" in terminal.text[before:])
    assert max(map(len, printed_lines(terminal.text[before:]))) <= 30
    terminal.press("\x03")
    assert terminal.wait() == 130


def test_ctrl_c_ends_with_130_and_leaves_the_terminal_clean(
    trained_home: Path, screen: Callable[..., "Terminal"], wait_for: WaitFor
) -> None:
    terminal = screen("study", "watch", "quick", "--stay", home=trained_home)
    wait_for(lambda: "quick" in terminal.text)
    terminal.press("\x03")
    assert terminal.wait() == 130
    after = terminal.text.rpartition(FIRST_SCREEN)[2]
    assert CURSOR in terminal.text.rpartition("\x1b[?25l")[2]
    assert "vsearch: interrupted" in after
    assert "Traceback" not in terminal.text


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_in_a_pipe_it_ends_with_the_signals_code(
    cli: "Cli", begun: Callable[..., "Watching"], wait_for: WaitFor, number: signal.Signals, code: int
) -> None:
    assert cli("study", "create", *SHORT).code == 0
    watching = begun("study", "watch", "short")
    wait_for(lambda: watching.out)
    watching.process.send_signal(number)
    assert watching.wait() == code
    assert "Traceback" not in "".join(watching.err)


def test_a_database_that_goes_away_is_waited_for(
    cli: "Cli",
    begun: Callable[..., "Watching"],
    own_postgres_url: str,
    tell_postgres: Callable[[str], None],
    wait_for: WaitFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VSEARCH_STORAGE", own_postgres_url)
    at = {"VSEARCH_STORAGE": own_postgres_url}
    assert cli("study", "create", *LONG).code == 0
    watching = begun("study", "watch", "long", "--interval", "1", environ=at)
    worker = begun("worker", "--study", "long", environ=at)
    wait_for(lambda: "running" in cli.states("long"))
    tell_postgres("crash")
    try:
        wait_for(lambda: any("no answer for" in line for line in watching.err))
    finally:
        tell_postgres("start")
    wait_for(lambda: any("the database is back" in line for line in watching.err))
    assert watching.process.poll() is None
    assert cli("study", "cancel", "long", "--yes").code == 0
    assert watching.wait() == 1  # no trial has finished
    assert watching.out[-1].startswith("long is cancelled: 0 of 2 trials")
    told = "".join(watching.err)
    assert "Traceback" not in told
    assert told.count("no answer for") == 1
    assert "password" not in told
    worker.wait()


def test_rows_that_others_wrote_are_shown_and_not_obeyed(
    searched: "Cli", screen: Callable[..., "Terminal"], wait_for: WaitFor
) -> None:
    settings = resolve()
    study = studies.open_study("quick", settings)
    storage = study.stored.storage
    carry_out(storage, Entry(study.stored.study_id, None, ESCAPE, "stop", ESCAPE), lambda _connection: True)
    storage.enter_worker("evil", ESCAPE, 1, ESCAPE)
    assert claim_trial(study.resume(trials=9).stored, "evil", 600) is not None
    storage.close()
    with sqlite3.connect(searched.home / "vsearch.db") as connection:
        for key in ("role", "reason", "detail"):
            row = (2, key, json.dumps(ESCAPE))
            connection.execute("DELETE FROM trial_user_attributes WHERE trial_id = 2 AND key = ?", (key,))
            connection.execute("INSERT INTO trial_user_attributes (trial_id, key, value_json) VALUES (?, ?, ?)", row)
    connection.close()
    terminal = screen("study", "watch", "quick", "--stay", columns=100, lines=40, NO_COLOR="1")
    wait_for(lambda: "epoch 0/3" in terminal.text)
    terminal.press("\x03")
    assert terminal.wait() == 130
    assert [mark for mark in ("\x07", "\x9b", "\u202e", "]0;title\x07", "\x1b[2J\x9b") if mark in terminal.text] == []
    assert "\\x1b]0;title" in terminal.text
    for command in (("watch", "quick", "--once"), ("show", "quick"), ("watch", "quick", "--once", "--json")):
        shown = searched("study", *command)
        assert shown.code == 0, shown
        assert [mark for mark in ("\x1b", "\x07", "\x9b", "\u202e", "\nvsearch: forged") if mark in shown.out] == []


def test_who_watches_writes_nothing(searched: "Cli") -> None:
    with open_storage(f"sqlite:///{searched.home}/vsearch.db").engine.connect() as connection:
        version = connection.exec_driver_sql("PRAGMA data_version").scalar_one()
        assert searched("study", "watch", "quick").code == 0
        assert connection.exec_driver_sql("PRAGMA data_version").scalar_one() == version
