"""The curves of a calibration."""

from dataclasses import replace

import pytest

from tests.confirmation.test_calibration import SEARCH, specs, trial
from vsearch.confirmation.spread import spread
from vsearch.curves import Constant, Triangle
from vsearch.errors import InputError
from vsearch.search.trials import TrialResult

FIXED = ["constant 0.85", "constant 1.15", "falling", "rising"]


def finished(number: int, accuracy: float, peak: float) -> TrialResult:
    spec = specs().short[0]
    found = trial(spec, 1, 0, [accuracy] * spec.epochs)
    return replace(found, number=number, role="search", curve=Triangle(peak=peak, floor=0.9))


TRIALS = [finished(1, 0.8, 1.1), finished(2, 0.9, 1.2), finished(3, 0.7, 1.4), finished(4, 0.85, 1.5)]


def labels(*arguments: object, **numbers: int) -> list[str]:
    return [item.label for item in spread(*arguments, **numbers)]  # type: ignore[arg-type]


def test_baseline_the_papers_curve_of_the_family_constants_and_ramps_need_no_search() -> None:
    assert labels(SEARCH) == ["baseline", "paper cifar10-resnet32", *FIXED]


def test_the_papers_curves_for_the_data_set_are_there_for_any_family() -> None:
    search = SEARCH.with_changes(families=("spline",), knobs=(), dataset="cifar100", depth=20)
    assert labels(search)[1:3] == ["paper cifar100-resnet32", "paper cifar100-resnet56"]


def test_best_and_worst_finished_trial_of_the_search_are_there() -> None:
    assert labels(SEARCH, TRIALS)[-2:] == ["best, trial 2", "worst, trial 3"]


def test_more_trials_of_the_search_lie_evenly_between() -> None:
    assert labels(SEARCH, TRIALS, from_search=4)[-4:] == ["best, trial 2", "trial 4", "trial 1", "worst, trial 3"]
    assert labels(SEARCH, TRIALS, from_search=0)[-1] == "rising"


def test_curves_that_scale_alike_and_trials_that_did_not_finish_are_left_out() -> None:
    same = replace(TRIALS[1], curve=Constant(1.15))
    pruned = replace(TRIALS[2], state="pruned")
    assert labels(SEARCH, [same, pruned]) == ["baseline", "paper cifar10-resnet32", *FIXED]


def test_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(InputError, match="from-search"):
        spread(SEARCH, from_search=-1)


def test_a_best_trial_with_the_papers_curve_makes_way_for_the_next() -> None:
    paper = replace(TRIALS[1], curve=Triangle(peak=1.3, floor=0.8))
    assert labels(SEARCH, [TRIALS[0], paper, *TRIALS[2:]])[-2:] == ["best, trial 4", "worst, trial 3"]
