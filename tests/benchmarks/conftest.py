"""Running a benchmark as its docstring says, and importing one to look at its parts."""

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
Runner = Callable[..., list[list[str]]]


@pytest.fixture
def table() -> Runner:
    """Run `python benchmarks/NAME.py ARGUMENTS`; the cells of every table row that it prints, headings too."""

    def run(name: str, *arguments: str) -> list[list[str]]:
        command = [sys.executable, str(FOLDER / f"{name}.py"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
        assert done.returncode == 0, done.stderr
        rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("|")]
        return [row for row in rows if set("".join(row)) != {"-"}]

    return run


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Import `benchmarks/NAME.py`."""

    def load(name: str) -> ModuleType:
        monkeypatch.syspath_prepend(FOLDER)  # as for a script there
        spec = importlib.util.spec_from_file_location(f"benchmark_{name}", FOLDER / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        loaded = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, loaded)
        spec.loader.exec_module(loaded)
        return loaded

    return load
