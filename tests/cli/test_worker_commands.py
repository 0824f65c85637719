"""Listing and draining real workers."""

import re
import subprocess
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from vsearch.search.workers import worker_views
from vsearch.settings import resolve
from vsearch.storage import Storage, open_storage
from vsearch.worker.fleet import core_count

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

PATIENCE_SECONDS = 200
WaitFor = Callable[[Callable[[], object]], None]
Begin = Callable[..., subprocess.Popen[str]]
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

    def start(*arguments: str) -> subprocess.Popen[str]:
        processes.append(cli.start("worker", "--study", "long", *arguments, environ=environ))
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
    worker = begun("--slots", "1")
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


def test_a_worker_is_listed_and_watched_with_the_trials_of_all_its_slots(
    cli: "Cli", begun: Begin, storage: Storage, wait_for: WaitFor
) -> None:
    begun("--slots", "2")
    wait_for(lambda: [view for view in worker_views(storage, 4) if min(view.epochs, default=0) and view.trials[1:]])
    (row,) = workers(cli)
    assert (row["state"], row["studies"], row["trials"]) == ("working", ["long"], [0, 1])
    assert min(row["epochs"]) >= 1
    assert row["images_per_second"] > 0
    _, line = cli("worker", "list").out.splitlines()
    assert re.search(r" working +long +0, 1 +\d+, \d+ +\d+ ", line), line
    watched = cli("study", "watch", "long", "--once").out
    assert re.search(r": trials 0 epoch \d+/2000, 1 epoch \d+/2000, \d+ images/s\n", watched), watched
    assert "2 running" in watched
    (seen,) = cli("study", "watch", "long", "--once", "--json").json["workers"]
    assert seen["trials"] == [0, 1]


def test_all_workers_of_a_host_are_drained(cli: "Cli", begun: Begin, storage: Storage, wait_for: WaitFor) -> None:
    started = [begun("--slots", "1"), begun("--slots", "1")]
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
    assert cli("doctor", "--json", "--device", "cpu").json["slots"] == {}
    served = cli.process("worker", "--device", "cpu")
    assert served.code == 0, served.err
    assert cli.states(created.out.strip())[0] == "finished"
    # As many slots as it found best, which it remembers.
    ((kind, found),) = cli("doctor", "--json", "--device", "cpu").json["slots"].items()
    assert re.fullmatch(r"resnet-8, 8x8x1, batch 64, (bf16|float32), slots auto, threads auto", kind)
    assert found["slots"] * found["threads"] <= core_count()
    told = cli("doctor", "--device", "cpu").out
    assert re.search(
        rf"\nslots that were found best\n  {found['slots']}, {found['threads']} threads? each .*{kind}\n", told
    )


@pytest.mark.parametrize(("slots", "trials"), [("3", 3), ("auto", 1)])
def test_a_fleet_whose_slots_are_given_is_one_worker(cli: "Cli", slots: str, trials: int) -> None:
    quick = ("--train-images", "128", "--recipe-set", "batch_size=64", "--pruner", "none", "--trials", str(trials))
    small = ("--family", "triangle", "--dataset", "digits", "--depth", "8", "--epochs", "1", "--name", "small")
    done = cli.process("study", "run", *small, *quick, "--slots", slots, "--device", "cpu")
    assert done.code == 0, done.err
    assert set(cli.states("small")[:trials]) == {"finished"}
    assert [log.name for log in (cli.home / "logs").iterdir()] == ["small-1.log"]
    assert ("warning" in done.err) == (slots == "3" and core_count() < 3)
    assert (cli.home / "layouts.json").exists() == (slots == "auto" and core_count() > 1)
