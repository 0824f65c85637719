"""How fast trials go by, by watching them and by their times."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vsearch.search.pace import Pace, pace_of
from vsearch.search.stored import StoredStudy
from vsearch.search.trials import TrialResult, trial_results

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def trial(make_study: Any, finish: Any) -> TrialResult:
    """A finished trial."""
    study: StoredStudy = make_study()
    finish(study)
    return trial_results(study)[0]


def seen(*looks: tuple[float, float]) -> float | None:
    clock = Clock()
    pace = Pace(clock)
    for clock.now, done in looks:
        pace.see(done)
    return pace.per_second


def test_the_pace_is_what_was_gained_while_watching() -> None:
    assert seen((0, 3), (10, 5)) == pytest.approx(0.2)
    assert seen((0, 0.5), (60, 1.25)) == pytest.approx(0.75 / 60)


def test_too_little_says_nothing() -> None:
    assert seen() is None
    assert seen((0, 3)) is None
    assert seen((0, 3), (10, 4)) is None
    assert seen((0, 3), (500, 3)) is None


def test_what_lies_further_back_is_forgotten() -> None:
    assert seen((0, 0), (10, 100), (500, 100), (700, 104)) == pytest.approx(4 / 200)


def test_it_begins_anew_when_trials_were_excluded() -> None:
    assert seen((0, 10), (10, 5), (20, 8)) == pytest.approx(0.3)


def test_before_watching_the_times_of_the_ended_trials_tell(trial: TrialResult) -> None:
    ended = [replace(trial, ended=NOON + timedelta(minutes=number)) for number in range(5)]
    assert pace_of(ended, NOON + timedelta(minutes=4)) == pytest.approx(1 / 60)
    assert pace_of(ended, NOON + timedelta(minutes=8)) == pytest.approx(4 / 480)
    naive = [replace(one, ended=one.ended.replace(tzinfo=None)) for one in ended if one.ended]
    assert pace_of(naive, NOON + timedelta(minutes=4)) == pytest.approx(1 / 60)


def test_only_finished_and_pruned_trials_count(trial: TrialResult) -> None:
    ended = [replace(trial, ended=NOON + timedelta(minutes=number)) for number in range(2)]
    failed = [replace(trial, state="failed", ended=NOON + timedelta(seconds=number)) for number in range(90)]
    assert pace_of([*ended, *failed], NOON + timedelta(minutes=1)) == pytest.approx(1 / 60)
    assert pace_of(failed) is None
    assert pace_of(ended[:1]) is None
    assert pace_of([replace(trial, ended=None), trial]) is None
    assert pace_of([ended[0], ended[0]], NOON) is None
