"""All studies at a glance."""

from typing import Any

import optuna
from optuna.trial import TrialState

from vsearch.search.control import stop
from vsearch.search.overview import overviews


def test_states_are_counted_and_the_best_is_named(make_study: Any, finish: Any) -> None:
    study = make_study(trials=9, name="one")
    states = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.COMPLETE)
    for state in states:
        finish(study, state=state)
    study.optuna_study.ask()
    (found,) = overviews(study.storage)
    assert (found.name, found.state, found.trials) == ("one", "open", 9)
    assert (found.finished, found.pruned, found.failed, found.running, found.waiting) == (2, 1, 1, 1, 0)
    finished = study.optuna_study.get_trials(states=[TrialState.COMPLETE])
    winner = max(finished, key=lambda trial: trial.value)
    assert (found.best, found.best_trial) == (winner.value, winner.number)


def test_each_state_of_a_study_is_told(make_study: Any, finish: Any) -> None:
    make_study(name="a")
    stop(make_study(name="b"))
    done = make_study(name="c", trials=1)
    finish(done)
    failed = make_study(name="d", max_failed=1)
    finish(failed, state=TrialState.FAIL)
    optuna.create_study(storage=done.storage, study_name="e")
    assert {study.name: study.state for study in overviews(done.storage)} == {
        "a": "open",
        "b": "stopped",
        "c": "done",
        "d": "failed",
        "e": "foreign",
    }
