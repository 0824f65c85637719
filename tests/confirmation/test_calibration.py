"""What a calibration shows, on scores whose true ranking is planted."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from vsearch.confirmation.calibration import Calibration, calibration, mean_epochs
from vsearch.confirmation.calibration_content import calibration_content
from vsearch.confirmation.calibration_sentences import calibration_sentences
from vsearch.confirmation.proposals import doubt_about
from vsearch.confirmation.schedules import CalibrationSpecs, Schedules, calibration_specs
from vsearch.confirmation.stored_calibrations import CalibrationTrials, ScheduleTrials
from vsearch.curves import BASELINE, Constant
from vsearch.errors import InputError
from vsearch.search import attributes
from vsearch.search.trials import TrialResult
from vsearch.spec import RECIPES, StudySpec
from vsearch.spec.planned import PlannedCurve

SEARCH = StudySpec(("triangle",), name="search", dataset="digits", depth=8, epochs=8, first_rung=2)
Curve = Callable[[int, int, int], list[float] | None]
"""(curve, seed, epochs) -> accuracy after each epoch; None: it has not ended."""


def quality(curve: int) -> float:
    """The true order of the curves is that of their numbers."""
    return 0.5 + 0.02 * curve


def specs(curves: int = 9, seeds: int = 2) -> CalibrationSpecs:
    planned = [PlannedCurve("baseline", "baseline", BASELINE)]
    planned += [PlannedCurve("candidate", f"c{number}", Constant(1 + number / 100)) for number in range(1, curves)]
    return calibration_specs(SEARCH, planned, seeds=seeds, schedules=Schedules((2, 4, 8), 16))


def trial(spec: StudySpec, curve: int, seed: int, scores: list[float]) -> TrialResult:
    item, is_whole = spec.planned[curve], len(scores) == spec.epochs
    known = {attributes.LABEL: item.label, attributes.PAIR: seed}
    return TrialResult(
        number=seed * len(spec.planned) + curve,
        state="finished" if is_whole else "failed",
        role=item.role,
        reason="finished" if is_whole else "diverged",
        detail="",
        curve=item.curve,
        scales=(),
        knobs={},
        accuracy=scores[-1] if scores else None,
        accuracies=(),
        seed_curves=(),
        seeds=(),
        epochs=len(scores),
        learning_curve=tuple(scores),
        seconds=0.0,
        images_per_second=0.0,
        started=None,
        ended=None,
        attributes=known | {attributes.TRAIN_LOSSES: [1 - score for score in scores]},
    )


def trained(
    short: Curve, long: Curve = lambda curve, _, epochs: [quality(curve)] * epochs, plan: CalibrationSpecs | None = None
) -> CalibrationTrials:
    plan = plan or specs()

    def schedule(spec: StudySpec, score: Curve) -> ScheduleTrials:
        found = []
        for seed in range(spec.seeds_per_curve):
            for curve in range(len(spec.planned)):
                scores = score(curve, seed, spec.epochs)
                found += [] if scores is None else [trial(spec, curve, seed, scores)]
        return ScheduleTrials(spec, tuple(found))

    search = SEARCH
    return CalibrationTrials(
        plan.name, search, schedule(plan.long, long), tuple(schedule(s, short) for s in plan.short)
    )


def ranked_from(epoch: int) -> Curve:
    """Upside down before an epoch, as the long trainings from it on."""
    return lambda curve, _, epochs: [
        quality(curve) if at >= epoch else 1 - quality(curve) for at in range(1, epochs + 1)
    ]


def said(found: Calibration) -> str:
    return "\n".join(calibration_sentences(found))


def test_each_epoch_has_the_rank_correlation_that_was_planted() -> None:
    found = calibration(trained(ranked_from(3)))
    assert [[each.accuracy.rho for each in run.agreements][:4] for run in found.short] == [
        [pytest.approx(-1), pytest.approx(-1)],
        [pytest.approx(-1), pytest.approx(-1), pytest.approx(1), pytest.approx(1)],
        [pytest.approx(-1), pytest.approx(-1), pytest.approx(1), pytest.approx(1)],
    ]
    assert [each.loss.rho for each in found.short[1].agreements] == [pytest.approx(r) for r in (-1, -1, 1, 1)]


def test_the_proposal_is_the_cheapest_training_and_its_first_epoch_from_which_the_ranking_stays() -> None:
    found = calibration(trained(ranked_from(3)))
    assert [run.safe_epoch(0.8) for run in found.short] == [None, 3, 3]
    assert found.proposal is not None
    assert (found.proposal.run.spec.epochs, found.proposal.first_rung) == (4, 3)
    assert found.proposal.mean_epochs == pytest.approx(3.5)


def test_an_epoch_that_ranks_well_but_is_followed_by_one_that_does_not_is_not_safe() -> None:
    def unsteady(curve: int, _: int, epochs: int) -> list[float]:
        return [quality(curve) if at != epochs - 1 else 0.5 - 0.01 * curve for at in range(1, epochs + 1)]

    assert [run.safe_epoch(0.8) for run in calibration(trained(unsteady)).short] == [2, 4, 8]


def test_a_longer_training_that_prunes_early_is_cheaper_than_a_shorter_one_that_cannot_prune() -> None:
    def early_only_in_the_longest(curve: int, seed: int, epochs: int) -> list[float] | None:
        return ranked_from(1 if epochs == 8 else 4)(curve, seed, epochs)

    found = calibration(trained(early_only_in_the_longest))
    assert found.proposal is not None
    # 1 epoch, a half 1 more, a quarter 2 more, an eighth 4 more; against 4 epochs of each.
    assert found.proposal.run.spec.epochs == 8
    assert found.proposal.mean_epochs == pytest.approx(2.5)


def test_the_mean_epochs_of_a_trial_without_a_rung_before_the_end_are_all_of_them() -> None:
    assert mean_epochs(SEARCH, 8) == 8
    assert mean_epochs(SEARCH, 4) == 6


def test_where_nothing_ranks_well_nothing_is_proposed_and_it_says_what_to_try() -> None:
    found = calibration(trained(lambda curve, _, epochs: [1 - quality(curve)] * epochs))
    assert found.proposal is None
    assert "Pruning is not shown to be safe at any epoch. Try longer trainings" in said(found)


def test_a_perfect_ranking_of_few_curves_is_called_unsure_with_its_lower_end() -> None:
    found = calibration(trained(ranked_from(1), plan=specs(curves=5)))
    assert found.proposal is not None
    low = found.proposal.weakest.accuracy.interval.low
    assert low < 0.8
    assert f"is not sure: at epoch 1 it may be as low as {low:.2f}. With 5 curves" in said(found)


def test_a_perfect_ranking_of_many_curves_is_sure() -> None:
    found = calibration(trained(ranked_from(1), plan=specs(curves=24)))
    assert found.proposal is not None
    assert found.proposal.is_sure
    assert "All intervals from there on lie above 0.80." in said(found)


def test_fewer_than_four_curves_tell_nothing() -> None:
    found = calibration(trained(ranked_from(1), plan=specs(curves=3)))
    assert found.short[0].last.accuracy.rho is None
    assert found.proposal is None
    assert said(found).startswith("Nothing can be said yet: at least 4 curves")


def test_equal_scores_of_all_curves_are_no_agreement() -> None:
    found = calibration(trained(lambda *_: [0.5] * _[2]))
    assert found.short[0].last.accuracy.rho is None
    assert found.proposal is None


def test_a_training_that_diverged_is_last_from_then_on() -> None:
    def best_diverges(curve: int, _: int, epochs: int) -> list[float]:
        return [quality(curve)] * (1 if curve == 8 else epochs)

    found = calibration(trained(best_diverges))
    run = found.short[1]
    assert run.at(1).accuracy.rho == pytest.approx(1)
    assert run.at(2).accuracy.rho == pytest.approx(0.4)  # the best of 9 is last
    assert run.at(2).loss.rho == pytest.approx(0.4)
    assert run.diverged == 2
    assert "Trainings that diverged count with accuracy 0 from then on: 6." in said(found)


def test_a_seed_that_has_not_ended_for_all_curves_waits_for_the_rest() -> None:
    def second_half_done(curve: int, seed: int, epochs: int) -> list[float] | None:
        if seed == 1:
            return [1 - quality(curve)] * epochs if curve < 4 else None
        return ranked_from(1)(curve, seed, epochs)

    found = calibration(trained(second_half_done))
    assert found.short[0].last.accuracy.rho == pytest.approx(1)
    assert found.short[0].last.accuracy.curves == 9
    assert found.missing == 15
    assert "So far: 57 of 72 trainings have ended." in said(found)


def test_nothing_trained_is_told_in_the_same_form() -> None:
    found = calibration(trained(lambda *_: None, lambda *_: None))
    assert (found.missing, found.trainings, found.between_seeds) == (72, 72, None)
    assert calibration_content(found)["proposal"] is None
    assert said(found).startswith("Nothing can be said yet")


def noisy(curve: int, seed: int, epochs: int) -> list[float]:
    rng = np.random.default_rng([curve, seed, epochs])
    return [float(quality(curve) + 0.06 * rng.standard_normal()) for _ in range(epochs)]


def test_a_ranking_is_by_as_many_trainings_as_a_trial_of_the_search_is_judged_by() -> None:
    data = trained(noisy, plan=specs(seeds=8))
    one, mean = calibration(data), calibration(replace(data, search=SEARCH.with_changes(replicates=8)))
    assert one.short[2].last.accuracy.rho is not None
    assert mean.short[2].last.accuracy.rho is not None
    assert one.short[2].last.accuracy.rho + 0.05 < mean.short[2].last.accuracy.rho


def test_the_search_own_rungs_are_told_and_noise_of_the_long_trainings_too() -> None:
    found = calibration(trained(ranked_from(3), noisy))
    assert found.between_seeds is not None
    text = said(found)
    assert "The search's own rungs: " in text
    assert "Not shown to be safe: epoch 2" in text
    assert f"The long trainings of one seed and of another agree at {found.between_seeds:.2f}" in text


@pytest.mark.parametrize("wanted", [0, -0.1, 1.1, float("nan")])
def test_a_wanted_correlation_out_of_its_range_is_refused(wanted: float) -> None:
    with pytest.raises(InputError, match="wanted"):
        calibration(trained(ranked_from(1)), wanted=wanted)


def test_the_plan_keeps_the_test_split_closed_and_trains_as_the_search_does() -> None:
    plan = specs()
    assert [spec.name for spec in (*plan.short, plan.long)] == [
        *("search-calibration-2", "search-calibration-4", "search-calibration-8", "search-calibration-long-16"),
    ]
    for spec in (*plan.short, plan.long):
        assert (spec.evaluated_on, spec.parent, spec.purpose) == ("validation", "search", "calibration")
        assert (spec.planned, spec.trials) == (plan.long.planned, 18)
    assert {spec.recipe for spec in plan.short} == {SEARCH.recipe}
    assert plan.long.recipe == RECIPES["he2015"]
    assert plan.long.seed != plan.short[0].seed


def test_usual_schedules_are_parts_of_the_search_and_the_full_recipe() -> None:
    curves = specs().long.planned
    plan = calibration_specs(SEARCH.with_changes(epochs=16), curves, seeds=2, schedules=Schedules())
    assert [spec.epochs for spec in (*plan.short, plan.long)] == [4, 8, 16, 164]


@pytest.mark.parametrize(("short", "long"), [((1,), 8), ((4, 4), 8), ((8,), 8), ((2,), 1), ((2,), 10_001)])
def test_schedules_that_compare_nothing_are_refused(short: tuple[int, ...], long: int) -> None:
    with pytest.raises(InputError):
        calibration_specs(SEARCH, specs().long.planned, seeds=2, schedules=Schedules(short, long))


def test_the_long_schedule_of_a_small_subset_ends_where_every_full_schedule_does() -> None:
    """64,000 iterations would be 32,000 epochs of 256 images, more than a study takes."""
    search = StudySpec(("triangle",), dataset="digits", depth=8, epochs=8, train_images=256)
    specs = calibration_specs(search, (PlannedCurve("baseline", "baseline", BASELINE),), seeds=1, schedules=Schedules())
    assert specs.long.epochs == 164


@pytest.mark.parametrize(
    ("changes", "good_from", "said"),
    [
        ({}, 1, ""),
        ({}, 3, "trials of 8 epochs, compared from epoch 2 on, do not rank curves as long trainings do; of 4 epochs, "),
        ({"first_rung": 3}, 3, ""),
        ({"pruner": "none"}, 3, ""),
        ({"epochs": 2, "pruner": "none"}, 3, "trials of 2 epochs do not rank"),
        ({"epochs": 6}, 3, "tried no trials of 6 epochs; of 4 epochs, compared from epoch 3 on, they do"),
        ({}, 99, "do not rank curves as long trainings do, nor did any others that it tried"),
    ],
)
def test_a_search_is_told_what_its_calibration_has_against_it(
    changes: dict[str, object], good_from: int, said: str
) -> None:
    found = calibration(trained(ranked_from(good_from)))
    doubt = doubt_about(SEARCH.with_changes(**changes), found)
    assert said in doubt
    assert bool(said) == bool(doubt)


def test_a_calibration_that_has_not_ended_has_nothing_against_a_search() -> None:
    found = calibration(trained(lambda curve, seed, epochs: None if curve == 1 and seed == 1 else [0.5] * epochs))
    assert found.missing
    assert doubt_about(SEARCH, found) == ""
