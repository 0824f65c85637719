"""Trials read in bulk are what Optuna's own reader gives."""

import itertools
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import optuna
import pytest
import sqlalchemy
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState, create_trial

from vsearch.storage import Storage, bulk, tables

UNFINISHED = [TrialState.WAITING, TrialState.RUNNING]
LONG_AGO = datetime(2020, 3, 29, 0, 30, 0, 123456)

PARAMS: dict[str, Any] = {
    "float": 0.1 + 0.2,
    "log": 1e-300,
    "stepped": 0.75,
    "int": 2**40,
    "log int": 7,
    "choice": "β",
    "mixed": None,
    "bool": False,
    "only": math.inf,
}
DISTRIBUTIONS = {
    "float": FloatDistribution(-1.0, 1.0),
    "log": FloatDistribution(1e-308, 1.0, log=True),
    "stepped": FloatDistribution(0.0, 1.0, step=0.25),
    "int": IntDistribution(0, 2**41, step=2),
    "log int": IntDistribution(1, 9, log=True),
    "choice": CategoricalDistribution(["α", "β"]),
    "mixed": CategoricalDistribution(["None", 1, 2.5, None]),
    "bool": CategoricalDistribution([True, False]),
    "only": CategoricalDistribution([math.inf]),
}
ATTRS: dict[str, Any] = {
    "scales": [1.0, 1e-17, 123456789.123456789],
    "nested": {"a": [None, True, {"b": "é\n'\"%s:x"}]},
    "": "",
    "key %(a)s :b": 2**60,
    "not finite": [math.inf, -math.inf],
}
REPORTS = {0: 0.1, 16: -0.0, 3: math.inf, 2: -math.inf, 1: 1e308}
EVERYTHING: dict[str, Any] = {
    "params": PARAMS,
    "distributions": DISTRIBUTIONS,
    "user_attrs": ATTRS,
    "system_attrs": {**ATTRS, "other": 1},
    "intermediate_values": REPORTS,
}


def fill(study: optuna.Study) -> None:
    """Trials of all states, among them some with all kinds of values and some with none."""
    for value in (0.25, math.inf, -math.inf, 1e-320):
        study.add_trial(create_trial(value=value, **EVERYTHING))
    study.add_trial(create_trial(state=TrialState.PRUNED, value=0.5, intermediate_values={1: 0.5}))
    study.add_trial(create_trial(state=TrialState.PRUNED))
    study.add_trial(create_trial(state=TrialState.FAIL, user_attrs={"reason": "diverged"}))
    study.enqueue_trial({"float": 0.5}, user_attrs={"role": "baseline"})
    running = study.ask({"float": FloatDistribution(-1.0, 2.0)})  # takes the one that waits
    running.report(math.inf, 3)
    study.ask()
    study.enqueue_trial({"float": 0.25})


def by_optuna(storage: Storage, *arguments: Any) -> list[FrozenTrial]:
    """What `RDBStorage` itself reads."""
    return RDBStorage._get_trials(storage, *arguments)


@pytest.fixture
def filled(storage: Storage) -> tuple[Storage, int]:
    """A storage with two studies of the same kinds of trials, and the id of the second."""
    for name in ("other", "read"):
        fill(optuna.create_study(storage=storage, study_name=name))
    return storage, storage.get_study_id_from_name("read")


def test_all_trials_equal_those_that_optuna_reads(filled: tuple[Storage, int]) -> None:
    """The texts are compared too: 1 equals 1.0 and True, and dictionaries equal in another order."""
    storage, study_id = filled

    read, expected = storage._get_trials(study_id, None, set(), -1), by_optuna(storage, study_id, None, set(), -1)

    assert read == expected
    assert len(read) == 10
    assert {trial.state for trial in read} == set(TrialState)
    for ours, optunas in zip(read, expected, strict=True):
        for part in ("params", "distributions", "values"):
            assert repr(getattr(ours, part)) == repr(getattr(optunas, part))
        for part in ("user_attrs", "system_attrs", "intermediate_values"):
            assert repr(sorted(getattr(ours, part).items())) == repr(sorted(getattr(optunas, part).items()))


