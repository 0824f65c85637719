"""Which workers live, and what becomes of the trials of dead ones."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vsearch.errors import DataError
from vsearch.search.claims import claim_trial
from vsearch.worker.presence import is_dead, present, put_back_orphans

LIVE = """
import sys
from pathlib import Path
from vsearch.worker.presence import present
with present(Path(sys.argv[1])) as name:
    print(name, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def start(tmp_path: Path) -> Any:
    """Starts a process that is a worker in `tmp_path` until its stdin closes; gives it and its name."""
    started: list[subprocess.Popen[str]] = []

    def start_one() -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [sys.executable, "-c", LIVE, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield start_one
    for process in started:
        process.kill()
        process.communicate()


def test_a_worker_is_dead_when_its_process_was_killed(start: Callable[..., Any], tmp_path: Path) -> None:
    process, name = start()
    assert not is_dead(tmp_path, name)
    process.kill()
    process.wait()
    assert is_dead(tmp_path, name)


def test_a_worker_that_ended_in_order_leaves_no_file(start: Callable[..., Any], tmp_path: Path) -> None:
    process, _ = start()
    process.communicate()
    assert process.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_said_of_workers_of_other_machines(tmp_path: Path) -> None:
    assert not is_dead(tmp_path, "elsewhere-1-abcdef")


def test_each_worker_has_a_name_of_its_own(tmp_path: Path) -> None:
    with present(tmp_path) as one, present(tmp_path) as other:
        assert one != other


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="VSEARCH_HOME"), present(tmp_path / "file"):
        pytest.fail("entered")


def test_only_trials_of_dead_workers_wait_again(start: Callable[..., Any], make_study: Any, tmp_path: Path) -> None:
    study = make_study(trials=9)
    (dead, dead_name), (_, live_name) = start(), start()
    claims = [claim_trial(study, name) for name in (dead_name, live_name, "elsewhere-1-abcdef")]
    assert put_back_orphans(study, tmp_path) == []
    dead.kill()
    dead.wait()
    assert put_back_orphans(study, tmp_path) == [(0, True)]
    assert [trial.state.name for trial in study.optuna_study.trials] == ["WAITING", "RUNNING", "RUNNING"]
    again = claim_trial(study, live_name)
    assert again is not None
    assert claims[0] is not None
    assert (again.number, again.seeds) == (0, claims[0].seeds)
