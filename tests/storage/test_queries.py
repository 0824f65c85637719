"""Counts and summaries without loading trials."""

import math
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

import optuna
import pytest
import sqlalchemy
from optuna.trial import TrialState

from vsearch.storage import Storage, tables
from vsearch.storage.queries import Tally


def study_of(
    storage: Storage, name: str = "s", direction: Literal["maximize", "minimize"] = "maximize"
) -> optuna.Study:
    return optuna.create_study(storage=storage, study_name=name, direction=direction)


def test_an_empty_database_has_no_studies(storage: Storage) -> None:
    assert storage.study_names() == []
    assert storage.summaries() == []


def test_states_are_counted_per_study(storage: Storage) -> None:
    study, other = study_of(storage), study_of(storage, "other")
    study.enqueue_trial({"x": 1.0})
    study.tell(study.ask(), state=TrialState.FAIL)
    study.ask()
    study.tell(study.ask(), 0.5)
    other.ask()

    assert storage.tally(study._study_id) == Tally(done=1, running=1, waiting=0, failed=1)
    assert storage.tally(999) == Tally(0, 0, 0, 0)


def test_a_tally_is_the_count_of_states(storage: Storage) -> None:
    """For each of two studies whose trials come in turns, and after each change of state."""
    studies = [study_of(storage), study_of(storage, "other")]
    assert storage.tally(999) == storage.tally(studies[0]._study_id) == (0, 0, 0, 0)
    for ended in (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, None, TrialState.COMPLETE):
        for study in studies:
            trial = study.ask()
            check_tally(storage, study)
            if ended is not None:
                study.tell(trial, 0.5 if ended == TrialState.COMPLETE else None, state=ended)
            check_tally(storage, study)
        studies[0].enqueue_trial({"x": 1.0})
        check_tally(storage, studies[0])


def check_tally(storage: Storage, study: optuna.Study) -> None:
    counts = Counter(trial.state for trial in storage.get_all_trials(study._study_id))
    done = counts[TrialState.COMPLETE] + counts[TrialState.PRUNED]
    running, waiting, failed = (counts[TrialState[name]] for name in ("RUNNING", "WAITING", "FAIL"))
    assert storage.tally(study._study_id) == (done, running, waiting, failed)


@pytest.mark.parametrize("value", ["baseline", 3, 0.1, None, True, [1, "é"], {"a": {"b": 1}}])
def test_trials_are_counted_by_the_value_of_an_attribute(storage: Storage, value: object) -> None:
    study = study_of(storage)
    for stored in (value, value, "something else"):
        study.ask().set_user_attr("role", stored)
    study.ask().set_user_attr("other role", value)

    assert storage.count_trials_with_attr(study._study_id, "role", value) == 2
    assert storage.count_trials_with_attr(study._study_id + 1, "role", value) == 0


@pytest.mark.parametrize(
    ("direction", "values", "best"),
    [
        ("maximize", [0.1, 0.7, 0.7, 0.2], (0.7, 1)),
        ("minimize", [0.1, 0.7, 0.05], (0.05, 2)),
        ("maximize", [-math.inf, 0.3], (0.3, 1)),
        ("minimize", [0.3, math.inf, -math.inf], (-math.inf, 2)),
        ("maximize", [], (None, None)),
    ],
)
def test_a_summary_names_the_best_complete_trial(
    storage: Storage,
    direction: Literal["maximize", "minimize"],
    values: list[float],
    best: tuple[float | None, int | None],
) -> None:
    study = study_of(storage, direction=direction)
    for value in values:
        study.tell(study.ask(), value)
    pruned = study.ask()
    pruned.report(99.0 if direction == "maximize" else -99.0, 1)
    study.tell(pruned, state=TrialState.PRUNED)

    (summary,) = storage.summaries()

    assert (summary.best_value, summary.best_number) == best
    assert summary.direction == study.direction


def test_a_summary_carries_attributes_counts_and_times(storage: Storage) -> None:
    before = datetime.now(UTC)
    study_of(storage, "empty")
    study = study_of(storage, "busy", "minimize")
    study.set_user_attr("spec", {"depth": 32})
    study.tell(study.ask(), 2.0)
    study.ask()

    empty, busy = storage.summaries()

    assert (empty.name, empty.first_started, empty.last_changed) == ("empty", None, None)
    assert sum(empty.counts.values()) == 0
    assert (busy.name, busy.user_attrs) == ("busy", {"spec": {"depth": 32}})
    assert (busy.counts[TrialState.COMPLETE], busy.counts[TrialState.RUNNING]) == (1, 1)
    assert busy.first_started is not None
    assert busy.last_changed is not None
    assert before <= busy.first_started <= busy.last_changed <= datetime.now(UTC)


