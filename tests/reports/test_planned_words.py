"""A planned study in sentences."""

from collections.abc import Callable
from typing import Any

import pytest

from vsearch.curves import BASELINE, Triangle
from vsearch.reports.planned_words import planned_question
from vsearch.reports.study_data import Child, StudyData
from vsearch.reports.summary import is_spent, next_command, summary
from vsearch.search.trials import TrialResult
from vsearch.spec.planned import PlannedCurve

MakeData = Callable[..., StudyData]
MakeTrial = Callable[..., TrialResult]
BASE = PlannedCurve("baseline", "baseline", BASELINE)
ONE = PlannedCurve("candidate", "trial 7", Triangle(peak=1.3, floor=0.8))
PAPER = PlannedCurve("paper", "paper", Triangle(peak=1.4, floor=0.8))


@pytest.mark.parametrize(
    ("planned", "changes", "words"),
    [
        (
            (BASE, ONE),
            {},
            "Does the curve of trial 7 of search beat the plain ResNet-32 on CIFAR-10, with fresh seeds and on the "
            "test images?",
        ),
        (
            (BASE, ONE, PAPER),
            {"parent": ""},
            "Do the curve of trial 7 or the paper's curve beat the plain ResNet-32 on CIFAR-10, with fresh seeds and "
            "on the test images?",
        ),
        (
            (BASE, PAPER),
            {"purpose": "reproduction", "parent": ""},
            "Does the paper's curve beat the plain ResNet-32 on CIFAR-10 by the +1.06 points that the paper gives?",
        ),
        (
            (BASE, ONE),
            {"purpose": "transfer", "depth": 20},
            "Does the curve of trial 7 of search beat the plain ResNet-20 on CIFAR-10, too?",
        ),
        (
            (BASE, ONE),
            {"purpose": "calibration"},
            "Does a short training rank the curves of search as a long one does, for ResNet-32 on CIFAR-10?",
        ),
    ],
)
def test_the_question_is_that_of_the_purpose(
    plan_data: MakeData, planned: tuple[PlannedCurve, ...], changes: dict[str, Any], words: str
) -> None:
    assert planned_question(plan_data(planned=planned, **changes).spec) == words


def test_the_answer_is_the_verdict_and_the_shape_and_the_shrinkage_bear_on_it(
    plan_data: MakeData, trial: MakeTrial
) -> None:
    search = (trial(0, 0.8, role="baseline"), trial(7, 0.85, Triangle(peak=1.3, floor=0.8)))
    told = summary(plan_data(search=search))
    assert told.headline.startswith("Confirmed: trial 7, Triangle(peak=1.3, floor=0.8, apex=8), beats the plain")
    assert "The shape matters: trial 7 beats each of its controls" in told.how_sure
    assert "In the search trial 7 led by +5.00 points, and here by" in told.how_sure
    assert "less." in told.how_sure
    assert told.scales == Triangle(peak=1.3, floor=0.8).scales(15)
    assert told.best is None


def test_a_study_without_any_pair_says_so_and_how_much_is_missing(plan_data: MakeData) -> None:
    told = summary(plan_data(trained=0))
    assert told.headline.startswith("Not shown: no seed has finished")
    assert "So far: 0 of 25 trainings have ended." in told.how_sure
    assert told.budget == "Budget: 0 of 25 trainings (5 curves with 5 seeds each), 0.00 device hours; nobody trains it."
    assert told.scales == ()


def test_a_diverged_training_is_told_and_counts_as_a_result(plan_data: MakeData) -> None:
    data = plan_data(lambda label, pair: None if (label, pair) == ("trial 3", 1) else 0.8 + 0.001 * pair)
    told = summary(data)
    assert "Diverged: 1 training of trial 3." in told.how_sure
    assert "25 of 25 trainings" in told.budget
    assert told.budget.endswith("it is done.")


def test_a_plan_is_spent_when_nothing_waits_whatever_the_number_that_finished(plan_data: MakeData) -> None:
    assert not is_spent(plan_data(trained=24))
    assert is_spent(plan_data(lambda *_: None))


@pytest.mark.parametrize(
    ("changes", "command"),
    [
        ({}, "vsearch export planned -o planned-network"),
        ({"score": lambda _, pair: 0.8 + 0.01 * pair}, "vsearch report planned -o planned.html"),
        ({"seeds": 1}, "vsearch confirm planned --seeds 5"),
        ({"trained": 3}, "vsearch confirm planned"),
        ({"state": "paused", "trained": 3}, "vsearch study resume planned"),
        ({"purpose": "calibration"}, "vsearch calibrate search"),
    ],
)
def test_the_next_command_fits_what_is_known(plan_data: MakeData, changes: dict[str, Any], command: str) -> None:
    assert next_command(plan_data(**changes)) == command


def test_trainings_that_no_device_hours_are_left_for_need_more_of_them(plan_data: MakeData) -> None:
    made = plan_data(trained=3, max_device_hours=1.0)
    data = StudyData(made.spec, 2, "open", made.trials, {0: 3600.0})
    told = summary(data)
    assert told.budget.endswith("1.00 of 1 device hours; its device hours are used up.")
    assert told.next_command == "vsearch study resume planned --max-device-hours 2"


def test_a_search_names_its_confirmations_and_leads_to_them(trial: MakeTrial, data: MakeData) -> None:
    trials = (trial(0, 0.8, role="baseline"), trial(1, 0.81, Triangle(peak=1.3, floor=0.8)))
    child = Child("peak-confirmation", 2, "confirmation", "confirmed", "confirmed: trial 1 beats it.", True)
    found = data(*trials, name="peak", trials=2)
    assert next_command(found) == "vsearch confirm peak"
    with_child = StudyData(found.spec, 1, "open", found.trials, children=(child,))
    told = summary(with_child)
    assert told.children == ("peak-confirmation, a confirmation. Confirmed: trial 1 beats it.",)
    assert told.next_command == "vsearch report peak peak-confirmation -o peak.html"
    going = StudyData(found.spec, 1, "open", found.trials, children=(child._replace(is_over=False),))
    assert next_command(going) == "vsearch confirm peak-confirmation"
