"""The Python interface to claims that stand: which curves are confirmed, and when a sequential confirmation ends."""

from collections.abc import Callable
from pathlib import Path

import pytest
from optuna.trial import TrialState

from vsearch import evidence, study
from vsearch.confirmation.plan import FullTraining
from vsearch.curves import Curve, Ramp
from vsearch.errors import InputError, VsearchError
from vsearch.evidence import UntilSure
from vsearch.search import attributes
from vsearch.search.claims import claim_trial
from vsearch.settings import Settings, resolve
from vsearch.spec import StudySpec
from vsearch.study import Study

Score = Callable[[Curve, str, int], float]
BRIEF = FullTraining(epochs=2, train_images=256)

pytestmark = pytest.mark.usefixtures("quiet_optuna")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "home").mkdir()
    return resolve({"home": str(tmp_path / "home"), "device": "cpu"}, {})


def tell(score: Score, reason: str = "finished") -> Callable[[Study], None]:
    """Ends all that is queued with given accuracies; what is no score fails for that reason."""

    def train(planned: Study) -> None:
        stored = planned.stored
        while (claim := claim_trial(stored, "w")) is not None:
            attrs = stored.storage.get_trial(claim.trial_id).user_attrs
            value = score(claim.curve, attrs.get(attributes.LABEL, ""), attrs.get(attributes.PAIR, 0))
            is_score = reason == "finished"
            state = TrialState.COMPLETE if is_score else TrialState.FAIL
            ending = {attributes.REASON: reason}
            stored.storage.end_trial(claim.trial_id, state, value if is_score else None, reason, "", ending)

    return train


@pytest.fixture
def search(settings: Settings) -> Study:
    """Of 12 trials, the more a curve's first scale exceeds its last the better."""
    spec = StudySpec(
        ("ramp",), name="search", dataset="digits", depth=8, epochs=4, trials=12, pruner="none", sampler="random"
    )
    made = study.create(spec, settings)
    tell(lambda curve, _, __: 0.8 + 0.05 * (curve(1) - curve(15)))(made)
    return made


def noisy(gain: float) -> Score:
    """Every curve but the baseline gains so many points, give or take a tenth."""
    return lambda _, label, pair: 0.9 + (0 if label == "baseline" else gain / 100 + 0.001 * ((pair * 3) % 4 - 1.5))


def test_the_most_promising_curves_of_a_search_are_planned(search: Study) -> None:
    planned, is_new = evidence.confirm(search, top=2, seeds=3, training=BRIEF)
    assert is_new
    chosen = [item for item in planned.spec.planned if item.role == "candidate"]
    assert len(chosen) == 2
    best = chosen[0].curve
    assert isinstance(best, Ramp)
    assert best(1) > best(15)
    assert evidence.confirmation_of(search) is not None
    parent = evidence.parent_of(planned)
    assert parent is not None
    assert parent.spec.name == "search"


def test_a_planned_study_is_no_search_and_a_search_no_plan(search: Study) -> None:
    planned, _ = evidence.confirm(search, top=1, seeds=2, training=BRIEF)
    with pytest.raises(InputError, match="is a confirmation and no search"):
        evidence.confirm(planned)
    with pytest.raises(InputError, match="vsearch confirm search"):
        evidence.outcome_of(search)


def test_the_outcome_outlives_the_search_that_it_comes_from(search: Study) -> None:
    planned, _ = evidence.confirm(search, top=1, seeds=3, training=BRIEF, with_controls=False)
    tell(noisy(2.0))(planned)
    assert evidence.outcome_of(planned).claims[0].shrinkage is not None
    search.delete()
    found = evidence.outcome_of(planned)
    assert (found.verdict, found.claims[0].shrinkage) == ("confirmed", None)


def test_seeds_are_added_until_a_large_gain_is_sure(search: Study) -> None:
    planned, _ = evidence.confirm(search, top=2, seeds=2, training=BRIEF, sequential=True, with_controls=False)
    planned, step = evidence.train_until_sure(planned, UntilSure(), tell(noisy(2.0)))
    assert step.verdict == "confirmed"
    assert 4 <= planned.spec.seeds_per_curve < 20
    assert planned.spec.seeds_per_curve % 2 == 0
    assert evidence.outcome_of(planned).verdict == "confirmed"


def test_what_would_hardly_be_confirmed_any_more_is_given_up(search: Study) -> None:
    """Equal curves end long before their interval excludes what would be worthwhile."""
    planned, _ = evidence.confirm(search, top=1, seeds=4, training=BRIEF, sequential=True, with_controls=False)

    def wild(_: Curve, label: str, pair: int) -> float:
        return 0.8 + (0 if label == "baseline" else 0.1 * ((pair % 2) - 0.5))

    planned, step = evidence.train_until_sure(planned, UntilSure(), tell(wild))
    assert (step.verdict, planned.spec.seeds_per_curve) == ("futile", 4)
    assert "with 20 seeds it would be confirmed with a probability below 5 %" in step.reason
    assert evidence.outcome_of(planned).verdict == "not shown"


