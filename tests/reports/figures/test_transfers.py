"""One family over depths and data sets, by numbers."""

import math
from typing import Any

import pytest

from vsearch.reports.chart import Points
from vsearch.reports.figures.transfers import transfers_chart, transfers_info
from vsearch.reports.study_data import StudyData


def studied(trial: Any, data: Any, best: float, depth: int = 32, **spec: Any) -> StudyData:
    built: StudyData = data(
        trial(0, 0.8, role="baseline"),
        trial(1, best, "triangle peak=1.2 floor=0.8"),
        **{"depth": depth, "name": f"d{depth}", **spec},
    )
    return built


def test_one_line_joins_the_depths_of_a_family_in_order(trial: Any, data: Any) -> None:
    studies = [studied(trial, data, best, depth) for best, depth in ((0.82, 56), (0.81, 20), (0.79, 32))]
    (line,) = transfers_info(studies).transfers
    assert line.name == "triangle, CIFAR-10"
    assert [gain.depth for gain in line.gains] == [20, 32, 56]
    assert [gain.difference for gain in line.gains] == pytest.approx([1, -1, 2])
    assert [gain.study for gain in line.gains] == ["d20", "d32", "d56"]


def test_data_sets_and_ways_of_training_have_lines_of_their_own(trial: Any, data: Any) -> None:
    studies = [
        studied(trial, data, 0.81),
        studied(trial, data, 0.82, 56),
        studied(trial, data, 0.82, 56, epochs=16),
        studied(trial, data, 0.83, dataset="cifar100"),
    ]
    info = transfers_info(studies)
    assert [(line.name, len(line.gains)) for line in info.transfers] == [
        ("triangle, CIFAR-10, 16 epochs", 1),
        ("triangle, CIFAR-10, 8 epochs", 2),
        ("triangle, CIFAR-100, 8 epochs", 1),
    ]


def test_families_have_lines_of_their_own(trial: Any, data: Any) -> None:
    study = data(
        trial(0, 0.8, role="baseline"),
        trial(1, 0.81, "triangle peak=1.2 floor=0.8"),
        trial(2, 0.83, "ramp peak=1.2 floor=0.9"),
        families=("triangle", "ramp"),
    )
    assert [(line.family, line.gains[0].trials) for line in transfers_info([study]).transfers] == [
        ("ramp", 1),
        ("triangle", 1),
    ]


def test_noise_is_that_of_a_difference_of_two_scores(trial: Any, data: Any) -> None:
    """At 80 % of 5,000 images one score has a binomial deviation of 0.566 points."""
    (line,) = transfers_info([studied(trial, data, 0.81)]).transfers
    assert line.gains[0].noise == pytest.approx(100 * math.sqrt(2 * 0.8 * 0.2 / 5000))
    points = next(
        m
        for m in transfers_chart(transfers_info([studied(trial, data, 0.81)])).panels[0].marks
        if isinstance(m, Points)
    )
    assert points.errors == (line.gains[0].noise,)
    assert points.x == (32.0,)


def test_a_study_without_finished_baseline_is_counted_and_left_out(trial: Any, data: Any) -> None:
    alone = data(trial(1, 0.9, "triangle peak=1.2 floor=0.8"))
    info = transfers_info([alone])
    assert (info.transfers, info.without_baseline) == ((), 1)
    assert transfers_chart(info).panels[0].empty == "No study with a finished curve has a finished baseline yet."
    both = transfers_chart(transfers_info([alone, studied(trial, data, 0.81, 56)]))
    assert "Left out, as their study's baseline has not finished: 1." in both.note


def test_numbers_stand_in_the_alternative(trial: Any, data: Any) -> None:
    text = transfers_chart(transfers_info([studied(trial, data, 0.81, 20)])).alternative
    assert "triangle, CIFAR-10, depth 20: +1.00 ± 0.80 points (trial 1 of d20, best of 1)" in text


def test_points_of_lines_at_one_depth_do_not_hide_each_other(trial: Any, data: Any) -> None:
    studies = [studied(trial, data, 0.81), studied(trial, data, 0.81, dataset="cifar100")]
    marks = transfers_chart(transfers_info(studies)).panels[0].marks
    places = [mark.x[0] for mark in marks if isinstance(mark, Points)]
    assert places == [31.25, 32.75]


def test_many_lines_are_told_apart_though_each_is_one_point(trial: Any, data: Any) -> None:
    studies = [studied(trial, data, 0.81, train_images=1000 * number) for number in range(5, 17)]
    marks = transfers_chart(transfers_info(studies)).panels[0].marks
    looks = [(mark.colour, mark.symbol) for mark in marks if isinstance(mark, Points)]
    assert len(set(looks)) == len(looks) == 12


def test_no_studies_say_so() -> None:
    assert transfers_chart(transfers_info([])).panels[0].empty == "No curve beside baselines has finished yet."


def test_every_edge_has_marks_or_a_reason(edge_study: StudyData) -> None:
    chart = transfers_chart(transfers_info([edge_study]))
    assert bool(chart.panels[0].marks) != bool(chart.panels[0].empty)
    assert chart.alternative
    assert "<script" not in str(chart)
