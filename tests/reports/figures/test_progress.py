"""The figure of progress, by its numbers."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from vsearch.reports.chart import Chart, Line, Points, Rule
from vsearch.reports.figures.progress import MOST_POINTS, PrunedAt, progress_chart, progress_info
from vsearch.reports.study_data import StudyData

Make = Callable[..., Any]
NOON = datetime(2026, 11, 21, 12)


@pytest.fixture
def pruned_study(trial: Make, data: Make) -> StudyData:
    """Of 50 trials 31 are pruned: 20 after epoch 2, 11 after epoch 4; 16 epochs each otherwise."""
    lengths = {2: 20, 4: 11, 16: 19}
    trials: list[Any] = []
    for epochs, count in lengths.items():
        for _ in range(count):
            number = len(trials)
            state = "finished" if epochs == 16 else "pruned"
            trials.append(trial(number, 0.5, state=state, learning_curve=(0.5 + number / 1000,) * epochs))
    return data(*trials, epochs=16)  # type: ignore[no-any-return]


def line(chart: Chart, panel: int) -> Line:
    (found,) = [mark for mark in chart.panels[panel].marks if isinstance(mark, Line)]
    return found


def points(chart: Chart, panel: int, name: str) -> Points:
    (found,) = [mark for mark in chart.panels[panel].marks if isinstance(mark, Points) and mark.name == name]
    return found


def test_pruned_trials_are_counted_at_each_rung(pruned_study: StudyData) -> None:
    info = progress_info(pruned_study)
    assert (info.finished, info.pruned, info.failed) == (19, 31, 0)
    assert info.pruned_at == (PrunedAt(2, 20, True), PrunedAt(4, 11, True), PrunedAt(8, 0, True))


def test_the_saved_share_is_of_the_epochs_that_all_would_have_taken(pruned_study: StudyData) -> None:
    info = progress_info(pruned_study)
    assert (info.epochs_trained, info.epochs_untouched) == (20 * 2 + 11 * 4 + 19 * 16, 50 * 16)
    assert info.saved == pytest.approx(1 - 388 / 800)


def test_title_and_note_tell_what_pruning_saved(pruned_study: StudyData) -> None:
    chart = progress_chart(progress_info(pruned_study))
    assert chart.title == "Progress: best 50.00 % after 50 trials; pruning saved 52 % of the epochs"
    assert "31 of 50 trials pruned (after epoch 2: 20, after epoch 4: 11): 388 epochs instead of 800." in chart.note


def test_words_that_stand_in_the_note_are_not_said_twice(pruned_study: StudyData) -> None:
    chart = progress_chart(progress_info(pruned_study))
    assert "epochs instead of" in chart.note
    assert "epochs instead of" not in chart.alternative
    assert "Pruning saved" in chart.alternative


def test_a_trial_pruned_between_rungs_is_told_too(trial: Make, data: Make) -> None:
    diverged = trial(0, 0.1, state="pruned", reason="diverged", learning_curve=(0.2, 0.1, 0.1))
    info = progress_info(data(diverged))
    assert PrunedAt(3, 1, False) in info.pruned_at
    assert info.diverged == 1
    assert "1 of them diverged" in progress_chart(info).note


def test_nothing_is_saved_where_nothing_was_pruned(trial: Make, data: Make) -> None:
    info = progress_info(data(trial(0, 0.8), trial(1, 0.7), pruner="none"))
    assert (info.saved, info.pruned_at) == (0.0, ())
    assert progress_chart(info).title == "Progress: best 80.00 % after 2 trials"


def test_the_best_so_far_is_a_step_at_each_improvement_up_to_the_last_trial(trial: Make, data: Make) -> None:
    scores = (0.5, 0.4, 0.7, 0.6, 0.8, 0.1)
    chart = progress_chart(progress_info(data(*(trial(n, score) for n, score in enumerate(scores)))))
    best = line(chart, 0)
    assert best.is_step
    assert (best.x, best.y) == ((1.0, 3.0, 5.0, 6.0), (0.5, 0.7, 0.8, 0.8))
    assert points(chart, 0, "finished").y == scores


def test_the_baseline_alone_stands_on_its_own_line(trial: Make, data: Make) -> None:
    info = progress_info(data(trial(0, 2 / 3, role="baseline")))
    assert info.best is not None
    assert info.best.accuracy == info.baseline


def test_the_best_reads_as_in_every_other_place(trial: Make, data: Make) -> None:
    study = data(trial(0, 0.67404837))
    chart = progress_chart(progress_info(study))
    assert chart.title == "Progress: best 67.40 % after 1 trial"
    assert "67.40 %" in chart.alternative


def test_the_order_is_that_of_the_end(trial: Make, data: Make) -> None:
    ends = [NOON + timedelta(minutes=minutes) for minutes in (30, 10, 20)]
    trials = [trial(number, 0.5, ended=end) for number, end in enumerate(ends)]
    info = progress_info(data(*trials, trial(3, 0.6)))  # the last has no time of its end
    assert [(t.order, t.number) for t in info.trials] == [(1, 1), (2, 2), (3, 0), (4, 3)]


def test_pruned_trials_are_crosses_at_their_last_accuracy_and_no_improvement(trial: Make, data: Make) -> None:
    pruned = trial(1, 0.9, state="pruned", learning_curve=(0.2, 0.9))
    chart = progress_chart(progress_info(data(trial(0, 0.8), pruned)))
    crosses = points(chart, 0, "pruned")
    assert (crosses.symbol, crosses.x, crosses.y) == ("cross", (2,), (0.9,))
    assert crosses.hover == ("trial 1: 90.00 %, pruned after 2 epochs",)
    assert line(chart, 0).y == (0.8, 0.8)


def test_device_time_adds_up_with_failed_trials_and_falls_back_to_training_time(trial: Make, data: Make) -> None:
    trials = [trial(0, 0.5, seconds=1), trial(1, None, state="failed"), trial(2, 0.6, seconds=1800)]
    plain = data(*trials)
    study = StudyData(plain.spec, 1, "open", plain.trials, {0: 3600.0, 1: 1800.0})
    info = progress_info(study)
    assert [t.device_seconds for t in info.trials] == [3600.0, 7200.0]
    assert info.device_seconds == 7200.0
    chart = progress_chart(info)
    assert chart.panels[1].x.title == "Device hours"
    assert line(chart, 1).x == (1.0, 2.0)


def test_short_studies_are_shown_in_minutes(trial: Make, data: Make) -> None:
    chart = progress_chart(progress_info(data(trial(0, 0.5, seconds=60), trial(1, 0.6, seconds=90))))
    assert chart.panels[1].x.title == "Device minutes"
    assert line(chart, 1).x == (1.0, 2.5)


def test_the_baseline_is_a_rule_in_both_panels(trial: Make, data: Make) -> None:
    chart = progress_chart(progress_info(data(trial(0, 0.8, role="baseline"), trial(1, 0.9))))
    rules = [[mark.at for mark in panel.marks if isinstance(mark, Rule)] for panel in chart.panels]
    assert rules == [[0.8], [0.8]]
    assert "+10.00 points vs. the baseline" in chart.alternative


def test_large_studies_keep_every_improvement_and_the_last_trial(trial: Make, data: Make) -> None:
    scores = [0.5 + 0.3 * (n % 70) / 70 + n / 100_000 for n in range(3000)]
    study = data(*(trial(n, score) for n, score in enumerate(scores)))
    info = progress_info(study)
    assert len(info.trials) == MOST_POINTS
    assert info.finished == 3000
    best, improved = 0.0, []
    for number, score in enumerate(scores):
        if score > best:
            best = score
            improved.append(number)
    assert [t.number for t in info.trials if t.is_improvement] == improved
    assert info.trials[-1].number == 2999
    gaps = [b.order - a.order for a, b in zip(info.trials, info.trials[1:], strict=False)]
    assert max(gaps) <= 20
    chart = progress_chart(info)
    assert f"{MOST_POINTS} trials are drawn" in chart.note
    assert len(json.dumps(chart)) < 30_000


def test_a_study_that_always_improves_stays_small_and_keeps_its_best(trial: Make, data: Make) -> None:
    info = progress_info(data(*(trial(n, n / 10_000) for n in range(2000))))
    assert len(info.trials) == MOST_POINTS
    assert info.best is not None
    assert info.best.number == 1999


def test_only_pruned_trials_have_crosses_and_no_best(trial: Make, data: Make) -> None:
    chart = progress_chart(progress_info(data(trial(0, 0.3, state="pruned", learning_curve=(0.2, 0.3)))))
    assert points(chart, 0, "pruned").y == (0.3,)
    assert chart.panels[1].empty == "No trial has finished yet."


def test_every_edge_has_a_picture_or_a_reason(edge_study: StudyData) -> None:
    chart = progress_chart(progress_info(edge_study))
    for panel in chart.panels:
        assert bool(panel.marks) != bool(panel.empty)
    assert chart.alternative
    assert chart.title
    assert "NaN" not in json.dumps(chart)
    assert bool(chart.panels[1].marks) == bool(edge_study.finished)
