"""Pausing, cancelling and deleting studies that real workers train, and the record of it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from vsearch import study as studies
from vsearch.settings import resolve

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

PATIENCE_SECONDS = 200
WaitFor = Callable[[Callable[[], object]], None]
Begin = Callable[..., subprocess.Popen[str]]
LONG = (
    *("--family", "triangle", "--dataset", "digits", "--depth", "8", "--epochs", "2000", "--name", "long"),
    *("--train-images", "320", "--pruner", "none", "--trials", "2"),
)
"""A study whose trials end by themselves only after minutes."""


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, cli: "Cli") -> dict[str, str]:
    """The environment of the commands, with each kind of database in turn; workers notice orders within a second."""
    environ = {"VSEARCH_LEASE": "4"}
    if request.param == "postgres":
        environ["VSEARCH_STORAGE"] = request.getfixturevalue("postgres_url")
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return environ


@pytest.fixture
def begun(cli: "Cli", database: dict[str, str]) -> Iterator[Begin]:
    """Starts a command as a process; killed at the end of the test."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        processes.append(cli.start(*arguments, environ=database))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def watched(cli: "Cli", database: dict[str, str]) -> Iterator[studies.Study]:
    """The study `long`, opened once: a command for each look would take a connection each."""
    assert cli("study", "create", *LONG).code == 0
    study = studies.open_study("long", resolve())
    yield study
    study.stored.storage.close()


def attempts(cli: "Cli", number: int = 0) -> list[tuple[str, str]]:
    found = cli("trial", "show", "long", str(number), "--json").json["attempts"]
    return [(attempt["reason"], attempt["detail"]) for attempt in found]


def test_a_pause_puts_a_running_trial_back_and_resuming_goes_on_with_it(
    cli: "Cli", begun: Begin, watched: studies.Study, wait_for: WaitFor
) -> None:
    worker = begun("worker", "--study", "long", "--stay")
    wait_for(lambda: watched.trial(0).epochs >= 2)
    assert cli("study", "pause", "long").code == 0
    wait_for(lambda: watched.trial(0).state == "waiting")
    paused = watched.trial(0)
    assert paused.epochs >= 2
    assert attempts(cli) == [("preempted", "the study was paused")]
    assert set(cli.states("long")) == {"waiting"}
    assert worker.poll() is None

    assert cli("study", "resume", "long").code == 0
    wait_for(lambda: watched.trial(0).epochs > paused.epochs)
    assert watched.trial(0).curve == paused.curve
    assert [reason for reason, _ in attempts(cli)] == ["preempted", ""]
    assert cli("study", "cancel", "long", "--yes").code == 0


def test_a_cancelled_trial_is_dropped_by_its_worker_and_trained_anew_after_resuming(
    cli: "Cli", begun: Begin, watched: studies.Study, wait_for: WaitFor
) -> None:
    worker = begun("worker", "--study", "long")
    wait_for(lambda: watched.trial(0).epochs >= 2)
    cancelled = cli("study", "cancel", "long", "--yes")
    assert (cancelled.code, cancelled.out) == (0, "")
    assert "cancelled long: 2 trials ended" in cancelled.err
    assert [(t["state"], t["reason"]) for t in cli.trials("long")] == [("failed", "cancelled")] * 2
    ended = watched.trial(0)
    _, error = worker.communicate(timeout=PATIENCE_SECONDS)
    assert (worker.returncode, "Traceback" in error) == (0, False), error
    assert watched.trial(0) == ended
    assert [reason for reason, _ in attempts(cli)] == ["cancelled"]
    assert list(cli.home.rglob("*.ckpt")) == []

    assert cli("study", "resume", "long").code == 0
    assert [t["role"] for t in cli.trials("long")] == ["baseline", "paper", "baseline", "paper"]
    again = begun("worker", "--study", "long")
    wait_for(lambda: watched.trial(2).epochs >= 1)
    again.terminate()
    again.communicate(timeout=PATIENCE_SECONDS)
    assert cli("study", "cancel", "long", "--yes").code == 0


def test_a_study_in_training_is_deleted_only_by_force_and_its_worker_says_so(
    cli: "Cli", begun: Begin, watched: studies.Study, wait_for: WaitFor
) -> None:
    worker = begun("worker", "--study", "long")
    wait_for(lambda: watched.trial(0).epochs >= 1)
    refused = cli("study", "delete", "long", "--yes")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert f"-{worker.pid}-" in refused.err
    assert "--force" in refused.err
    assert cli("study", "delete", "long", "--yes", "--force").code == 0
    assert cli("study", "list", "--json").json["studies"] == []
    _, error = worker.communicate(timeout=PATIENCE_SECONDS)
    assert "Traceback" not in error
    assert worker.returncode == 2, error
    assert "vsearch: the study 'long' is gone" in error.splitlines()[-1]


def test_the_record_shows_who_did_what(cli: "Cli", database: dict[str, str]) -> None:
    assert cli("study", "create", *LONG).code == 0
    assert "nobody has stopped" in cli("study", "events", "long").err
    for command in (("stop",), ("pause",), ("cancel", "--yes"), ("resume", "--trials", "9"), ("resume",)):
        assert cli("study", command[0], "long", *command[1:]).code == 0
    content = cli("study", "events", "long", "--json").json
    assert content["schema"] == "vsearch.events/1"
    found = [(event["action"], event["detail"], event["trial"]) for event in content["events"]]
    assert found == [
        ("stop", "", None),
        ("pause", "", None),
        ("cancel", "", None),
        ("resume", "trials 2 -> 9", None),
    ]
    assert all("@" in event["who"] and event["at"].endswith("+00:00") for event in content["events"])
    header, *rows = cli("study", "events", "long").out.splitlines()
    assert header.split() == ["at", "who", "action", "trial", "detail"]
    assert [row.split()[2] for row in rows] == ["stop", "pause", "cancel", "resume"]


@pytest.mark.parametrize("state", ["stop", "pause", "cancel"])
def test_run_says_how_a_closed_study_goes_on(cli: "Cli", state: str) -> None:
    assert cli("study", "create", *LONG).code == 0
    assert cli("study", state, "long", *(["--yes"] if state == "cancel" else [])).code == 0
    result = cli("study", "run", "long")
    assert result.code == 1
    assert "vsearch study resume long" in result.err


@pytest.mark.parametrize("command", [("study", "cancel", "long"), ("study", "delete", "long")], ids=lambda c: c[1])
@pytest.mark.parametrize("closing", ["0<&-", "</dev/null"], ids=["closed", "empty"])
def test_what_cannot_be_undone_is_not_done_where_nobody_can_answer(
    cli: "Cli", command: tuple[str, ...], closing: str
) -> None:
    assert cli("study", "create", *LONG).code == 0
    shell = f'exec "$0" -m vsearch {" ".join(command)} {closing}'
    done = subprocess.run(
        ["bash", "-c", shell, sys.executable],
        env=os.environ | {"VSEARCH_HOME": str(cli.home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done
    assert "--yes" in done.stderr
    assert set(cli.states("long")) == {"waiting"}
