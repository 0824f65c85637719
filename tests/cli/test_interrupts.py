"""Ctrl-C, termination and sudden death of real processes: nothing is lost, nothing is trained twice."""

import os
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

PATIENCE_SECONDS = 200
WaitFor = Callable[[Callable[[], object]], None]
LONG = (
    *("--family", "triangle", "--dataset", "digits", "--depth", "8", "--epochs", "40", "--name", "long"),
    *("--train-images", "320", "--pruner", "none", "--trials", "2"),
)
"""A study whose trials take some seconds."""
SHORT = (
    *("--family", "triangle", "--dataset", "digits", "--depth", "8", "--epochs", "2", "--name", "short"),
    *("--train-images", "128", "--recipe-set", "batch_size=64", "--pruner", "none", "--trials", "24"),
)


@pytest.fixture
def begun(cli: "Cli") -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a command as a process; killed at the end of the test."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str, environ: dict[str, str] | None = None) -> subprocess.Popen[str]:
        processes.append(cli.start(*arguments, environ=environ))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def has_epochs(cli: "Cli", number: int = 1) -> bool:
    """Whether the study `long` exists and a running trial has finished so many epochs."""
    shown = cli("study", "show", "long", "--json")
    return shown.code == 0 and any(
        trial["state"] == "running" and trial["epochs"] >= number for trial in shown.json["trials"]
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_puts_its_trials_back_and_the_same_command_goes_on(
    cli: "Cli", begun: Callable[..., subprocess.Popen[str]], number: int, code: int, wait_for: WaitFor
) -> None:
    run = begun("study", "run", *LONG, "--workers", "1")
    wait_for(lambda: has_epochs(cli, 2))
    run.send_signal(number)
    _, error = run.communicate(timeout=PATIENCE_SECONDS)
    assert run.returncode == code, error
    assert "go on with: vsearch study run long" in error
    assert "Traceback" not in error
    before = cli.trials("long")
    assert {trial["state"] for trial in before} <= {"waiting", "finished"}
    assert len(list(cli.home.rglob("*.ckpt"))) == 1

    again = cli.process("study", "run", *LONG, "--workers", "1")
    assert again.code == 0, again.err
    after = cli.trials("long")
    assert [trial["state"] for trial in after] == ["finished"] * 2
    assert [trial["epochs"] for trial in after] == [40] * 2
    assert after[0]["curve"] == before[0]["curve"]
    assert list(cli.home.rglob("*.ckpt")) == []


def test_a_second_interrupt_ends_at_once(
    cli: "Cli", begun: Callable[..., subprocess.Popen[str]], wait_for: WaitFor
) -> None:
    run = begun("study", "run", *LONG, "--workers", "2")
    wait_for(lambda: has_epochs(cli))
    run.send_signal(signal.SIGINT)
    run.send_signal(signal.SIGINT)
    _, error = run.communicate(timeout=PATIENCE_SECONDS)
    assert run.returncode == 130, error
    assert "Traceback" not in error
    assert workers_of(cli.home) == []


def test_workers_end_when_the_command_that_started_them_is_killed(
    cli: "Cli", begun: Callable[..., subprocess.Popen[str]], wait_for: WaitFor
) -> None:
    run = begun("study", "run", *LONG, "--workers", "1")
    wait_for(lambda: has_epochs(cli))
    run.kill()
    run.wait()
    wait_for(lambda: workers_of(cli.home) == [])
    states = cli.states("long")
    assert "running" not in states
    assert "waiting" in states


def test_a_run_goes_on_after_everything_was_killed_at_once(
    cli: "Cli", begun: Callable[..., subprocess.Popen[str]], wait_for: WaitFor
) -> None:
    run = begun("study", "run", *LONG, "--workers", "2")
    wait_for(lambda: has_epochs(cli))
    run.kill()
    for worker in workers_of(cli.home):
        os.kill(worker, signal.SIGKILL)
    run.wait()
    assert "running" in cli.states("long")
    again = cli.process("study", "run", *LONG, "--workers", "2")
    assert again.code == 0, again.err
    assert cli.states("long") == ["finished"] * 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1, signal.SIGINT])
def test_an_interrupted_worker_ends_with_its_signals_code_and_another_goes_on_at_once(
    cli: "Cli", begun: Callable[..., subprocess.Popen[str]], wait_for: WaitFor, number: signal.Signals
) -> None:
    assert cli("study", "create", *LONG).code == 0
    worker = begun("worker", "--study", "long", "--slots", "2")
    wait_for(lambda: [trial["epochs"] > 0 for trial in cli.trials("long")] == [True, True])
    worker.send_signal(number)
    _, error = worker.communicate(timeout=PATIENCE_SECONDS)
    assert worker.returncode == 128 + number, error
    assert set(cli.states("long")) == {"waiting"}
    assert {path.name for path in cli.home.rglob("*.ckpt")} == {"trial-0.1.ckpt", "trial-1.1.ckpt"}
    for trial in ("0", "1"):
        assert cli("trial", "show", "long", trial, "--json").json["attempts"][0]["reason"] == "preempted"
    begun("worker", "--study", "long", "--slots", "1")
    wait_for(lambda: cli.states("long")[0] == "running")


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_the_number_of_trials_is_exact_over_all_workers_though_one_is_killed(
    cli: "Cli",
    begun: Callable[..., subprocess.Popen[str]],
    request: pytest.FixtureRequest,
    database: str,
    wait_for: WaitFor,
) -> None:
    at = ("--storage", request.getfixturevalue("postgres_url")) if database == "postgres" else ()
    assert cli("study", "create", *SHORT, *at).code == 0

    def trials() -> list[dict[str, object]]:
        found: list[dict[str, object]] = cli("study", "show", "short", "--json", *at).json["trials"]
        return found

    environ = {"VSEARCH_STORAGE": at[1]} if at else {}
    workers = [begun("worker", "--study", "short", environ=environ) for _ in range(3)]

    def at_work() -> list[subprocess.Popen[str]]:
        names = " ".join(str(trial["worker"]) for trial in trials())
        return [worker for worker in workers if f"-{worker.pid}-" in names]

    wait_for(at_work)
    killed = at_work()[0]  # whichever was first: on a busy machine it may be over before the others begin
    killed.kill()
    for worker in workers:
        if worker is killed:
            continue
        _, error = worker.communicate(timeout=PATIENCE_SECONDS)
        assert worker.returncode == 0, error
    found = trials()
    assert Counter(trial["state"] for trial in found) == {"finished": 24}
    assert [trial["number"] for trial in found] == list(range(24))
    assert len({trial["worker"] for trial in found}) >= 2
    curves = Counter((str(trial["curve"]), str(trial["seeds"])) for trial in found)
    assert max(curves.values()) == 1


def workers_of(home: Path) -> list[int]:
    """Processes that hold a worker's lock in that home, from the names of the lock files."""
    pids = [int(path.name.split("-")[-2]) for path in (home / "workers").glob("*.lock")]
    return [pid for pid in pids if Path(f"/proc/{pid}/cmdline").is_file() and is_running(pid)]


def is_running(pid: int) -> bool:
    """Whether the process is there and no zombie."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
