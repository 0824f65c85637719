"""Suggestions: a function of study seed, trial number and history, in the space of the spec."""

from typing import Any

import pytest
from optuna.samplers import TPESampler
from optuna.trial import TrialState

from vsearch.search.claims import claim_trial
from vsearch.search.first import first_curves
from vsearch.search.sampler import CurveSampler
from vsearch.search.space import family_space
from vsearch.search.stored import open_study
from vsearch.spec.study import SAMPLERS


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_goes_through_a_whole_study_and_a_second_process_continues_its_stream(
    make_study: Any, finish: Any, sampler: str
) -> None:
    """Trial k gets the same parameters whether one process did all trials or each was done by a new one."""
    changes = {"sampler": sampler, "pruner": "hyperband", "trials": 8, "startup_trials": 2, "grid_points": 3, "seed": 5}
    whole = make_study("triangle", "bump", name="whole", **changes)
    while finish(whole):
        pass
    split = make_study("triangle", "bump", name="split", **changes)
    while finish(open_study(split.storage, "split")):
        pass
    trials = whole.optuna_study.trials
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 8
    assert [trial.params for trial in split.optuna_study.trials] == [trial.params for trial in trials]
    searched = trials[len(first_curves(whole.spec)) :]
    assert len({tuple(trial.params.items()) for trial in searched}) == len(searched) == 6
    for trial in searched:
        own = family_space(whole.spec, trial.params["family"])
        assert trial.params.keys() - {"family"} == own.keys()
        for name, distribution in own.items():
            assert trial.distributions[name] == distribution
            assert distribution._contains(distribution.to_internal_repr(trial.params[name]))


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc", "grid"])
def test_two_workers_do_not_repeat_each_others_first_suggestions(make_study: Any, sampler: str) -> None:
    study = make_study(sampler=sampler, trials=12, grid_points=4)
    workers = [open_study(study.storage, study.name) for _ in range(2)]
    claims = [claim_trial(workers[number % 2], f"w{number % 2}") for number in range(6)]
    searched = [claim for claim in claims if claim is not None and claim.role == "search"]
    assert len(searched) == 4
    assert len({claim.scales for claim in searched}) == len(searched)


def test_another_seed_gives_other_suggestions(make_study: Any, finish: Any) -> None:
    params = []
    for seed in (0, 1):
        study = make_study(name=f"seed{seed}", seed=seed, sampler="random", trials=5)
        while finish(study):
            pass
        params.append([trial.params for trial in study.optuna_study.trials][2:])
    assert all(left != right for left, right in zip(*params, strict=True))


@pytest.mark.parametrize("families", [("triangle",), ("triangle", "ramp")], ids="+".join)
def test_tpe_models_the_knobs_together_after_its_random_start(
    make_study: Any, finish: Any, monkeypatch: pytest.MonkeyPatch, families: tuple[str, ...]
) -> None:
    answers: list[tuple[set[str], set[str]]] = []
    original = TPESampler.sample_relative

    def noted(self: TPESampler, study: Any, trial: Any, search_space: Any) -> dict[str, Any]:
        answer = original(self, study, trial, search_space)
        answers.append((set(search_space), set(answer)))
        return answer

    monkeypatch.setattr(TPESampler, "sample_relative", noted)
    study = make_study(*families, trials=10, startup_trials=3, knobs={"floor": "0.7:0.9"})
    while finish(study):
        pass
    asked_late = [(space, answer) for space, answer in answers if answer]
    assert {frozenset(space - answer) for space, answer in asked_late} == {frozenset()}
    assert any(len(answer) > 1 for _, answer in asked_late)
    modelled = sum(1 for _, answer in asked_late if answer & {"peak", "triangle.peak", "ramp.peak"})
    assert modelled >= 5


def test_a_given_curve_outside_the_ranges_does_not_narrow_the_space(make_study: Any, finish: Any) -> None:
    """Optuna's own intersection of past trials' spaces would be empty here."""
    study = make_study(trials=6, startup_trials=3, knobs={"floor": "0.7:0.9"})
    while finish(study):
        pass
    baseline, *others = study.optuna_study.trials
    assert baseline.params == {}
    space = CurveSampler(study.spec).infer_relative_search_space(study.optuna_study, others[-1])
    assert space == {}  # it has its parameters
    new = study.optuna_study.ask()
    assert new.relative_params.keys() == {"peak", "floor", "apex"}


def test_gp_learns_where_given_curves_lie_outside_the_ranges(make_study: Any, finish: Any) -> None:
    study = make_study("triangle", "bump", sampler="gp", trials=8, startup_trials=2, knobs={"floor": "0.7:0.9"})
    while finish(study):
        pass
    assert study.optuna_study.trials[0].params == {}
    new = study.optuna_study.ask()
    assert new.relative_params.keys() - {"family"}


def test_tpe_finds_better_curves_than_its_random_start(make_study: Any, finish: Any) -> None:
    study = make_study(trials=26, startup_trials=8, knobs={"peak": "1:1.6"})
    while finish(study):
        pass
    scores = [trial.value for trial in study.optuna_study.trials[2:]]
    assert sum(scores[-8:]) / 8 > sum(scores[:8]) / 8