def test_a_study_of_several_objectives_has_no_single_best_value(storage: Storage) -> None:
    study = optuna.create_study(storage=storage, directions=["maximize", "minimize"])
    study.tell(study.ask(), [1.0, 2.0])

    (summary,) = storage.summaries()

    assert (summary.direction, summary.best_value, summary.best_number) == (None, None, None)


def test_the_number_of_queries_does_not_grow_with_the_studies(storage: Storage) -> None:
    def queries() -> int:
        seen: list[str] = []

        def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
            seen.append(statement)

        sqlalchemy.event.listen(storage.engine, "before_cursor_execute", note)
        storage.summaries()
        sqlalchemy.event.remove(storage.engine, "before_cursor_execute", note)
        return len(seen)

    study_of(storage, "a").ask()
    one = queries()
    for name in "bcdef":
        study_of(storage, name).ask()

    assert one == queries() == 5


def test_thousands_of_trials_are_summed_up(database_url: str, opener: Callable[..., Storage]) -> None:
    storage = opener(database_url)  # not the shared one: deleting so many trials takes seconds
    study_id = study_of(storage)._study_id
    fill_with_trials(storage, study_id, 5_000)

    assert storage.summaries()[0].counts[TrialState.COMPLETE] == 4_990
    assert storage.tally(study_id) == Tally(done=4_990, running=10, waiting=0, failed=0)
    assert storage.count_trials_with_attr(study_id, "seed", 3) == 1_250


def fill_with_trials(storage: Storage, study_id: int, number: int) -> None:
    """Store `number` trials, the last ten of them running; through Optuna it would take a minute."""
    now = datetime.now(UTC).replace(tzinfo=None)
    ids = range(1, number + 1)
    trials = [
        {
            "trial_id": i,
            "number": i - 1,
            "study_id": study_id,
            "state": TrialState.COMPLETE if i <= number - 10 else TrialState.RUNNING,
            "datetime_start": now,
            "datetime_complete": now if i <= number - 10 else None,
        }
        for i in ids
    ]
    values = [{"trial_id": i, "objective": 0, "value": 1 / i, "value_type": "FINITE"} for i in ids[:-10]]
    attrs = [{"trial_id": i, "key": "seed", "value_json": str(i % 4)} for i in ids]
    with storage.engine.begin() as connection:
        connection.execute(sqlalchemy.insert(tables.TRIALS), trials)
        connection.execute(sqlalchemy.insert(tables.VALUES), values)
        connection.execute(sqlalchemy.insert(tables.TRIAL_ATTRS), attrs)


COUNTS = {
    "vsearch_curves": lambda storage: storage.count_trials_with_attr(1, "scales_key", "1.0000 1.1000"),
    "vsearch_states": lambda storage: storage.running_leases(1),
}


@pytest.mark.parametrize("index", COUNTS)
def test_what_every_claim_counts_has_an_index(storage: Storage, index: str) -> None:
    """The plan of the database names the index, so the cost does not grow with the trials of all studies."""
    seen: list[tuple[str, Any]] = []

    def note(*event: Any) -> None:
        seen.append((event[2], event[3]))

    sqlalchemy.event.listen(storage.engine, "before_cursor_execute", note)
    COUNTS[index](storage)
    sqlalchemy.event.remove(storage.engine, "before_cursor_execute", note)
    (statement, parameters) = seen[-1]
    with storage.engine.connect() as connection:
        is_postgres = connection.dialect.name == "postgresql"
        if is_postgres:  # few rows are read faster as they lie
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN" if is_postgres else "EXPLAIN QUERY PLAN"
        plan = connection.exec_driver_sql(f"{explain} {statement}", parameters).all()
    assert index in str(plan)


def test_one_attribute_of_all_studies_is_read_as_text(storage: Storage) -> None:
    first, second = study_of(storage), study_of(storage, "other")
    study_of(storage, "without")
    first.set_user_attr("spec", "one")
    second.set_user_attr("spec", {"two": 2})
    second.set_user_attr("else", 3)
    assert storage.attr_of_studies("spec") == {first._study_id: '"one"', second._study_id: '{"two": 2}'}
    assert storage.attr_of_studies("none") == {}
