"""A chaos test from beginning to end: a study, a fleet, the faults of a plan, and the evidence that is left."""

import json
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from chaos_parts import ledger, records
from chaos_parts.check import Evidence, TrialRow
from chaos_parts.faults import Fault, Form, plan
from chaos_parts.fleet import Fleet
from chaos_parts.plain import create_plainly
from chaos_parts.scripted import true_curve
from chaos_parts.server import OwnServer
from chaos_parts.truth import undisturbed
from vsearch.search.stored import create_study
from vsearch.spec.recipe import recipe
from vsearch.spec.study import StudySpec
from vsearch.storage import open_storage

SIGNALS = {"kill": signal.SIGKILL, "term": signal.SIGTERM, "usr1": signal.SIGUSR1, "stop": signal.SIGSTOP}
COMMANDS = {"server stop": "stop", "server crash": "crash", "server kill": "kill", "outage": "stop"}
POLL_SECONDS = 0.05
ENDING_SECONDS = 60.0
"""For the workers to notice that nothing is left."""


@dataclass(frozen=True)
class Outcome:
    """What a chaos test left, and what it took."""

    evidence: Evidence
    seconds: float
    starts: int
    reasons: dict[str, int]
    """Attempts by how they ended."""
    dropped: int
    """How often a worker came back late and dropped what it had."""


def scripted_spec(form: Form) -> StudySpec:
    """The study of a scripted chaos test."""
    return StudySpec(
        ("triangle",),
        name="chaos",
        dataset="digits",
        depth=20,
        train_images=128,
        validation_images=100,
        recipe=recipe("short").override(batch_size=64),
        trials=form.trials,
        epochs=form.epochs,
        sampler="random",
        pruner="asha",
        first_rung=4,
        max_attempts=1000,  # whom the dice hit again and again is not to blame
        seed=form.seed,
    )


def real_spec(form: Form) -> StudySpec:
    """The study of a chaos test with real trainings."""
    return scripted_spec(form).with_changes(depth=8, train_images=640, pruner="none")


