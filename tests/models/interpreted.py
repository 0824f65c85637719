"""Runs checks of kernels in Triton's interpreter, on the CPU: it must be chosen before Triton is first imported.

    python -m tests.models.interpreted MODULE

prints a JSON object of what failed in the `checks()` of that module, by their names.
"""

import importlib
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

Check = Callable[[str], None]
"""What raises AssertionError where something is not as it should be on a device."""


def failures(module: str) -> dict[str, str]:
    """The tracebacks of a module's checks, run in a process of its own; empty where all is as it should be."""
    done = subprocess.run(
        [sys.executable, "-m", __name__, module],
        capture_output=True,
        text=True,
        timeout=400,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    if done.returncode:
        pytest.fail(done.stderr, pytrace=False)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def _failure(check: Check) -> str:
    try:
        check("cpu")
    except Exception:
        return traceback.format_exc()
    return ""


if __name__ == "__main__":
    os.environ["TRITON_INTERPRET"] = "1"
    torch.set_num_threads(1)
    found = importlib.import_module(sys.argv[1]).checks()
    json.dump({name: _failure(check) for name, check in found.items()}, sys.stdout)
