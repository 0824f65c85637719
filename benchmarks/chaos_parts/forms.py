"""The sizes in which the chaos test is run, and the one whose trainings are real."""

from collections.abc import Callable
from pathlib import Path

from chaos_parts.check import TrialRow
from chaos_parts.drive import Chaos, Outcome, real_spec
from chaos_parts.faults import Form
from chaos_parts.server import OwnServer

CI = Form(
    trials=200,
    epochs=10,
    workers=4,
    kills=60,
    terms=5,
    usr1s=5,
    stops=4,
    server_stops=2,
    server_crashes=2,
    server_kills=3,
    outages=1,
)
SQLITE = Form(trials=60, epochs=10, workers=4, kills=20, terms=4, stops=1, checkpoints="folder", storage_timeout=60.0)
REAL = Form(
    trials=8,
    epochs=4,
    workers=2,
    kills=6,
    terms=3,
    server_kills=1,
    epoch_seconds=None,
    spares_claims=True,
    lease_seconds=8.0,
    minutes=10.0,
)
LONG = Form(
    trials=500,
    epochs=10,
    workers=4,
    kills=200,
    terms=15,
    usr1s=15,
    stops=10,
    server_stops=6,
    server_crashes=5,
    server_kills=7,
    outages=2,
    minutes=60.0,
)
FORMS = {"ci": CI, "sqlite": SQLITE, "real": REAL, "long": LONG}


def run_real(
    form: Form, url: str, folder: Path, server: OwnServer | None, say: Callable[[str], None] = lambda _: None
) -> Outcome:
    """A run with real trainings, whose learning curves are compared with those of one worker that nothing disturbs."""
    spec = real_spec(form)
    quiet = Form(form.trials, form.epochs, 1, epoch_seconds=None, checkpoints="folder", seed=form.seed)
    alone, disturbed = folder / "undisturbed", folder / "disturbed"
    alone.mkdir()
    disturbed.mkdir()
    truth = Chaos(quiet, spec, f"sqlite:///{alone / 'vsearch.db'}", alone, say=say).run().evidence
    curves = {trial.number: tuple(value for _, value in sorted(trial.reports)) for trial in truth.trials}

    class RealChaos(Chaos):
        def curve(self, trial: TrialRow) -> tuple[float, ...]:
            return curves[trial.number]

    outcome = RealChaos(form, spec, url, disturbed, server=server, say=say).run()
    short = [curve for curve in curves.values() if len(curve) != form.epochs]
    assert not short, f"the undisturbed run is not whole: {short}"
    return outcome
