"""Pruners by name, and at which epochs they compare."""

from typing import Any

import pytest
from optuna.pruners import HyperbandPruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.trial import TrialState

from vsearch.search.claims import claim_trial
from vsearch.search.pruner import build_pruner
from vsearch.spec import StudySpec


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("none", NopPruner),
        ("asha", SuccessiveHalvingPruner),
        ("median", MedianPruner),
        ("hyperband", HyperbandPruner),
    ],
)
def test_a_pruner_is_built_by_its_name(name: str, kind: type) -> None:
    assert type(build_pruner(StudySpec(("triangle",), pruner=name))) is kind


def epochs_of_pruning(study: Any, levels: list[float], epochs: int) -> list[int | None]:
    """Train curves of a constant accuracy one after another; after which epoch each was pruned."""
    ended: list[int | None] = []
    for level in levels:
        claim = claim_trial(study, "w")
        assert claim is not None
        pruned = None
        for epoch in range(1, epochs + 1):
            claim.trial.report(level, epoch)
            if claim.trial.should_prune() and claim.may_be_pruned:
                pruned = epoch
                break
        ended.append(pruned)
        if pruned is None:
            study.optuna_study.tell(claim.trial, level)
        else:
            study.optuna_study.tell(claim.trial, state=TrialState.PRUNED)
    return ended


def test_asha_compares_after_epochs_2_4_and_8(make_study: Any) -> None:
    """The trial's place in each rung is noted in the epoch at which the rung lies."""
    study = make_study("constant", trials=50, epochs=9, pruner="asha")
    claim = claim_trial(study, "w")
    assert claim is not None
    rungs = []
    for epoch in range(1, 10):
        claim.trial.report(0.5, epoch)
        before = rung_marks(study, claim)
        assert not claim.trial.should_prune()
        rungs += [epoch] * (rung_marks(study, claim) != before)
    assert rungs == [2, 4, 8]


def rung_marks(study: Any, claim: Any) -> set[str]:
    return {key for key in study.storage.get_trial(claim.trial_id).system_attrs if "rung" in key}


@pytest.mark.parametrize(("first_rung", "factor"), [(2, 2), (3, 2), (1, 3)])
def test_a_curve_behind_the_baseline_is_pruned_at_the_first_rung(make_study: Any, first_rung: int, factor: int) -> None:
    """The baseline, which is never pruned itself, counts at its rungs."""
    study = make_study("constant", trials=50, epochs=5, first_rung=first_rung, rung_factor=factor, pruner="asha")
    assert epochs_of_pruning(study, [0.5, 0.4, 0.3], epochs=5) == [None, first_rung, first_rung]


def test_a_baseline_behind_all_others_may_not_be_pruned(make_study: Any) -> None:
    study = make_study("constant", trials=50, epochs=4, pruner="asha")
    baseline, other = claim_trial(study, "a"), claim_trial(study, "b")
    assert baseline is not None
    assert other is not None
    for claim, level in ((other, 0.9), (baseline, 0.1)):
        for epoch in (1, 2):
            claim.trial.report(level, epoch)
            is_hopeless = claim.trial.should_prune()
    assert is_hopeless
    assert (baseline.may_be_pruned, other.may_be_pruned) == (False, True)


def test_median_compares_from_the_first_rung_on(make_study: Any) -> None:
    study = make_study("constant", trials=50, epochs=4, first_rung=3, pruner="median")
    assert epochs_of_pruning(study, [0.5] * 5 + [0.1], epochs=4) == [None] * 5 + [3]


def test_none_prunes_nothing(make_study: Any) -> None:
    study = make_study("constant", trials=50, epochs=3, pruner="none")
    assert epochs_of_pruning(study, [0.5, 0.4, 0.3], epochs=3) == [None] * 3
