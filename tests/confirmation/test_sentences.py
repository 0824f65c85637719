"""The answer in sentences: what is claimed, with which numbers, and what is not."""

from collections.abc import Callable

import pytest

from vsearch.confirmation.outcome import Outcome, outcome
from vsearch.confirmation.sentences import progress_sentence, seeds_in_words, shape_sentence, verdict_sentence
from vsearch.search.planned import with_seeds
from vsearch.search.stored import StoredStudy
from vsearch.search.trials import trial_results
from vsearch.spec import StudySpec

Ended = Callable[..., StoredStudy]
Plan = Callable[..., StudySpec]


@pytest.fixture
def shown(ended: Ended, plan: Plan) -> Callable[..., Outcome]:
    """`shown(gains, seeds)`: pairs that differ from the baseline by these points, give or take 0.1."""

    def make(gains: dict[str, float], seeds: int = 5, only: int | None = None, **changes: object) -> Outcome:
        def score(label: str, pair: int) -> float:
            return 0.9 + 0.01 * (gains.get(label, 0.0) + 0.1 * (pair % 2) * (label != "baseline"))

        spec = plan(seeds=seeds, **changes)
        return outcome(spec, trial_results(ended(spec, score, only=only)))

    return make


def test_a_confirmed_curve_is_named_with_gain_interval_corrections_and_pairs(shown: Callable[..., Outcome]) -> None:
    text = verdict_sentence(shown({"trial 7": 1.0}))
    assert text.startswith("confirmed: trial 7, Triangle(peak=1.3, floor=0.8")
    assert "beats the plain network on the test images of Digits by +1.04 points" in text
    assert "for 2 curves together; 5 pairs of trainings)." in text


def test_what_is_not_shown_says_what_could_have_been_found(shown: Callable[..., Outcome]) -> None:
    text = verdict_sentence(shown({}, seeds=2))
    assert text.startswith("not shown: ")
    assert "a true difference below" in text


def test_a_single_pair_is_no_evidence(shown: Callable[..., Outcome]) -> None:
    text = verdict_sentence(shown({"trial 7": 5.0}, seeds=1))
    assert text.startswith("not shown: ")
    assert "too few pairs for an interval; 1 pair of trainings" in text
    assert "train more seeds" in text


def test_a_loss_is_called_worse(shown: Callable[..., Outcome]) -> None:
    text = verdict_sentence(shown({"trial 7": -2.0, "trial 3": -3.0}))
    assert text.startswith("worse: trial 7")
    assert "loses 1.96 points" in text


def test_a_sequential_answer_says_that_it_is_valid_under_looking(shown: Callable[..., Outcome]) -> None:
    text = verdict_sentence(shown({"trial 7": 3.0}, seeds=8, sequential=True))
    assert "valid however often one looks" in text


def test_a_curve_that_diverged_claims_nothing(ended: Ended, plan: Plan) -> None:
    spec = plan()
    study = ended(
        spec, lambda label, pair: None if (label, pair) == ("trial 7", 0) else 0.9 + 0.05 * (label == "trial 7")
    )
    text = verdict_sentence(outcome(spec, trial_results(study)))
    assert text.startswith("not shown: trial 7")
    assert "1 of its 5 trainings diverged, so nothing is claimed" in text


def test_before_any_pair_the_sentence_says_so(shown: Callable[..., Outcome]) -> None:
    found = shown({}, only=1)
    assert verdict_sentence(found) == "not shown: no seed has finished with both the baseline and another curve yet."
    assert progress_sentence(found) == "So far: 1 of 25 trainings have ended."
    assert shape_sentence(found) == ""


def test_the_shape_matters_only_if_all_controls_are_beaten(shown: Callable[..., Outcome]) -> None:
    assert shape_sentence(shown({"trial 7": 1.0})) == (
        "The shape matters: trial 7 beats each of its controls (constant-mean, reversed)."
    )
    text = shape_sentence(shown({"trial 7": 1.0, "constant-mean": 1.0}, name="other"))
    assert text.startswith("That the shape matters is not shown, though it beats reversed: trial 7 differs by")
    assert "points from constant-mean (" in text


def test_a_finished_plan_needs_no_word_of_progress(shown: Callable[..., Outcome]) -> None:
    assert progress_sentence(shown({}, seeds=2)) == ""


@pytest.mark.parametrize(
    ("seeds", "settled", "words"),
    [(1, None, "1 seed"), (3, None, "3 seeds"), (5, {"trial 7"}, "up to 5 seeds")],
)
def test_the_number_of_seeds_is_a_bound_where_curves_are_settled(
    plan: Plan, seeds: int, settled: set[str] | None, words: str
) -> None:
    spec = plan(seeds=min(seeds, 3))
    assert seeds_in_words(with_seeds(spec, seeds, settled)) == words
