"""Seconds that a study's storage costs per trial: claim (ask and suggest), report, prune, tell; beside plain Optuna.

    python benchmarks/search.py >> benchmarks/RESULTS.md                       # SQLite and a PostgreSQL of its own
    python benchmarks/search.py --postgres postgresql://user:password@host/db  # an empty database; tables stay there

Claim: a trial of 16 epochs costs 0.24 s on SQLite with 100 trials in the study and 0.35 s with 5,000, on PostgreSQL
0.50 and 0.57 s (2 cores of an AMD EPYC, November 2026; RESULTS.md); the script takes 5 minutes there.

A study gets its first trials as a worker makes them (claimed, reported, pruned, recorded, told; only the training is
left out); copies of their rows fill it up to the wanted size. `vsearch` then takes `--rounds` more trials with one
opened study, as a worker does; `plain` does the same with Optuna's RDBStorage, TPE and successive halving on the same
tables, without vsearch's lock, counts and attributes. On SQLite plain Optuna gets a copy of the file in rollback mode,
as it comes. The PostgreSQL of its own writes through to the disk (fsync on), as servers do.
"""

import argparse
import json
import os
import platform
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import optuna
import sqlalchemy as sa
from optuna.samplers import TPESampler
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from vsearch.search import attributes
from vsearch.search.claims import claim_trial
from vsearch.search.pruner import build_pruner
from vsearch.search.sampler import CurveSampler
from vsearch.search.space import whole_space
from vsearch.search.stored import StoredStudy, create_study, open_study, refreshed
from vsearch.spec.study import StudySpec
from vsearch.storage import Storage, open_storage, parse_url
from vsearch.storage.own_tables import own_tables

EPOCHS = 16
REAL_TRIALS = 100
"""Made one by one before copies of them fill the study."""
OPENINGS = 3
"""How often a study is opened anew to time the first claim of a process."""
PHASES = ("claim", "report", "prune", "prune at a rung", "record", "tell")
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
            storage.tally(study_id)
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
    trials = tables.tables["trials"]
    own = own_tables(storage.engine.dialect.name)
    parts = [tables.tables[f"trial_{part}"] for part in ("params", "values", "intermediate_values")]
    parts += [tables.tables[f"trial_{kind}_attributes"] for kind in ("user", "system")]
    parts += [own.leases, own.attempts]
    with storage.engine.begin() as connection:
        base, first = connection.execute(sa.select(sa.func.count(), sa.func.min(trials.c.trial_id))).one()
        for offset in range(base, size, base):
            for table in (trials, *parts):
                _copy_rows(connection, table, first, first + min(base, size - offset), offset)
        if connection.dialect.name == "postgresql":
            last = sa.select(sa.func.max(trials.c.trial_id)).scalar_subquery()
            connection.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence("trials", "trial_id"), last)))
        connection.execute(sa.text("ANALYZE"))


def _copy_rows(connection: sa.Connection, table: sa.Table, first: int, end: int, offset: int) -> None:
    """Copy what belongs to the trials `first` … `end` - 1 to trials whose ids and numbers are `offset` higher."""
    made = set(table.primary_key) if len(table.primary_key) == 1 else set()  # by the database, unless the trial's id
    columns = [column for column in table.columns if column not in made or column.name == "trial_id"]
    values = [column + offset if column.name in ("trial_id", "number") else column for column in columns]
    query = sa.select(*values).where(table.c.trial_id >= first, table.c.trial_id < end)
    connection.execute(table.insert().from_select([column.name for column in columns], query))


