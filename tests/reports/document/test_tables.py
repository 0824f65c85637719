"""The tables of a report by their numbers."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from vsearch.reports.document.tables import endings, references, top_trials
from vsearch.reports.study_data import StudyData
from vsearch.search.trials import TrialResult

MakeTrial = Callable[..., TrialResult]
MakeData = Callable[..., StudyData]


def test_the_best_are_ranked_with_their_difference_and_spread(trial: MakeTrial, data: MakeData) -> None:
    study = data(
        trial(0, 0.8, role="baseline"),
        trial(1, 0.82, "triangle peak=1.3 floor=0.8", accuracies=(0.81, 0.83), seeds=(1, 2)),
        trial(2, 0.99, "triangle peak=1.3 floor=0.8", state="pruned"),
        *(trial(number, 0.7) for number in range(3, 20)),
    )
    lines = top_trials(study)
    assert [line.number for line in lines] == [1, 0, *range(3, 11)]
    assert lines[0].difference == pytest.approx(2.0)
    assert lines[0].spread == pytest.approx(1.4142, abs=1e-4)
    assert (lines[0].seeds, lines[0].low, lines[0].high) == (2, 0.8, 1.3)
    assert lines[1].spread is None
    assert len(lines[0].sparkline) == 15


def test_lines_of_a_table_share_the_heights_of_their_sparklines(trial: MakeTrial, data: MakeData) -> None:
    flat, tall = trial(0, 0.9), trial(1, 0.8, "triangle peak=1.5 floor=0.5")
    lines = top_trials(data(flat, tall))
    assert set(lines[0].sparkline) == {"▄"}
    assert {"▁", "█"} <= set(lines[1].sparkline)


def test_the_sparkline_of_a_deep_network_fits_its_column(trial: MakeTrial, data: MakeData) -> None:
    (line,) = top_trials(data(trial(0, 0.9, "triangle peak=1.5 floor=0.5", num_blocks=54), depth=110))
    assert len(line.sparkline) == 27
    assert line.sparkline[13] == "█"


def test_a_trial_without_a_curve_or_with_scales_that_are_no_numbers_has_a_line(
    trial: MakeTrial, data: MakeData
) -> None:
    study = data(trial(0, 0.8, None), replace(trial(1, 0.7), scales=(1.0, float("inf"))))
    assert [(line.curve, line.sparkline, line.low) for line in top_trials(study)] == [
        ("not drawn yet", "", None),
        ("Constant(value=1)", "", None),
    ]


def test_baseline_and_paper_are_shown_before_they_have_finished(trial: MakeTrial, data: MakeData) -> None:
    study = data(
        trial(0, 0.5, role="baseline", state="running"),
        trial(1, None, None, role="paper", state="waiting"),
        trial(2, 0.9),
    )
    assert [(line.number, line.state, line.difference) for line in references(study)] == [
        (0, "running", None),
        (1, "waiting", None),
    ]


def test_endings_count_trials_epochs_and_the_time_of_workers(trial: MakeTrial, data: MakeData) -> None:
    trials = (
        trial(0, 0.8, learning_curve=(0.5, 0.8), seconds=10),
        trial(1, 0.8, learning_curve=(0.5, 0.8), seconds=10),
        trial(2, None, state="failed", reason="error", detail="first"),
        trial(3, None, state="failed", reason="error", detail="last"),
        trial(4, None, state="failed", reason="lost"),
    )
    study = replace(data(*trials), device_seconds={0: 100.0})
    assert [(e.state, e.reason, e.trials, e.epochs, e.seconds, e.detail) for e in endings(study)] == [
        ("finished", "finished", 2, 4, 110.0, ""),
        ("failed", "error", 2, 0, 120.0, "last"),
        ("failed", "lost", 1, 0, 60.0, ""),
    ]


def test_a_study_without_trials_has_empty_tables(data: MakeData) -> None:
    assert (top_trials(data()), references(data()), endings(data())) == ((), (), ())
