"""Claiming trials: the budget, the seeds, and trials that are put back."""

import time
from contextlib import nullcontext
from typing import Any

import pytest
from optuna.trial import TrialState

from vsearch.errors import StorageAway
from vsearch.search import attributes
from vsearch.search.budget import is_exhausted
from vsearch.search.claims import claim_trial, put_back, put_back_lost, scales_key
from vsearch.search.control import resume, stop
from vsearch.search.stored import open_study, refreshed
from vsearch.storage import open_storage


def test_the_baseline_comes_first_and_the_papers_curve_second(make_study: Any, finish: Any) -> None:
    study = make_study(trials=4)
    claims = [finish(study) for _ in range(4)]
    assert [claim.role for claim in claims] == ["baseline", "paper", "search", "search"]
    assert claims[0].scales == (1.0, 1.0, 1.0)
    assert (claims[1].curve.peak, claims[1].curve.floor) == (1.3, 0.8)
    assert [claim.number for claim in claims] == [0, 1, 2, 3]


def test_finished_and_pruned_trials_count_and_failed_ones_do_not(make_study: Any, finish: Any) -> None:
    study = make_study(trials=4)
    for state in (TrialState.COMPLETE, TrialState.FAIL, TrialState.PRUNED, TrialState.FAIL, TrialState.COMPLETE):
        assert finish(study, state=state) is not None
        assert not is_exhausted(study)
    assert finish(study) is not None
    assert is_exhausted(study)
    assert finish(study) is None


def test_running_trials_are_part_of_the_budget(make_study: Any) -> None:
    """The study is not over while they run, since one of them may fail or be put back."""
    study = make_study(trials=2)
    assert claim_trial(study, "a") is not None
    assert claim_trial(study, "b") is not None
    assert claim_trial(study, "c") is None
    assert not is_exhausted(study)


def test_a_study_ends_when_too_many_trials_have_failed(make_study: Any, finish: Any) -> None:
    study = make_study(trials=9, max_failed=3)
    for _ in range(3):
        assert not is_exhausted(study)
        finish(study, state=TrialState.FAIL)
    assert is_exhausted(study)
    assert claim_trial(study, "w") is None


def test_a_stopped_study_gives_no_trial_until_it_is_open_again(make_study: Any) -> None:
    study = make_study(trials=3)
    stop(study)
    assert claim_trial(study, "w") is None
    assert is_exhausted(study)
    resume(study)
    assert claim_trial(study, "w") is not None


def test_more_trials_are_seen_by_a_worker_that_has_the_study_open(make_study: Any, finish: Any) -> None:
    study = make_study(trials=2)
    assert finish(study)
    assert finish(study)
    resume(open_study(study.storage, study.name), trials=3)
    study = refreshed(study)
    assert finish(study) is not None
    assert finish(study) is None


def test_every_curve_is_trained_with_the_same_seeds(make_study: Any, finish: Any) -> None:
    study = make_study(trials=4, replicates=2)
    seeds = [finish(study).seeds for _ in range(4)]
    assert len(set(seeds)) == 1
    assert len(set(seeds[0])) == 2


def test_a_curve_met_before_becomes_a_replicate_with_new_seeds(make_study: Any, finish: Any) -> None:
    """Of a constant curve whose only value is 1 every trial is the baseline again."""
    study = make_study("constant", trials=3, knobs={"value": "1"}, replicates=2)
    claims = [finish(study) for _ in range(3)]
    assert {claim.scales for claim in claims} == {(1.0, 1.0, 1.0)}
    assert len({seed for claim in claims for seed in claim.seeds}) == 6


def test_the_seeds_of_a_trial_that_failed_go_to_the_next_of_its_curve(make_study: Any, finish: Any) -> None:
    study = make_study(trials=6, knobs={"peak": "1.2", "floor": "1.2", "apex": "8"})
    finish(study)
    finish(study)
    failed = finish(study, state=TrialState.FAIL)
    second, third = finish(study), finish(study)
    assert second.seeds == failed.seeds
    assert third.seeds != second.seeds


