"""Seconds that a study's storage costs per trial: claim (ask and suggest), report, prune, tell; beside plain Optuna.

    python benchmarks/search.py >> benchmarks/RESULTS.md                       # SQLite and a PostgreSQL of its own
    python benchmarks/search.py --postgres postgresql://user:password@host/db  # an empty database; tables stay there

PLACEHOLDER

A study gets its first trials as a worker makes them (claimed, reported, pruned, recorded, told; only the training is
left out); copies of their rows fill it up to the wanted size. `vsearch` then takes `--rounds` more trials with one
opened study, as a worker does; `plain` does the same with Optuna's RDBStorage, TPE and successive halving on the same
tables, without vsearch's lock, counts and attributes. On SQLite plain Optuna gets a copy of the file in rollback mode,
as it comes. The PostgreSQL of its own writes through to the disk (fsync on), as servers do.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import optuna
import sqlalchemy as sa
from optuna.trial import TrialState

from vsearch.search import attributes
from vsearch.search.claims import claim_trial
from vsearch.search.sampler import CurveSampler
from vsearch.search.space import whole_space
from vsearch.search.stored import StoredStudy, refreshed
from vsearch.spec.study import StudySpec
from vsearch.storage import Storage

EPOCHS = 16
OPENINGS = 3
"""How often a study is opened anew to time the first claim of a process."""
PHASES = ("claim", "report", "prune", "prune at a rung", "record", "tell")
PARTS = ("see the spec again", "lock", "count states", "count equal curves", "sampler", "one attribute")
Seconds = dict[str, list[float]]


@contextmanager
def timed(seconds: Seconds, phase: str) -> Iterator[None]:
    """Add the seconds that the body of `with` takes."""
    began = time.perf_counter()
    yield
    seconds[phase].append(time.perf_counter() - began)


def train(trial: optuna.Trial, seconds: Seconds, spec: StudySpec) -> TrialState:
    """Report made-up accuracies until the last epoch or the pruner ends the trial."""
    rungs = {spec.first_rung * spec.rung_factor**k for k in range(10)}
    quality = 0.9 - 0.05 * sum((value - 1.1) ** 2 for value in trial.params.values() if isinstance(value, float))
    for epoch in range(1, spec.epochs + 1):
        score = max(0.1, quality - 0.4 * (1 - epoch / spec.epochs) ** 2 + 1e-4 * (trial.number * 7919 % 97))
        with timed(seconds, "report"):
            trial.report(score, epoch)
        with timed(seconds, "prune at a rung" if epoch in rungs else "prune"):
            is_hopeless = trial.should_prune()
        if is_hopeless and trial.number > 0 and epoch < spec.epochs:
            return TrialState.PRUNED
    return TrialState.COMPLETE


def outcome(epochs: int) -> dict[str, Any]:
    """What a worker writes of a trial's end: as many attributes, as long."""
    losses = [round(2.3 - 0.07 * epoch, 6) for epoch in range(epochs)]
    return {
        attributes.REASON: "finished",
        attributes.EPOCHS: epochs,
        attributes.SECONDS: 123.456,
        attributes.IMAGES_PER_SECOND: 1234.5,
        attributes.ACCURACIES: [0.8123],
        attributes.TRAIN_LOSSES: losses,
        attributes.VALIDATION_LOSSES: losses,
        attributes.PARAMETERS: 464_154,
        attributes.DEVICE: "cpu (some processor with a long name)",
        attributes.PRECISION: "float32",
        attributes.VERSIONS: {"python": "3.11.7", "torch": "2.15.0", "optuna": "5.0.0", "vsearch": "0.1.0"},
        attributes.SPLIT: "0" * 64,
        attributes.COMMIT: "0" * 40,
    }