def test_a_curve_that_is_decided_gets_no_more_seeds_while_another_is_not(search: Study) -> None:
    planned, _ = evidence.confirm(search, top=2, seeds=4, training=BRIEF, sequential=True)
    first, second = (item.label for item in planned.spec.planned if item.role == "candidate")
    rule = UntilSure(worthwhile=0.0, max_seeds=10)

    def score(_: Curve, label: str, pair: int) -> float:
        """The first gains 6 points, give or take little; the second 0.7 and 0.5 more or less; the others nothing."""
        gains = {first: 6 + 0.1 * ((pair * 3) % 4), second: 0.2 + pair % 2, "baseline": 0.0}
        return 0.8 + gains.get(label, 0.3 * (pair % 3)) / 100

    planned, step = evidence.train_until_sure(planned, rule, tell(score))
    found = evidence.outcome_of(planned)
    seeds = {row.label: len(row.accuracies) for row in found.rows}
    assert seeds["baseline"] == seeds[second] == 10
    assert seeds[first] < 10
    assert {seeds[row.label] for row in found.rows if row.role == "control"} == {seeds[first]}
    assert (found.missing, found.verdict, step.decisions[first].verdict) == (0, "confirmed", "confirmed")
    again, is_new = evidence.confirm(search, top=2, seeds=10, training=BRIEF, sequential=True)
    assert (again.spec, is_new) == (planned.spec, False)
    more = evidence.more_seeds(again, 10)
    assert {more.spec.seeds_of(item) for item in more.spec.planned} == {10}


def test_equal_curves_are_given_up_once_they_can_gain_nothing_worthwhile(search: Study) -> None:
    planned, _ = evidence.confirm(search, top=1, seeds=4, training=BRIEF, sequential=True, with_controls=False)
    rule = UntilSure(worthwhile=0.5)
    planned, step = evidence.train_until_sure(planned, rule, tell(noisy(0.0)))
    assert step.verdict == "futile"
    assert planned.spec.seeds_per_curve < rule.max_seeds


def test_what_stays_unsure_ends_with_the_seeds_that_are_allowed(search: Study) -> None:
    planned, _ = evidence.confirm(search, top=1, seeds=4, training=BRIEF, sequential=True, with_controls=False)

    def wild(_: Curve, label: str, pair: int) -> float:
        return 0.8 + (0 if label == "baseline" else 0.1 * ((pair % 2) + 0.4))

    planned, step = evidence.train_until_sure(planned, UntilSure(max_seeds=7), tell(wild))
    assert step.verdict == "spent"
    assert planned.spec.seeds_per_curve == 7


def test_trainings_that_fail_end_it_with_a_word_on_where_to_look(search: Study) -> None:
    planned, _ = evidence.confirm(search, top=1, seeds=2, training=BRIEF, sequential=True, with_controls=False)
    with pytest.raises(VsearchError, match="the trainings of search-confirmation fail; see: vsearch trial list"):
        evidence.train_until_sure(planned, UntilSure(), tell(noisy(0.0), reason="error"))


def test_curves_that_diverge_with_every_seed_end_it_too(search: Study) -> None:
    planned, _ = evidence.confirm(search, top=1, seeds=2, training=BRIEF, sequential=True, with_controls=False)
    planned, _ = evidence.train_until_sure(planned, UntilSure(max_seeds=4), tell(noisy(0.0), reason="diverged"))
    assert planned.spec.seeds_per_curve == 4
    assert evidence.outcome_of(planned).verdict == "not shown"


def test_a_study_of_a_fixed_number_of_seeds_is_not_made_sequential_afterwards(search: Study) -> None:
    planned, _ = evidence.confirm(search, top=1, seeds=2, training=BRIEF)
    with pytest.raises(InputError, match="fixed number of seeds"):
        evidence.train_until_sure(planned, UntilSure(), tell(noisy(0.0)))


def test_what_failed_is_queued_again_with_the_same_seed(search: Study) -> None:
    planned, _ = evidence.confirm(search, top=1, seeds=2, training=BRIEF, with_controls=False)
    tell(noisy(0.0), reason="error")(planned)
    assert evidence.outcome_of(planned).missing == 4
    again = evidence.more_seeds(planned, 2)
    tell(noisy(1.0))(again)
    assert evidence.outcome_of(again).missing == 0
    assert not again.spec.sequential


def test_nothing_is_stored_if_one_of_several_plans_cannot_be(settings: Settings) -> None:
    made = evidence.reproduce(settings, ["cifar100-resnet56"], seeds=2, training=BRIEF)
    assert [(found.spec.name, is_new) for found, is_new in made] == [("paper-table-cifar100-resnet56", True)]
    with pytest.raises(InputError, match="epochs: stored 2, asked for 3"):
        evidence.reproduce(settings, seeds=2, training=FullTraining(epochs=3, train_images=256))
    assert made[0][0].stored.storage.study_names() == ["paper-table-cifar100-resnet56"]