def plain_study(url: str, name: str, spec: StudySpec, folder: Path) -> optuna.Study:
    """The study as Optuna opens it by itself: on PostgreSQL the same tables, on SQLite a copy as Optuna makes files."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        copy = folder / "plain.db"
        copy.unlink(missing_ok=True)
        with closing(sqlite3.connect(str(parsed.database))) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
        parsed = parsed.set(database=str(copy))
    sampler = TPESampler(n_startup_trials=spec.startup_trials, multivariate=True, constant_liar=True, seed=1)
    storage = RDBStorage(parsed.render_as_string(hide_password=False))
    return optuna.load_study(study_name=name, storage=storage, sampler=sampler, pruner=build_pruner(spec))


def measure(url: str, sizes: list[int], rounds: int, folder: Path) -> Iterator[tuple[int, dict[str, Seconds]]]:
    """For each size the seconds of `vsearch`, of `plain`, of vsearch's `parts` and of the first claim (`opened`)."""
    storage = open_storage(url)
    spec = StudySpec(("triangle",), epochs=EPOCHS, trials=1_000_000, max_failed=1_000_000, name=f"b{time.time_ns()}")
    study = create_study(storage, spec)
    for _ in range(min(sizes[0], REAL_TRIALS)):
        study = vsearch_trial(study, defaultdict(list))
    for size in sizes:
        fill(storage, size)
        seconds: dict[str, Seconds] = {kind: defaultdict(list) for kind in ("vsearch", "plain", "parts", "opened")}
        for _ in range(OPENINGS):
            study = vsearch_trial(open_study(storage, spec.name), seconds["opened"])
        plain = plain_study(url, spec.name, spec, folder)
        plain_trial(plain, spec, defaultdict(list))
        for _ in range(rounds):  # in turns, so that a busy machine disturbs both alike
            study = vsearch_trial(study, seconds["vsearch"])
            plain_trial(plain, spec, seconds["plain"])
        parts_of_a_claim(study, rounds, seconds["parts"])
        yield size, seconds
    storage.close()


def report(title: str, url: str, sizes: list[int], rounds: int, folder: Path) -> None:
    """Print the two tables of one storage."""
    phases, parts = [], []
    for size, seconds in measure(url, sizes, rounds, folder):
        for phase in PHASES:
            own, plain = seconds["vsearch"][phase], seconds["plain"][phase]
            ratio = f"{statistics.median(own) / statistics.median(plain):.1f}" if own and plain else ""
            phases.append(f"| {size} | {phase} | {_spread(own)} | {_spread(plain)} | {ratio} | {len(own)} |")
        opened = {"a claim after opening the study anew": seconds["opened"]["claim"]}
        for part, values in (seconds["parts"] | opened).items():
            parts.append(f"| {size} | {part} | {_spread(values)} | {len(values)} |")
    print(f"### {title}\n\nMilliseconds, median (95th percentile).\n")
    print("| trials | phase | vsearch | plain Optuna | ratio | n |\n| --- | --- | --- | --- | --- | --- |")
    print("\n".join(phases))
    print("\nParts of a claim, each by itself:\n\n| trials | part | vsearch | n |\n| --- | --- | --- | --- |")
    print("\n".join(parts) + "\n", flush=True)


def _spread(values: list[float]) -> str:
    """Milliseconds: median and 95th percentile."""
    if not values:
        return ""
    high = statistics.quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]
    return f"{1000 * statistics.median(values):.1f} ({1000 * high:.1f})"


@contextmanager
def own_postgres() -> Iterator[str | None]:
    """The URL of a server for this run, made as the tests make theirs; None, with the reason, where there is none."""
    durable = "fsync='on', full_page_writes='on', autovacuum='on'"
    command = [sys.executable, "-c", f"import postgres; postgres.SETTINGS.update({durable}); postgres.main()"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1] / "tests")}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        answer = json.loads(server.stdout.readline() or '{"error": "the server did not start"}')
        if "error" in answer:
            print(f"PostgreSQL is left out: {answer['error']}\n")
        yield answer.get("url")
        server.stdin.close()


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, nargs="+", default=[100, 1000, 5000], help="sizes of the study")
    parser.add_argument("--rounds", type=int, default=30, help="trials measured at each size")
    parser.add_argument("--storages", nargs="+", default=["sqlite", "postgres"], choices=["sqlite", "postgres"])
    parser.add_argument("--postgres", metavar="URL", help="an empty database to use instead of a server of its own")
    parser.add_argument("--folder", type=Path, help="where the SQLite files go: the disk matters")
    arguments = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    print(f"{datetime.now(UTC):%Y-%m-%d}: {_machine()}\n")
    sizes = sorted(arguments.trials)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name, ExitStack() as stack:
        folder = Path(name)
        if "sqlite" in arguments.storages:
            report("SQLite", f"sqlite:///{folder / 'vsearch.db'}", sizes, arguments.rounds, folder)
        if "postgres" in arguments.storages:
            url = arguments.postgres or stack.enter_context(own_postgres())
            if url is not None:
                report("PostgreSQL", url, sizes, arguments.rounds, folder)


def _machine() -> str:
    versions = f"Python {platform.python_version()}, optuna {optuna.__version__}, SQLAlchemy {sa.__version__}"
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{platform.machine()}, {os.cpu_count()} cores, load {load}; {versions}, SQLite {sqlite3.sqlite_version}"


if __name__ == "__main__":
    main()