class Chaos:
    """One run."""

    def __init__(
        self,
        form: Form,
        spec: StudySpec,
        url: str,
        folder: Path,
        *,
        server: OwnServer | None = None,
        is_plain: bool = False,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.form, self.spec, self._url, self._folder = form, spec, url, folder
        self._server, self._is_plain, self._say = server, is_plain, say
        self._engine = records.engine_of(url)
        self._checkpoints = folder / "checkpoints"
        self._done: Counter[str] = Counter()
        self._deadline = 0.0
        self._began = 0.0

    def run(self) -> Outcome:
        """Everything; whatever happens no process of the fleet is left."""
        self._create()
        fleet = Fleet(self._folder, self._settings(), self.form, random.Random(self.form.seed))
        self._began = time.monotonic()
        self._deadline = self._began + 60 * self.form.minutes
        try:
            if self._go_on(fleet, lambda: fleet.all_ready):
                self._disturb(fleet)
            seconds = time.monotonic() - self._began
        finally:
            fleet.close()
        evidence = self._evidence(fleet)
        starts = len(fleet.ends) + len(fleet.members)
        reasons = {} if self._is_plain else records.reasons(self._engine)
        logs = "".join(path.read_text(errors="replace") for path in (self._folder / "logs").glob("*.log"))
        return Outcome(evidence, seconds, starts, reasons, logs.count("given to another worker"))

    def _create(self) -> None:
        self._checkpoints.mkdir()
        if self._is_plain:
            create_plainly(self._url, self.spec)
            return
        storage = open_storage(self._url)
        create_study(storage, self.spec)
        storage.close()

    def _settings(self) -> dict[str, Any]:
        return {
            "plain": self._is_plain,
            "study": self.spec.name,
            "spec": self.spec.to_json(),
            "storage": self._url,
            "storage-timeout": str(self.form.storage_timeout),
            "lease": str(self.form.lease_seconds),
            "checkpoints": str(self._checkpoints) if self.form.checkpoints == "folder" else self.form.checkpoints,
            "epoch_seconds": self.form.epoch_seconds,
        }

    def _disturb(self, fleet: Fleet) -> None:
        for fault in plan(self.form):
            if not self._go_on(fleet, lambda at=fault.at: records.count_ended(self._engine) >= at):  # type: ignore[misc]
                return
            self._apply(fleet, fault)
        if not self._go_on(fleet, lambda: records.count_ended(self._engine) >= self.form.trials):
            return
        fleet.dismiss()  # who is told nothing must see by itself that the study is over
        self._deadline = min(self._deadline, time.monotonic() + ENDING_SECONDS)
        self._go_on(fleet, lambda: not fleet.members)

    def _apply(self, fleet: Fleet, fault: Fault) -> None:
        elapsed = time.monotonic() - self._began
        self._say(f"{elapsed:6.1f} s, {records.count_ended(self._engine)} trials: {fault.kind} {fault.seconds:.1f}")
        if fault.kind in SIGNALS:
            self._strike(fleet, fault.kind, fault.seconds)
            return
        assert self._server is not None
        # A worker that is just starting would end with the words that no database answers, and rightly.
        self._go_on(fleet, lambda: fleet.all_ready)
        fleet.may_start = False
        self._server.tell(COMMANDS[fault.kind])
        left = list(fault.meanwhile)
        try:
            begun = time.monotonic()
            self._go_on(fleet, lambda: time.monotonic() > begun + fault.seconds / 2)
            # Of a fleet that has died of the outage nobody is left to be struck until the server is back.
            left = [kind for kind in left if not self._has_struck(fleet, kind)]
            self._go_on(fleet, lambda: time.monotonic() > begun + fault.seconds)
        finally:
            self._server.tell("start")
            fleet.may_start = True
        self._done[fault.kind] += 1
        for kind in left:
            self._strike(fleet, kind)

    def _strike(self, fleet: Fleet, kind: str, seconds: float = 0.0) -> None:
        """Send a worker a signal as soon as there is one that was sent none."""
        self._go_on(fleet, lambda: self._has_struck(fleet, kind, seconds))

    def _has_struck(self, fleet: Fleet, kind: str, seconds: float = 0.0) -> bool:
        name = fleet.send(SIGNALS[kind], seconds)
        if name is None:
            return False
        self._done[kind] += 1
        self._say(f"         {kind} {name}")
        return True

    def _go_on(self, fleet: Fleet, until: Callable[[], bool]) -> bool:
        """Tend the fleet until something is true; False if the run's time is over before."""
        while True:
            fleet.tend()
            if until():
                return True
            if time.monotonic() > self._deadline:
                return False
            time.sleep(POLL_SECONDS)

    def _evidence(self, fleet: Fleet) -> Evidence:
        engine, form = self._engine, self.form
        takings = ledger.takings(fleet.ledgers)
        own: dict[str, Any] = {}
        if not self._is_plain:
            own = {
                "undisturbed": undisturbed(self.spec),
                "held": records.held_after_end(engine),
                "unended_attempts": records.unended_attempts(engine),
                "checkpoints": records.checkpoints_left(engine, self._checkpoints),
            }
            takings += records.read_takings(engine)
        return Evidence(
            budget=form.trials,
            epochs=form.epochs,
            rung_epochs=records.rung_epochs(self.spec),
            curve=self.curve,
            trials=records.read_trials(engine, self.spec.name),
            acknowledged=tuple(ledger.acknowledged(fleet.ledgers)),
            takings=tuple(takings),
            ends=tuple(fleet.ends),
            unended=tuple(fleet.members),
            planned=form.counts(),
            done=self._done,
            may_fail=self._is_plain,
            **own,
        )

    def curve(self, trial: TrialRow) -> tuple[float, ...]:
        """The accuracies that a scripted trial must have."""
        return true_curve(trial.scales, trial.seeds[0], self.form.epochs)


def fresh_database(server: OwnServer, name: str) -> str:
    """The URL of a new, empty database."""
    url = sa.make_url(server.url)
    engine = records.engine_of(server.url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
    return url.set(database=name).render_as_string(hide_password=False)


def summary(form: Form, outcome: Outcome) -> str:
    """One line of what happened."""
    counts = {kind: number for kind, number in outcome.evidence.done.items() if number}
    states = Counter(trial.state for trial in outcome.evidence.trials)
    epochs = sum(len(trial.reports) for trial in outcome.evidence.trials)
    return (
        f"seed {form.seed}: {outcome.seconds:.0f} s, {dict(states)}, {epochs} epochs, "
        f"{outcome.starts} workers started, {len(outcome.evidence.acknowledged)} acknowledged, "
        f"{outcome.dropped} dropped late, attempts "
        f"{json.dumps(outcome.reasons)}, faults {json.dumps(counts)}"
    )