@pytest.mark.parametrize(("other", "is_equal"), [(1.00004, True), (1.0002, False)])
def test_scales_are_compared_to_four_digits(other: float, is_equal: bool) -> None:
    assert (scales_key((1.0, other)) == scales_key((1.0, 1.0))) is is_equal


def test_zero_has_one_key() -> None:
    assert scales_key((-0.00001,)) == scales_key((-0.0,)) == scales_key((0.0,))


def test_the_curve_is_recorded_before_training(make_study: Any, finish: Any) -> None:
    study = make_study(trials=3)
    for _ in range(3):
        claim = finish(study, worker="me")
        attrs = study.optuna_study.trials[claim.number].user_attrs
        assert attrs[attributes.WORKER] == "me"
        assert attrs[attributes.CURVE] == claim.curve.to_dict()
        assert attrs[attributes.SCALES] == pytest.approx(claim.scales, abs=1e-6)
        assert attrs[attributes.MEAN] == pytest.approx(sum(claim.scales) / 3, abs=1e-6)
        assert attrs[attributes.PRODUCT] == pytest.approx(claim.scales[0] * claim.scales[1] * claim.scales[2], rel=1e-5)
        assert attrs[attributes.GEOMETRIC_MEAN] == pytest.approx(attrs[attributes.PRODUCT] ** (1 / 3), abs=1e-5)


def test_a_trial_put_back_is_taken_next_with_its_number_curve_and_seeds(make_study: Any, finish: Any) -> None:
    study = make_study(trials=5)
    for _ in range(2):
        finish(study)
    first = claim_trial(study, "a")
    assert first is not None
    claim_trial(study, "b")
    first.trial.report(0.5, 1)
    assert put_back(study, first, "preempted")

    again = claim_trial(open_study(study.storage, study.name), "c")
    assert again is not None
    assert (again.number, again.curve, again.seeds) == (first.number, first.curve, first.seeds)
    trial = study.optuna_study.trials[first.number]
    assert (trial.user_attrs[attributes.WORKER], trial.intermediate_values) == ("c", {1: 0.5})
    assert again.reported == {1: 0.5}
    assert len(study.optuna_study.trials) == 4


def test_a_claim_that_broke_off_waits_again_and_keeps_the_first_seeds(make_study: Any, finish: Any) -> None:
    """A worker killed while it claims leaves a running trial without its name, and maybe with its curve."""
    study = make_study(trials=5)
    seeds = finish(study).seeds
    finish(study)
    broken = claim_trial(study, "dead")
    assert broken is not None
    study.storage.put_back(broken.trial_id, "preempted")
    study.storage.set_trial_state_values(broken.trial_id, TrialState.RUNNING)
    claim_trial(study, "alive")
    assert put_back_lost(study) == [(broken.number, True)]
    assert put_back_lost(study) == []

    again = claim_trial(study, "w")
    assert again is not None
    assert (again.number, again.curve, again.seeds) == (broken.number, broken.curve, seeds)


def test_a_claim_that_broke_off_between_two_suggestions_begins_them_again(make_study: Any, finish: Any) -> None:
    """The rest of a trial's random stream would give another curve than the whole does."""
    whole, broken = (make_study(name=name, trials=5, sampler="random") for name in ("whole", "broken"))
    for study in (whole, broken):
        finish(study)
        finish(study)
    trial = broken.optuna_study.ask()
    trial.suggest_float(
        "peak", *(broken.spec.search_knobs["triangle"][0].low, broken.spec.search_knobs["triangle"][0].high)
    )
    assert put_back_lost(broken) == [(2, True)]
    curves = [claim.curve for study in (whole, broken) if (claim := claim_trial(study, "w")) is not None]
    assert len(curves) == 2
    assert curves[0] == curves[1]


