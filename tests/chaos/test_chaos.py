"""Workers are killed, stopped and preempted, and the database goes away: every trial is as if nothing had happened.

The long form is `benchmarks/chaos.py`. The four minutes here are the price of the product's first promise.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from chaos_parts.check import by_check, violations
from chaos_parts.drive import Chaos, fresh_database, scripted_spec, summary
from chaos_parts.faults import Form, plan
from chaos_parts.forms import CI, FORMS, REAL, SQLITE, run_real
from chaos_parts.server import OwnServer


@pytest.fixture
def server() -> Iterator[OwnServer]:
    """A server of the test's own: others would notice its outages."""
    own = OwnServer()
    yield own
    own.close()


def test_a_fleet_on_postgres_loses_and_repeats_nothing(server: OwnServer, tmp_path: Path) -> None:
    """200 trials, 60 kill -9, 10 asked to stop, 4 frozen past their lease, 8 restarts of the server, 3 by kill -9."""
    spec = scripted_spec(CI)
    outcome = Chaos(CI, spec, fresh_database(server, "chaos"), tmp_path, server=server, say=print).run()
    print(summary(CI, outcome))  # noqa: T201
    assert violations(outcome.evidence) == []


def test_a_fleet_on_sqlite_loses_and_repeats_nothing(tmp_path: Path) -> None:
    outcome = Chaos(SQLITE, scripted_spec(SQLITE), f"sqlite:///{tmp_path / 'vsearch.db'}", tmp_path, say=print).run()
    print(summary(SQLITE, outcome))  # noqa: T201
    assert violations(outcome.evidence) == []


def test_real_trainings_end_bit_for_bit_as_undisturbed_ones(server: OwnServer, tmp_path: Path) -> None:
    outcome = run_real(REAL, fresh_database(server, "chaos"), tmp_path, server, say=print)
    print(summary(REAL, outcome))  # noqa: T201
    assert violations(outcome.evidence) == []


def test_the_same_faults_show_on_workers_of_optuna_alone(server: OwnServer, tmp_path: Path) -> None:
    """One outage longer than the grace period ends them: what finds no fault in vsearch finds this."""
    form = Form(trials=12, epochs=6, workers=3, kills=2, outages=1, zones=1)
    url = fresh_database(server, "chaos")
    outcome = Chaos(form, scripted_spec(form), url, tmp_path, server=server, is_plain=True, say=print).run()
    print(summary(form, outcome))  # noqa: T201
    found = by_check(outcome.evidence)
    assert found["faults"] == 0
    assert found["workers"] > 0


def test_a_killed_server_comes_up_again_with_what_it_acknowledged(server: OwnServer) -> None:
    """Also when its file with the process number, and its shared memory, were left behind."""
    import psycopg2

    connection = psycopg2.connect(server.url)
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept (x int)")
        cursor.execute("INSERT INTO kept VALUES (7)")
    for _ in range(2):
        server.tell("kill")
        with pytest.raises(psycopg2.OperationalError):
            psycopg2.connect(server.url, connect_timeout=2)
        server.tell("start")
    connection = psycopg2.connect(server.url)
    with connection.cursor() as cursor:
        cursor.execute("SELECT x FROM kept")
        assert cursor.fetchall() == [(7,)]
    connection.close()


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_plan_holds_every_fault_that_its_form_asks_for(form: Form) -> None:
    """In the order of progress, before the last tenth of the trials, and the same for the same seed."""
    faults = plan(form)
    kinds = Counter(fault.kind for fault in faults) + Counter(kind for fault in faults for kind in fault.meanwhile)
    assert kinds == +form.counts()
    assert [fault.at for fault in faults] == sorted(fault.at for fault in faults)
    assert all(0 <= fault.at < form.trials for fault in faults)
    assert all(fault.seconds > form.lease_seconds for fault in faults if fault.kind in ("stop", "outage"))
    assert plan(form) == faults