def test_what_was_stored_is_read(storage: Storage) -> None:
    study = optuna.create_study(storage=storage)
    ended = LONG_AGO + timedelta(hours=1)
    stored = create_trial(value=0.5, **EVERYTHING)
    stored.datetime_start, stored.datetime_complete = LONG_AGO, ended
    study.add_trial(stored)

    (read,) = storage._get_trials(study._study_id, None, set(), -1)

    assert (read.params, read.distributions) == (PARAMS, DISTRIBUTIONS)
    assert (read.user_attrs, read.system_attrs) == (ATTRS, {**ATTRS, "other": 1})
    assert read.intermediate_values == REPORTS
    assert (read.values, read.datetime_start, read.datetime_complete) == ([0.5], LONG_AGO, ended)


@pytest.fixture
def far_east() -> Iterator[None]:
    """This process keeps the time of a place 5:45 h ahead of UTC."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "XXX-5:45")
        time.tzset()
        yield
    time.tzset()


def test_times_are_those_of_this_place(filled: tuple[Storage, int], far_east: None) -> None:
    storage, study_id = filled

    read = storage._get_trials(study_id, None, set(), -1)

    assert read == by_optuna(storage, study_id, None, set(), -1)
    assert max(trial.datetime_start for trial in read if trial.datetime_start) > datetime.now() - timedelta(hours=1)


def test_not_a_number_is_read_in_reports_and_attributes(storage: Storage) -> None:
    study = optuna.create_study(storage=storage)
    trial = study.ask()
    trial.report(math.nan, 1)
    trial.set_user_attr("nan", math.nan)

    (read,) = storage._get_trials(study._study_id, None, set(), -1)

    assert math.isnan(read.intermediate_values[1])
    assert math.isnan(read.user_attrs["nan"])


def test_values_of_several_objectives_keep_their_order(storage: Storage) -> None:
    study = optuna.create_study(storage=storage, directions=["minimize"] * 12)
    values = [float(value) for value in (3, 1, 2, 11, 0, 10, 9, 8, 7, 6, 5, 4)]
    study.add_trial(create_trial(values=[math.inf, *values[1:]]))

    read = storage._get_trials(study._study_id, None, set(), -1)

    assert read[0].values == [math.inf, *values[1:]]
    assert read == by_optuna(storage, study._study_id, None, set(), -1)


def test_every_filter_gives_what_optunas_gives(filled: tuple[Storage, int]) -> None:
    """The ids of another study's trials, smaller ones, are never included."""
    storage, study_id = filled
    foreign = {trial._trial_id for trial in storage.get_all_trials(storage.get_study_id_from_name("other"))}
    ids = [trial._trial_id for trial in by_optuna(storage, study_id, None, set(), -1)]
    wanted: list[Any] = [None, [], (TrialState.COMPLETE,), UNFINISHED, {TrialState.FAIL, TrialState.PRUNED}]
    included = [set[int](), {ids[0]}, {ids[0], ids[2], ids[8]}, foreign | set(ids), {ids[1], 10**6}]
    greater_than = [-1, 0, ids[0], ids[4], ids[-1], 10**6]

    for arguments in itertools.product(wanted, included, greater_than):
        assert storage._get_trials(study_id, *arguments) == by_optuna(storage, study_id, *arguments), arguments


