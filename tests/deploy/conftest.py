"""What the tests of the files for deployment share: the real command line as a process, and its parser."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from vsearch.cli.app import app
from vsearch.settings import DASHBOARD_PASSWORD, DASHBOARD_PASSWORD_FILE, OPTIONS, PASSWORD_FILE

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 400

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def variables() -> set[str]:
    """The environment variables that vsearch reads."""
    return {option.variable for option in OPTIONS} | {PASSWORD_FILE, DASHBOARD_PASSWORD_FILE, DASHBOARD_PASSWORD}


@pytest.fixture(scope="session")
def parse() -> Callable[[list[str]], None]:
    """Lets the real command line read arguments, without running the command."""

    def parse(arguments: list[str]) -> None:
        command: click.Command = app
        while isinstance(command, click.Group) and arguments:
            found = command.get_command(click.Context(command), arguments[0])
            if found is None:
                break
            command, arguments = found, arguments[1:]
        assert not isinstance(command, click.Group) or command.invoke_without_command, arguments
        context = command.make_context("vsearch", list(arguments))
        assert command.make_parser(context).parse_args(list(arguments))[1] == []  # nothing that is no option

    return parse


@pytest.fixture
def plain_environment(tmp_path: Path) -> dict[str, str]:
    """The environment with a home of the test's own and no other setting of vsearch."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("VSEARCH_", "SLURM_", "PG"))}
    return plain | {"VSEARCH_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"}


@pytest.fixture
def run(plain_environment: dict[str, str]) -> Run:
    """`run("study", "list", url=…)` runs a command of vsearch as a process to its end."""

    def run(*arguments: str, url: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "vsearch", *arguments],
            env=plain_environment | {"VSEARCH_STORAGE": url},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    return run
