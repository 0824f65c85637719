"""How many connections a real worker process takes from a PostgreSQL server."""

from contextlib import closing
from typing import TYPE_CHECKING

import psycopg2
import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

STUDY = (
    *("--family", "triangle", "--dataset", "digits", "--depth", "8", "--epochs", "4", "--name", "counted"),
    *("--train-images", "128", "--trials", "4"),
)
OURS = "SELECT array_agg(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'vsearch'"


def test_a_worker_never_has_more_than_two_connections(
    cli: "Cli", postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked at without a pause from its start to its end, with its checkpoints in the database too."""
    monkeypatch.setenv("VSEARCH_STORAGE", postgres_url)
    assert cli("study", "create", *STUDY).code == 0
    with closing(psycopg2.connect(postgres_url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True  # within a transaction the server shows the same picture again

        def pids() -> set[int]:
            cursor.execute(OURS)
            (found,) = cursor.fetchone() or (None,)
            return set(found or ())

        ours = pids()  # what this process keeps open
        environ = {"VSEARCH_STORAGE": postgres_url, "VSEARCH_CHECKPOINTS": "database"}
        worker = cli.start("worker", "--study", "counted", environ=environ)
        seen = [len(pids() - ours)]
        while worker.poll() is None:
            seen.append(len(pids() - ours))
        _, err = worker.communicate()

    assert worker.returncode == 0, err
    assert set(seen) <= {0, 1, 2}
    assert 2 in seen  # while it claimed a trial
    assert {"finished"} <= set(cli.states("counted")) <= {"finished", "pruned"}