def test_how_many_ids_go_into_a_query_does_not_show(
    filled: tuple[Storage, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, study_id = filled
    everything = by_optuna(storage, study_id, None, set(), -1)
    ids = [trial._trial_id for trial in everything]

    for chunk in (1, 2, 3, 7, 10):
        monkeypatch.setattr(bulk, "CHUNK", chunk)
        assert storage._get_trials(study_id, None, set(), -1) == everything
        assert storage._get_trials(study_id, None, set(ids), ids[6]) == everything
        assert storage._get_trials(study_id, None, {*ids[:4], ids[8]}, ids[6]) == everything[:4] + everything[7:]


def test_more_included_ids_than_sqlite_has_parameters_are_no_trouble(filled: tuple[Storage, int]) -> None:
    storage, study_id = filled
    everything = by_optuna(storage, study_id, None, set(), -1)

    assert storage._get_trials(study_id, None, set(range(300_000)), 300_000) == everything


def test_an_unknown_study_is_a_key_error_and_an_empty_one_has_no_trials(storage: Storage) -> None:
    empty = optuna.create_study(storage=storage)._study_id

    assert storage._get_trials(empty, None, set(), -1) == []
    with pytest.raises(KeyError) as optunas:
        by_optuna(storage, empty + 1, None, set(), -1)
    for states, included, greater_than in ((None, set[int](), -1), ([TrialState.FAIL], {1}, 5)):
        with pytest.raises(KeyError) as ours:
            storage._get_trials(empty + 1, states, included, greater_than)
        assert str(ours.value) == str(optunas.value)


def test_a_distribution_in_optunas_old_short_form_is_understood(storage: Storage) -> None:
    study = optuna.create_study(storage=storage)
    study.add_trial(create_trial(value=1.0, params={"x": 3}, distributions={"x": IntDistribution(1, 5)}))
    with storage.engine.begin() as connection:
        old = '{"type": "int", "low": 1, "high": 5}'
        connection.execute(sqlalchemy.update(tables.PARAMS).values(distribution_json=old))

    read = storage._get_trials(study._study_id, None, set(), -1)

    assert read[0].params == {"x": 3}
    assert read == by_optuna(storage, study._study_id, None, set(), -1)


def test_a_change_of_one_trial_in_memory_leaves_the_others(filled: tuple[Storage, int]) -> None:
    storage, study_id = filled
    first, second, *_ = storage._get_trials(study_id, None, set(), -1)

    first.user_attrs["nested"]["a"].append(1)
    first.params.clear()
    first.distributions.clear()

    assert second.user_attrs["nested"] == ATTRS["nested"]
    assert (second.params, second.distributions) == (PARAMS, DISTRIBUTIONS)


@contextmanager
def listening(target: object, event: str, listener: Callable[..., None]) -> Iterator[None]:
    """Call `listener` at each such event inside the block; the storages here are shared with other tests."""
    sqlalchemy.event.listen(target, event, listener)
    try:
        yield
    finally:
        sqlalchemy.event.remove(target, event, listener)


def test_one_connection_is_used_and_given_back(filled: tuple[Storage, int]) -> None:
    storage, study_id = filled
    pool: Any = storage.engine.pool
    used: list[int] = []

    with listening(pool, "checkout", lambda *_: used.append(pool.checkedout())):
        storage._get_trials(study_id, None, set(), -1)
        with pytest.raises(KeyError):
            storage._get_trials(-5, None, set(), -1)

    assert used == [1, 1]
    assert pool.checkedout() == 0


def test_the_number_of_queries_does_not_grow_with_the_trials(filled: tuple[Storage, int]) -> None:
    storage, study_id = filled
    statements: list[str] = []

    with listening(storage.engine, "before_cursor_execute", lambda *event: statements.append(event[2])):
        storage._get_trials(study_id, None, set(), -1)

    assert len(statements) == 6


def test_a_trial_that_ends_while_it_is_read_keeps_its_parts(storage: Storage) -> None:
    """Its state is the one of the first query; the filter by state must not lose the rest."""
    study = optuna.create_study(storage=storage)
    trial = study.ask({"x": FloatDistribution(0.0, 1.0)})
    trial.report(0.5, 1)
    statements: list[str] = []

    def tell(*event: Any) -> None:
        statements.append(event[2])
        if len(statements) == 2:
            study.tell(trial, 0.5)

    with listening(storage.engine, "before_cursor_execute", tell):
        (read,) = storage._get_trials(study._study_id, [TrialState.RUNNING], set(), -1)

    assert (read.state, read.params, read.intermediate_values) == (TrialState.RUNNING, trial.params, {1: 0.5})
    assert storage.get_trial(trial._trial_id).state == TrialState.COMPLETE


def test_a_lost_connection_is_replaced(
    own_postgres_url: str, tell_postgres: Callable[[str], None], opener: Callable[..., Storage]
) -> None:
    storage = opener(own_postgres_url)
    study = optuna.create_study(storage=storage)
    fill(study)
    everything = storage._get_trials(study._study_id, None, set(), -1)
    tell_postgres("crash")
    tell_postgres("start")

    assert storage._get_trials(study._study_id, None, set(), -1) == everything
