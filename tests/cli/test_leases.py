"""Workers that stand still: another one adopts their trial, and they cannot harm it when they come back."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

PATIENCE_SECONDS = 200
WaitFor = Callable[[Callable[[], object]], None]
STUDY = (
    *("--family", "triangle", "--dataset", "digits", "--depth", "8", "--epochs", "60", "--name", "still"),
    *("--train-images", "320", "--pruner", "none", "--trials", "1"),
)
LEASE_SECONDS = "10"


@pytest.fixture
def begun(cli: "Cli") -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a worker of the study `still` as on a machine of its own: with another home, but the same database."""
    processes: list[subprocess.Popen[str]] = []

    def start(name: str, url: str) -> subprocess.Popen[str]:
        environ = {"VSEARCH_HOME": str(cli.home / name), "VSEARCH_CHECKPOINTS": str(cli.home / "checkpoints")}
        environ |= {"VSEARCH_LEASE": LEASE_SECONDS, "VSEARCH_STORAGE": url}
        processes.append(cli.start("worker", "--study", "still", environ=environ))
        return processes[-1]

    yield start
    for process in processes:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.communicate()


def test_a_trial_of_a_stopped_worker_is_adopted_and_the_late_worker_drops_it(
    cli: "Cli",
    begun: Callable[..., subprocess.Popen[str]],
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
    wait_for: WaitFor,
) -> None:
    monkeypatch.setenv("VSEARCH_STORAGE", postgres_url)
    assert cli("study", "create", *STUDY).code == 0

    def trial() -> dict[str, Any]:
        return cli.trials("still")[0]

    late = begun("late", postgres_url)
    wait_for(lambda: trial()["epochs"] >= 1)
    late.send_signal(signal.SIGSTOP)
    other = begun("other", postgres_url)
    wait_for(lambda: f"-{other.pid}-" in str(trial()["worker"]))
    wait_for(lambda: trial()["epochs"] >= 2)
    late.send_signal(signal.SIGCONT)
    endings = [process.communicate(timeout=PATIENCE_SECONDS)[1] for process in (late, other)]

    assert (late.returncode, other.returncode) == (0, 0), endings
    assert "given to another worker" in endings[0]
    assert "Traceback" not in endings[0] + endings[1]
    ended = trial()
    assert (ended["number"], ended["state"], ended["epochs"]) == (0, "finished", 60)
    assert f"-{other.pid}-" in ended["worker"]
    assert len(cli.states("still")) == 2  # the baseline, and the paper's curve that the budget did not reach
