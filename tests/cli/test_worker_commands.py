"""Listing and draining real workers."""

import subprocess
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from vsearch.search.workers import worker_views
from vsearch.settings import resolve
from vsearch.storage import Storage, open_storage

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

PATIENCE_SECONDS = 200
WaitFor = Callable[[Callable[[], object]], None]
Begin = Callable[[], subprocess.Popen[str]]
LONG = (
    *("--family", "triangle", "--dataset", "digits", "--depth", "8", "--epochs", "2000", "--name", "long"),
    *("--train-images", "320", "--pruner", "none", "--trials", "2"),
)


@pytest.fixture(params=["sqlite", "postgres"])
def begun(request: pytest.FixtureRequest, cli: "Cli", monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    """Starts a worker of the study `long`, on each kind of database in turn; killed at the end of the test."""
    environ = {"VSEARCH_LEASE": "4"}
    if request.param == "postgres":
        environ["VSEARCH_STORAGE"] = request.getfixturevalue("postgres_url")
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert cli("study", "create", *LONG).code == 0
    processes: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        processes.append(cli.start("worker", "--study", "long", environ=environ))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def storage(begun: Begin) -> Iterator[Storage]:
    """The same storage, opened once: a command for each look would take a connection each."""
    opened = open_storage(resolve().storage.value)
    yield opened
    opened.close()


def workers(cli: "Cli") -> list[dict[str, Any]]:
    result = cli("worker", "list", "--json")
    assert result.code == 0, result.err
    assert result.json["schema"] == "vsearch.worker-list/1"
    found: list[dict[str, Any]] = result.json["workers"]
    return found


def test_a_worker_is_listed_while_it_trains_and_drained_with_code_0(
    cli: "Cli", begun: Begin, storage: Storage, wait_for: WaitFor
) -> None:
    assert "no worker runs" in cli("worker", "list").err
    worker = begun()
    wait_for(lambda: any(view.images_per_second for view in worker_views(storage, 4)))
    (row,) = workers(cli)
    assert f"-{worker.pid}-" in row["worker"]
    assert (row["state"], row["studies"], row["trials"]) == ("working", ["long"], [0])
    assert row["epochs"][0] >= 1
    assert row["seconds_since_progress"] < 60
    header, line = cli("worker", "list").out.splitlines()
    assert header.split()[:5] == ["host", "worker", "device", "state", "study"]
    assert "working" in line

    drained = cli("worker", "drain", row["worker"], "--wait")
    assert (drained.code, drained.out) == (0, "")
    assert row["worker"] in drained.err
    assert workers(cli) == []
    _, error = worker.communicate(timeout=PATIENCE_SECONDS)
    assert worker.returncode == 0, error
    assert "Traceback" not in error
    (trial, _) = cli.trials("long")
    assert trial["state"] == "waiting"
    assert trial["epochs"] >= 1
    (attempt,) = cli("trial", "show", "long", "0", "--json").json["attempts"]
    assert (attempt["reason"], attempt["detail"]) == ("preempted", "the worker is drained")


def test_all_workers_of_a_host_are_drained(cli: "Cli", begun: Begin, storage: Storage, wait_for: WaitFor) -> None:
    started = [begun(), begun()]
    wait_for(lambda: len(storage.workers()) == 2)
    unknown = cli("worker", "drain", "nowhere")
    assert (unknown.code, unknown.err.count("\n")) == (2, 1)
    assert all(row["worker"] in unknown.err for row in workers(cli))
    assert cli("worker", "drain", workers(cli)[0]["host"]).code == 0
    for worker in started:
        _, error = worker.communicate(timeout=PATIENCE_SECONDS)
        assert worker.returncode == 0, error
    assert workers(cli) == []
    assert set(cli.states("long")) == {"waiting"}


def test_the_list_needs_no_storage_and_makes_none(cli: "Cli") -> None:
    listed = cli("worker", "list", "--json")
    assert (listed.code, listed.json["workers"]) == (0, [])
    assert not cli.home.exists()


def test_the_bare_command_still_serves_studies(cli: "Cli") -> None:
    quick = ("--train-images", "128", "--recipe-set", "batch_size=64", "--pruner", "none", "--trials", "1")
    created = cli(
        *("study", "create", "--family", "triangle", "--dataset", "digits", "--depth", "8", "--epochs", "1"), *quick
    )
    assert created.code == 0
    served = cli.process("worker")
    assert served.code == 0, served.err
    assert cli.states(created.out.strip())[0] == "finished"
