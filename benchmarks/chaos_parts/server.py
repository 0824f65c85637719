"""A PostgreSQL server of a chaos test's own, to be stopped, crashed, killed and started again."""

import json
import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[2] / "tests"


class OwnServer:
    """The server of `tests/postgres.py`; it ends with this process, however that ends."""

    def __init__(self, *, writes_through: bool = False, **settings: str) -> None:
        """Start it; with `writes_through` a commit is on the disk (fsync), as on servers that matter.

        Args:
            settings: of PostgreSQL, in place of what the tests' server has (`max_connections="200"`).

        Raises:
            RuntimeError: there is no PostgreSQL; says how to get one.
        """
        durable = dict.fromkeys(("fsync", "full_page_writes", "autovacuum"), "on") if writes_through else {}
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"import postgres; postgres.SETTINGS.update({durable | settings}); postgres.main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(TESTS)},
            start_new_session=True,
        )
        answer = json.loads(self._answer() or '{"error": "the server process ended without a word"}')
        if "error" in answer:
            self.close()
            raise RuntimeError(f"no PostgreSQL server: {answer['error']}")
        self.url: str = answer["url"]

    def tell(self, command: str) -> None:
        """Send `stop`, `crash`, `kill` or `start` and wait until it is done.

        Raises:
            RuntimeError: it could not be done.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        answer = self._answer()
        if answer != "ok\n":
            raise RuntimeError(f"the server does not {command}: {answer or 'it is gone'}")

    def close(self) -> None:
        """End the server and remove its folder."""
        self._process.communicate()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()
