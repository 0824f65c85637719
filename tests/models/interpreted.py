"""Runs checks of kernels under triton's interpreter, on the CPU: it must be chosen before triton is first imported.

    python -m tests.models.interpreted MODULE

calls each function of that module whose name begins with `check_` and prints, as JSON, what went wrong in which.
"""

import importlib
import json
import os
import subprocess
import sys
import traceback
from pathlib import Path


def checks(module: str) -> list[str]:
    """The names of its checks."""
    return [name for name in vars(importlib.import_module(module)) if name.startswith("check_")]


def run_interpreted(module: str) -> dict[str, str]:
    """What went wrong in each check of a module, run in a process of its own; empty texts where nothing did."""
    root = Path(__file__).resolve().parents[2]
    result = subprocess.run(
        [sys.executable, "-m", __name__, module],
        env={**os.environ, "TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"},
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    found: dict[str, str] = json.loads(result.stdout.splitlines()[-1])
    return found


def _outcome(module: str, name: str) -> str:
    try:
        getattr(importlib.import_module(module), name)()
    except Exception:
        return traceback.format_exc()
    return ""


if __name__ == "__main__":
    given = sys.argv[1]
    print(json.dumps({name: _outcome(given, name) for name in checks(given)}))  # noqa: T201
