"""The script of what wants to be measured on a GPU."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "gpu.sh"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*arguments], capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin", "PYTHON": "true"}
    )


def test_shellcheck_finds_nothing() -> None:
    done = run(str(Path(sys.executable).parent / "shellcheck"), str(SCRIPT))
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("part", ["correctness", "speed", "baselines", "searches", "table", "calibration"])
def test_each_part_can_be_called_by_itself_and_another_is_refused(part: str) -> None:
    """With a program in the place of Python that does nothing."""
    assert run("bash", str(SCRIPT), part).returncode == 0
    refused = run("bash", str(SCRIPT), f"{part}s?")
    assert refused.returncode == 2
    assert "there are correctness, speed, baselines, searches, table and calibration" in refused.stderr


def test_a_part_that_fails_is_not_followed_by_the_next() -> None:
    done = subprocess.run(
        ["bash", str(SCRIPT)], capture_output=True, text=True, check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHON": "false"},
    )  # fmt: skip
    assert done.returncode == 1
