"""The trials of planned studies: which are queued, with which seeds, and when the study is over."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from optuna.trial import TrialState

from vsearch.curves import BASELINE, Triangle
from vsearch.errors import InputError
from vsearch.search import attributes, control
from vsearch.search.budget import is_exhausted
from vsearch.search.claims import Claim, claim_trial
from vsearch.search.excluding import exclude, include
from vsearch.search.overview import overviews
from vsearch.search.planned import settled_as, with_seeds
from vsearch.search.stored import StoredStudy, open_study
from vsearch.search.trials import trial_results
from vsearch.spec import StudySpec
from vsearch.spec.planned import PlannedCurve
from vsearch.storage import Storage

MakeStudy = Callable[..., StoredStudy]
Finish = Callable[..., Claim | None]

PLAN: dict[str, Any] = {
    "purpose": "confirmation",
    "pruner": "none",
    "planned": (
        PlannedCurve("baseline", "baseline", BASELINE),
        PlannedCurve("candidate", "trial 7", Triangle(peak=1.3, floor=0.8)),
    ),
    "trials": 4,
}


@pytest.fixture
def planned(make_study: MakeStudy) -> StoredStudy:
    return make_study(**PLAN)


def finish_all(study: StoredStudy, finish: Finish, **how: Any) -> list[Claim]:
    claims = []
    while (claim := finish(study, **how)) is not None:
        claims.append(claim)
    return claims


def test_each_curve_is_trained_once_with_each_seed_and_pairs_share_it(planned: StoredStudy, finish: Finish) -> None:
    claims = finish_all(planned, finish)
    results = trial_results(planned)
    assert [(trial.label, trial.pair) for trial in results] == [
        ("baseline", 0),
        ("trial 7", 0),
        ("baseline", 1),
        ("trial 7", 1),
    ]
    assert claims[0].seeds == claims[1].seeds != claims[2].seeds == claims[3].seeds
    assert [claim.curve for claim in claims[:2]] == [BASELINE, Triangle(peak=1.3, floor=0.8)]
    assert is_exhausted(planned)


def test_the_seeds_are_none_that_a_search_trains_with(
    planned: StoredStudy, make_study: MakeStudy, finish: Finish
) -> None:
    fresh = {seed for claim in finish_all(planned, finish) for seed in claim.seeds}
    search = make_study(name="search", trials=6, replicates=3, pruner="none")
    used = {seed for claim in finish_all(search, finish) for seed in claim.seeds}
    assert len(fresh) == 2
    assert not fresh & used


def test_nothing_of_a_plan_may_be_pruned(planned: StoredStudy, finish: Finish) -> None:
    assert not any(claim.may_be_pruned for claim in finish_all(planned, finish))


def test_a_failed_trial_is_not_replaced_by_one_of_the_sampler(planned: StoredStudy, finish: Finish) -> None:
    assert len(finish_all(planned, finish, state=TrialState.FAIL)) == 4
    assert claim_trial(planned, "w") is None
    assert is_exhausted(planned)
    assert len(trial_results(planned)) == 4
    assert overviews(planned.storage)[0].state == "done"


def test_resuming_queues_what_failed_but_not_what_diverged(planned: StoredStudy, finish: Finish) -> None:
    for reason in ("diverged", "error", "out-of-memory"):
        claim = claim_trial(planned, "w")
        assert claim is not None
        planned.storage.end_trial(claim.trial_id, TrialState.FAIL, None, reason, "", {attributes.REASON: reason})
    finish(planned)
    resumed = control.resume(planned)
    waiting = [(t.label, t.pair) for t in trial_results(resumed) if t.state == "waiting"]
    assert waiting == [("trial 7", 0), ("baseline", 1)]
    again = claim_trial(resumed, "w")
    assert again is not None
    assert again.seeds == trial_results(resumed)[0].seeds


def test_more_seeds_are_queued_beside_those_that_are_there(planned: StoredStudy, finish: Finish) -> None:
    finish_all(planned, finish)
    control.more_seeds(planned, 3)
    more = open_study(planned.storage, planned.name)
    assert more.spec.seeds_per_curve == 3
    assert more.spec.sequential  # seeds were added when results were known
    finish_all(more, finish)
    pairs = Counter(trial.pair for trial in trial_results(more))
    assert pairs == {0: 2, 1: 2, 2: 2}
    assert len({seeds for trial in trial_results(more) for seeds in [trial.seeds]}) == 3


def waiting(study: StoredStudy) -> list[tuple[str, int | None]]:
    return [(trial.label, trial.pair) for trial in trial_results(study) if trial.state == "waiting"]


def test_a_settled_curve_gets_no_more_seeds_until_it_is_asked_for(planned: StoredStudy, finish: Finish) -> None:
    finish_all(planned, finish)
    more = control.more_seeds(planned, 4, {"trial 7"})
    assert waiting(more) == [("baseline", 2), ("baseline", 3)]
    finish_all(more, finish)
    assert is_exhausted(more)
    still = control.more_seeds(more, 5)
    assert waiting(still) == [("baseline", 4)]
    again = control.more_seeds(still, 5, ())
    assert waiting(again) == [("baseline", 4), *(("trial 7", pair) for pair in (2, 3, 4))]
    details = [event.detail for event in again.storage.events(again.study_id) if event.action == "resume"]
    assert details == ["seeds 2 -> 4, no more for trial 7", "seeds 4 -> 5", "seeds 5 -> 5"]


def test_a_settled_curve_that_is_trained_again_keeps_its_seeds(planned: StoredStudy, finish: Finish) -> None:
    """What failed waits again; what nobody asked for does not."""
    finish(planned)
    finish(planned, state=TrialState.FAIL)
    finish_all(planned, finish)
    assert waiting(control.more_seeds(planned, 3, {"trial 7"})) == [("trial 7", 0), ("baseline", 2)]


def test_a_plan_is_settled_as_the_stored_one_only_where_both_plan_the_same(planned: StoredStudy) -> None:
    stored = with_seeds(planned.spec, 3, {"trial 7"})
    assert settled_as(with_seeds(planned.spec, 3), stored) == stored
    for other in (with_seeds(planned.spec, 4), planned.spec.with_changes(planned=planned.spec.planned[:1], trials=3)):
        assert settled_as(other, stored) == other


def test_the_plan_survives_a_trial_that_is_excluded_and_included(planned: StoredStudy, finish: Finish) -> None:
    finish_all(planned, finish)
    study = exclude(planned, 1, "the fan was broken")
    queued = [(t.label, t.pair) for t in trial_results(study) if t.state == "waiting"]
    assert queued == [("trial 7", 0)]
    study = include(study, 1)
    assert not [t for t in trial_results(study) if t.state == "waiting"]
    assert is_exhausted(study)


def test_more_seeds_before_any_result_are_no_looking(planned: StoredStudy) -> None:
    assert not control.resume(planned, trials=6).spec.sequential


def test_seeds_below_one_are_refused(planned: StoredStudy) -> None:
    with pytest.raises(InputError, match="seeds is 0; give at least 1"):
        with_seeds(planned.spec, 0)


def test_the_plan_is_exact_on_either_database(either_storage: Storage, make_study: MakeStudy, finish: Finish) -> None:
    study = make_study(on=either_storage, **PLAN)
    assert len(finish_all(study, finish)) == 4
    assert not StudySpec(("triangle",)).planned
