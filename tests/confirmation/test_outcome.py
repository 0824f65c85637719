"""What a planned study shows: pairs, verdicts, controls, and what keeps a claim from being made."""

from collections.abc import Callable
from typing import Any

import pytest
from scipy.stats import ttest_rel

from vsearch.confirmation.outcome import Outcome, outcome, resolution
from vsearch.search import control
from vsearch.search.stored import StoredStudy, open_study
from vsearch.search.trials import trial_results
from vsearch.spec import StudySpec

Ended = Callable[..., StoredStudy]
Plan = Callable[..., StudySpec]

LEVELS = {"baseline": 0.90, "trial 7": 0.93, "trial 3": 0.9005, "constant-mean": 0.91, "reversed": 0.90}


def score(label: str, pair: int) -> float:
    """Seeds move all curves together by far more than each by itself: only pairs can tell them apart."""
    own = {"baseline": 0, "trial 7": 1, "trial 3": 4, "constant-mean": 2, "reversed": 3}[label]
    return LEVELS[label] + 0.02 * ((pair * 7) % 5 - 2) + 0.001 * (((pair + own) * 3) % 5 - 2)


def shown(study: StoredStudy, **how: Any) -> Outcome:
    return outcome(study.spec, trial_results(study), **how)


def test_differences_are_taken_seed_by_seed_and_agree_with_scipy(ended: Ended, plan: Plan) -> None:
    found = shown(ended(plan(), score))
    row = found.claims[0]
    own = [100 * score("trial 7", pair) for pair in range(5)]
    base = [100 * score("baseline", pair) for pair in range(5)]
    expected = ttest_rel(own, base)
    assert row.differences == pytest.approx([a - b for a, b in zip(own, base, strict=True)])
    assert row.difference is not None
    assert row.difference.p_value == pytest.approx(expected.pvalue)
    assert tuple(row.difference.interval) == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_a_curve_that_beats_the_baseline_in_every_pair_is_confirmed_and_the_others_are_not(
    ended: Ended, plan: Plan
) -> None:
    found = shown(ended(plan(), score))
    assert [(row.label, row.verdict) for row in found.claims] == [("trial 7", "confirmed"), ("trial 3", "not shown")]
    assert found.winner is found.claims[0]
    assert found.verdict == "confirmed"
    assert found.missing == 0


def test_the_verdict_is_read_from_an_interval_that_is_corrected_for_all_claims_and_studies(
    ended: Ended, plan: Plan
) -> None:
    study = ended(plan(), score)
    alone, together = shown(study), shown(study, studies=4)
    for row, wider in zip(alone.claims, together.claims, strict=True):
        assert row.difference is not None
        assert wider.difference is not None
        assert (row.difference.comparisons, wider.difference.comparisons) == (2, 8)
        assert row.decisive == row.difference.simultaneous
        assert row.decisive.low < row.difference.interval.low
        assert wider.decisive is not None
        assert wider.decisive.low < row.decisive.low


def test_a_curve_that_loses_every_pair_is_worse(ended: Ended, plan: Plan) -> None:
    found = shown(ended(plan(), lambda label, pair: 1.8 - score(label, pair)))
    assert found.claims[0].verdict == "worse"


def test_a_curve_of_which_a_training_diverged_is_never_confirmed(ended: Ended, plan: Plan) -> None:
    found = shown(ended(plan(), lambda label, pair: None if (label, pair) == ("trial 7", 2) else score(label, pair)))
    row = found.claims[0]
    assert (row.diverged, row.missing, len(row.differences)) == (1, 0, 4)
    assert row.decisive is not None
    assert row.decisive.low > 0
    assert row.verdict == "not shown"


def test_the_shape_is_shown_only_if_every_control_is_beaten(ended: Ended, plan: Plan) -> None:
    found = shown(ended(plan(), score))
    assert [row.label for row in found.shape] == ["constant-mean", "reversed"]
    assert found.is_shape is True
    other = shown(
        ended(plan(name="other"), lambda label, pair: score("trial 7" if label == "reversed" else label, pair))
    )
    assert other.is_shape is False
    assert other.verdict == "confirmed"


def test_without_controls_nothing_is_said_of_the_shape(ended: Ended, plan: Plan) -> None:
    spec = plan()
    found = shown(ended(plan(spec.planned[:3], 3), score))
    assert found.is_shape is None


def test_a_single_pair_shows_nothing(ended: Ended, plan: Plan) -> None:
    found = shown(ended(plan(seeds=1), score))
    assert found.verdict == "not shown"
    assert found.claims[0].decisive is not None
    assert not found.claims[0].decisive.is_finite


def test_equal_differences_are_no_certainty(ended: Ended, plan: Plan) -> None:
    """Two pairs on 359 images that happen to differ by one image each."""
    found = shown(ended(plan(seeds=2), lambda label, _: (330 + (label == "trial 7")) / 359))
    row = found.claims[0]
    assert row.difference is not None
    assert row.difference.mean == pytest.approx(100 / 359)
    assert row.verdict == "not shown"
    assert resolution(found.spec) == pytest.approx(100 / 359)


def test_half_of_a_plan_is_compared_as_far_as_it_went(ended: Ended, plan: Plan) -> None:
    found = shown(ended(plan(), score, only=12))
    assert [len(row.differences) for row in found.rows] == [0, 3, 2, 2, 2]
    assert found.missing == 13


def test_before_any_pair_there_is_no_winner(ended: Ended, plan: Plan) -> None:
    found = shown(ended(plan(), score, only=1))
    assert found.winner is None
    assert found.verdict == "not shown"
    assert found.shape == ()


def test_seeds_that_were_added_after_looking_widen_the_interval(ended: Ended, plan: Plan, storage: Any) -> None:
    study = ended(plan(seeds=5), score)
    assert shown(study).verdict == "confirmed"
    control.more_seeds(study, 6)
    looked = open_study(storage, study.name)
    row, plain = shown(looked).claims[0], shown(study).claims[0]
    assert looked.spec.sequential
    assert row.differences == plain.differences
    assert row.decisive is not None
    assert plain.decisive is not None
    assert row.decisive.high - row.decisive.low > plain.decisive.high - plain.decisive.low


def test_a_curve_that_gets_no_more_seeds_misses_none(ended: Ended, plan: Plan) -> None:
    found = shown(control.more_seeds(ended(plan(seeds=4), score), 6, {"trial 3", "reversed"}))
    assert {row.label: row.missing for row in found.rows} == {
        "baseline": 2,
        "trial 7": 2,
        "trial 3": 0,
        "constant-mean": 2,
        "reversed": 0,
    }
    assert found.missing == 6


def test_the_shrinkage_is_the_lead_in_the_search_less_the_confirmed_one(ended: Ended, plan: Plan) -> None:
    search = ended(
        plan(plan().planned[:2], 1, name="search", evaluated_on="validation"),
        lambda label, _: 0.9 if label == "baseline" else 0.95,
    )
    study = ended(plan(), score)
    row, other = outcome(study.spec, trial_results(study), trial_results(search)).claims
    assert row.search_lead == pytest.approx(5.0)
    assert row.difference is not None
    assert row.shrinkage == pytest.approx(5.0 - row.difference.mean)
    assert (other.search_lead, other.shrinkage) == (None, None)