def vsearch_trial(study: StoredStudy, seconds: Seconds) -> StoredStudy:
    """One trial as a worker of vsearch makes it."""
    with timed(seconds, "claim"):
        study = refreshed(study)
        claim = claim_trial(study, "benchmark:1")
    assert claim is not None
    state = train(claim.trial, seconds, study.spec)
    with timed(seconds, "record"):
        for key, value in outcome(study.spec.epochs).items():
            claim.trial.set_user_attr(key, value)
    _tell(study.optuna_study, claim.trial, state, seconds)
    return study


def plain_trial(study: optuna.Study, spec: StudySpec, seconds: Seconds) -> None:
    """One trial as Optuna makes it by itself."""
    with timed(seconds, "claim"):
        trial = study.ask(whole_space(spec))
    _tell(study, trial, train(trial, seconds, spec), seconds)


def _tell(study: optuna.Study, trial: optuna.Trial, state: TrialState, seconds: Seconds) -> None:
    with timed(seconds, "tell"):
        if state == TrialState.COMPLETE:
            study.tell(trial, 0.85)
        else:
            study.tell(trial, state=state)


def parts_of_a_claim(study: StoredStudy, rounds: int, seconds: Seconds) -> None:
    """Time by itself what `claim_trial` does; the trial that is asked for is failed."""
    storage, study_id = study.storage, study.study_id
    space = whole_space(study.spec)
    trial_id = storage.create_new_trial(study_id)
    frozen = storage.get_trial(trial_id)
    study.optuna_study.get_trials(deepcopy=False)
    for number in range(rounds):
        with timed(seconds, "see the spec again"):
            refreshed(study)
        with timed(seconds, "lock"), storage.exclusive(study_id):
            pass
        with timed(seconds, "count states"):
            storage.count_states(study_id)
        with timed(seconds, "count equal curves"):
            storage.count_trials_with_attr(study_id, attributes.SCALES_KEY, "1.0000 1.1000")
        with timed(seconds, "one attribute"):
            storage.set_trial_user_attr(trial_id, f"key {number}", [1.0] * 15)
        sampler = CurveSampler(study.spec)
        with timed(seconds, "sampler"):
            sampler.before_trial(study.optuna_study, frozen)
            sampler.sample_relative(study.optuna_study, frozen, space)
    storage.set_trial_state_values(trial_id, TrialState.FAIL)


def fill(storage: Storage, size: int) -> None:
    """Copy the rows of the trials that are there until the study, the only one, has `size` of them."""
    tables = sa.MetaData()
    tables.reflect(storage.engine)
    names = ("trials", "trial_params", "trial_values", "trial_intermediate_values")
    with storage.engine.begin() as connection:
        trials = tables.tables["trials"]
        base, first_id, last_id = connection.execute(
            sa.select(sa.func.count(), sa.func.min(trials.c.trial_id), sa.func.max(trials.c.trial_id))
        ).one()
        for offset in range(base, size, base):
            for name in (*names, "trial_user_attributes", "trial_system_attributes"):
                _copy_rows(connection, tables.tables[name], offset, first_id + size - 1 - offset)
        if connection.dialect.name == "postgresql":
            last = first_id + size - 1
            connection.execute(sa.text(f"SELECT setval(pg_get_serial_sequence('trials', 'trial_id'), {last})"))
        assert last_id - first_id + 1 == base
    if storage.engine.dialect.name == "postgresql":
        with storage.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("ANALYZE"))


def _copy_rows(connection: sa.Connection, table: sa.Table, offset: int, last_id: int) -> None:
    """The rows of the first `offset` trials at most, as those of trials `offset` later, up to `last_id`."""
    shifted = {"trial_id": offset, "number": offset}
    columns = [c for c in table.columns if not c.primary_key or c.name == "trial_id"]
    values = [c + shifted[c.name] if c.name in shifted else c for c in columns]
    first = sa.select(sa.func.min(table.c.trial_id)).scalar_subquery()
    query = sa.select(*values).where(table.c.trial_id <= last_id, table.c.trial_id < first + offset)
    connection.execute(table.insert().from_select([c.name for c in columns], query))
