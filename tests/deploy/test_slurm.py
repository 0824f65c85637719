"""deploy/slurm.sbatch, run as Slurm runs it: the worker gets the signal, and the task queues itself again."""

import json
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

LONG = (
    *("--family", "triangle", "--dataset", "digits", "--depth", "8", "--epochs", "40", "--name", "long"),
    *("--train-images", "320", "--pruner", "none", "--trials", "1"),
)
PATIENCE_SECONDS = 200
Run = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def script(root: Path) -> Path:
    return root / "deploy" / "slurm.sbatch"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/vsearch.db"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with `vsearch`, and with a `scontrol` that only writes down what it is asked."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "vsearch").write_text(f'#!/bin/sh\nexec {sys.executable} -m vsearch "$@"\n')
    (folder / "scontrol").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/scontrol.log\n')
    for program in folder.iterdir():
        program.chmod(0o755)
    return folder


@pytest.fixture
def batch(
    script: Path, url: str, programs: Path, tmp_path: Path, plain_environment: dict[str, str]
) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the script in the environment of an array's third task."""
    ids = {"SLURM_JOB_ID": "1007", "SLURM_ARRAY_JOB_ID": "1004", "SLURM_ARRAY_TASK_ID": "3"}
    environ = (
        plain_environment
        | ids
        | {
            "SLURM_SUBMIT_DIR": str(tmp_path),
            "SLURM_CPUS_PER_TASK": "4",
            "PATH": f"{programs}:{plain_environment['PATH']}",
            "TMPDIR": str(tmp_path),
            "VSEARCH_STORAGE": url,
            "VSEARCH_CHECKPOINTS": str(tmp_path / "checkpoints"),
            "VSEARCH_DEVICE": "cpu",
        }
    )
    shells: list[subprocess.Popen[str]] = []

    def start(*arguments: str, leave_out: str = "") -> subprocess.Popen[str]:
        given = {name: value for name, value in environ.items() if name != leave_out}
        shell = subprocess.Popen(
            ["bash", str(script), *arguments], env=given, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        shells.append(shell)
        return shell

    yield start
    for shell in shells:
        if shell.poll() is None:
            shell.terminate()
        shell.communicate(timeout=PATIENCE_SECONDS)


def reported_epochs(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        found: int = connection.execute("SELECT count(*) FROM trial_intermediate_values").fetchone()[0]
    return found


@pytest.mark.parametrize(
    ("number", "code", "requeued"), [(signal.SIGUSR1, 138, ["requeue 1004_3"]), (signal.SIGTERM, 143, [])]
)
def test_a_signal_reaches_the_worker_and_only_the_end_of_its_time_queues_it_again(
    run: Run,
    batch: Start,
    url: str,
    tmp_path: Path,
    wait_for: Callable[[Callable[[], object]], None],
    number: int,
    code: int,
    requeued: list[str],
) -> None:
    def trial() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(run("study", "show", "long", "--json", url=url).stdout)["trials"][0]
        return found

    assert run("study", "create", *LONG, url=url).returncode == 0
    shell = batch("--study", "long")
    wait_for(lambda: reported_epochs(tmp_path / "vsearch.db") >= 1)
    shell.send_signal(number)
    _, error = shell.communicate(timeout=PATIENCE_SECONDS)

    assert shell.returncode == code, error
    assert "Traceback" not in error
    before = trial()
    assert before["state"] == "waiting"
    assert 1 <= before["epochs"] < 40
    log = tmp_path / "scontrol.log"
    assert (log.read_text().splitlines() if log.exists() else []) == requeued
    assert not (tmp_path / "vsearch-1007").exists()

    again = batch("--study", "long")
    _, error = again.communicate(timeout=PATIENCE_SECONDS)
    assert again.returncode == 0, error
    assert (trial()["state"], trial()["epochs"]) == ("finished", 40)
    assert (log.read_text().splitlines() if log.exists() else []) == requeued


def test_the_worker_finds_its_slots_unless_the_call_gives_them(batch: Start, programs: Path, tmp_path: Path) -> None:
    (programs / "vsearch").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n')
    for arguments in ((), ("--slots", "3", "--threads", "2")):
        shell = batch(*arguments)
        _, error = shell.communicate(timeout=PATIENCE_SECONDS)
        assert shell.returncode == 0, error
    assert (tmp_path / "calls").read_text().splitlines() == [
        "worker --device cpu",
        "worker --device cpu --slots 3 --threads 2",
    ]


def test_without_a_storage_it_says_what_to_set(batch: Start) -> None:
    shell = batch(leave_out="VSEARCH_STORAGE")
    _, error = shell.communicate(timeout=PATIENCE_SECONDS)
    assert shell.returncode != 0
    assert "VSEARCH_STORAGE: set it to the URL" in error


def test_an_error_of_the_worker_is_the_tasks(batch: Start, tmp_path: Path) -> None:
    shell = batch("--study", "nothing")
    _, error = shell.communicate(timeout=PATIENCE_SECONDS)
    assert shell.returncode == 3, error
    assert not (tmp_path / "scontrol.log").exists()


def test_the_directives_ask_for_the_signal_a_gpu_and_a_place_in_the_queue(script: Path) -> None:
    text = script.read_text()
    directives = dict(re.findall(r"^#SBATCH --([\w-]+)=?(.*)$", text, re.MULTILINE))
    assert re.fullmatch(r"B:USR1@\d{3}", directives["signal"])
    assert directives["requeue"] == ""
    assert directives["gres"] == "gpu:1"
    assert directives["ntasks"] == "1"
    assert text.index("#SBATCH") < text.index("set -u")  # Slurm reads none after the first command
    assert not re.search(r"://[^@\s]*:[^@\s]*@", text)


def test_shellcheck_finds_nothing(script: Path) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "shellcheck"), str(script)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