def test_a_claim_that_somebody_else_finished_first_gives_nothing(
    make_study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a lock that was lost with its connection: the trial stays with the other worker."""
    study = make_study(trials=5)
    take = study.storage.take_lease

    def taken_meanwhile(study_id: int, trial_id: int, worker: str, seconds: float, device: str) -> int:
        take(study_id, trial_id, "faster", seconds, device)
        return int(take(study_id, trial_id, worker, seconds, device))

    with monkeypatch.context() as patch:
        patch.setattr(study.storage, "take_lease", taken_meanwhile)
        assert claim_trial(study, "slower") is None
    assert [(lease.number, lease.worker) for lease in study.storage.running_leases()] == [(0, "faster")]
    other = claim_trial(study, "slower")
    assert other is not None
    assert other.number == 1


def test_a_lease_that_ran_out_is_taken_over_and_counted(make_study: Any) -> None:
    study = make_study(trials=5)
    late = claim_trial(study, "late", lease_seconds=1.0)
    assert late is not None
    time.sleep(1.1)
    assert late.lease.is_due
    assert put_back_lost(study) == [(0, True)]
    other = claim_trial(open_study(study.storage, study.name), "other")
    assert other is not None
    assert (other.number, other.seeds) == (0, late.seeds)
    assert other.lease.fence > late.lease.fence
    (lease,) = study.storage.running_leases()
    assert (lease.worker, lease.lost) == ("other", 1)


def test_a_claim_whose_trial_was_taken_away_under_it_writes_nothing(make_study: Any) -> None:
    """As when the server restarts in the middle of a claim, and the study's lock is gone with its connection."""
    study = make_study(trials=5)
    other = open_study(open_storage(f"sqlite:///{study.storage.location}"), study.name)
    take = study.storage.take_lease
    adopted = []

    def slow(*arguments: Any) -> int:
        fence: int = take(*arguments)
        other.storage.put_back(arguments[1], "lost")
        adopted.append(claim_trial(other, "faster"))
        return fence

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study.storage, "take_lease", slow)
        patch.setattr(other.storage, "exclusive", lambda _: nullcontext())
        assert claim_trial(study, "slower") is None
    attrs = study.optuna_study.trials[0].user_attrs
    assert adopted[0] is not None
    assert (attrs[attributes.WORKER], attrs[attributes.SEEDS]) == ("faster", list(adopted[0].seeds))
    other.storage.close()


@pytest.mark.parametrize("is_ended", [True, False])
def test_a_claim_that_broke_off_leaves_its_trial_to_who_adopted_it_meanwhile(make_study: Any, is_ended: bool) -> None:
    """As when the database was away in the middle of a claim for longer than the lease."""
    study = make_study(trials=5)
    other = open_study(open_storage(f"sqlite:///{study.storage.location}"), study.name)

    def away(trial_id: int, attrs: object) -> None:
        other.storage.put_back(trial_id, "lost")
        adopted = claim_trial(other, "faster")
        assert adopted is not None
        if is_ended:
            other.optuna_study.tell(adopted.trial, 0.9)
        raise StorageAway("no server answers")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study.storage, "write_attrs", away)
        patch.setattr(other.storage, "exclusive", lambda _: nullcontext())
        with pytest.raises(StorageAway, match="no server answers"):
            claim_trial(study, "slower")
    holders = [lease.worker for lease in study.storage.running_leases()]
    assert holders == ([] if is_ended else ["faster"])
    assert study.optuna_study.trials[0].state == (TrialState.COMPLETE if is_ended else TrialState.RUNNING)
    other.storage.close()


def test_a_trial_that_was_only_created_gets_its_curve_from_the_next_worker(make_study: Any, finish: Any) -> None:
    study = make_study(trials=5, sampler="random")
    for _ in range(2):
        finish(study)
    number = study.optuna_study.ask().number
    assert put_back_lost(study) == [(number, True)]
    again = claim_trial(study, "w")
    assert again is not None
    assert (again.number, again.role) == (number, "search")
    assert again.trial.params.keys() == {"peak", "floor", "apex"}
