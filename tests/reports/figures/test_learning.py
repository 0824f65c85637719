"""Learning curves by numbers: which trials, which seeds, which rungs."""

from typing import Any

from vsearch.reports.chart import INK, Line, Points, Rule
from vsearch.reports.figures.learning import learning_chart, learning_info
from vsearch.reports.study_data import StudyData

RISE = (0.3, 0.5, 0.6, 0.7)


def curves(trial: Any, data: Any, **changes: Any) -> StudyData:
    built: StudyData = data(
        trial(0, 0.7, role="baseline", learning_curve=RISE),
        trial(1, 0.72, "triangle peak=1.3 floor=0.8", role="paper", learning_curve=(0.2, 0.4, 0.6, 0.72)),
        trial(2, 0.6, "triangle peak=1.1 floor=0.8", learning_curve=(0.1, 0.2, 0.3, 0.6)),
        trial(3, 0.8, "triangle peak=1.2 floor=0.9", learning_curve=(0.4, 0.6, 0.7, 0.8), **changes),
        trial(4, 0.9, "triangle peak=1.6 floor=0.9", state="pruned", learning_curve=(0.4, 0.9)),
        epochs=4,
        first_rung=1,
    )
    return built


def lines(data: StudyData) -> list[Line]:
    return [mark for mark in learning_chart(learning_info(data)).panels[0].marks if isinstance(mark, Line)]


def test_best_baseline_and_paper_are_shown_and_no_other_trial(trial: Any, data: Any) -> None:
    info = learning_info(curves(trial, data))
    assert [(curve.number, curve.kinds) for curve in info.curves] == [
        (3, ("best",)),
        (0, ("baseline",)),
        (1, ("paper",)),
    ]
    assert info.curves[1].mean == RISE
    assert [curve.name for curve in info.curves] == ["best (trial 3)", "baseline (trial 0)", "the paper's (trial 1)"]


def test_best_that_is_the_papers_curve_is_one_line(trial: Any, data: Any) -> None:
    info = learning_info(data(trial(0, 0.7, role="baseline"), trial(1, 0.8, role="paper")))
    assert [curve.kinds for curve in info.curves] == [("best", "paper"), ("baseline",)]
    assert info.curves[0].name == "best and the paper's (trial 1)"


def test_means_are_thick_over_epochs_from_one(trial: Any, data: Any) -> None:
    drawn = lines(curves(trial, data))
    assert [line.name for line in drawn] == ["best (trial 3)", "baseline (trial 0)", "the paper's (trial 1)"]
    assert drawn[1].x == (1.0, 2.0, 3.0, 4.0)
    assert drawn[1].colour == INK
    assert len({line.colour for line in drawn}) == 3


def test_each_seed_is_a_thin_line_of_the_means_colour(trial: Any, data: Any) -> None:
    seeds = ((0.3, 0.5, 0.6, 0.78), (0.5, 0.7, 0.8, 0.82))
    study = curves(trial, data, seed_curves=seeds, accuracies=(0.78, 0.82))
    one, two, mean = lines(study)[:3]
    assert (one.y, two.y, mean.y) == (*seeds, (0.4, 0.6, 0.7, 0.8))
    assert one.colour == two.colour == mean.colour
    assert one.width < mean.width / 2
    assert one.name == ""
    chart = learning_chart(learning_info(study))
    assert "its 2 seeds from 78.00 % to 82.00 %" in chart.alternative
    assert "Thin: each seed" in chart.note


def test_without_the_seeds_own_curves_their_ends_are_points(trial: Any, data: Any) -> None:
    chart = learning_chart(learning_info(curves(trial, data, accuracies=(0.78, 0.82))))
    (points,) = (mark for mark in chart.panels[0].marks if isinstance(mark, Points))
    assert (points.x, points.y) == ((4.0, 4.0), (0.78, 0.82))
    assert "own curves were not kept" in chart.note


def test_one_seed_is_told(trial: Any, data: Any) -> None:
    chart = learning_chart(learning_info(curves(trial, data)))
    assert not [mark for mark in chart.panels[0].marks if isinstance(mark, Points)]
    assert "One seed each" in chart.note


def test_rungs_are_vertical_rules_with_one_label(trial: Any, data: Any) -> None:
    chart = learning_chart(learning_info(curves(trial, data)))
    rules = [mark for mark in chart.panels[0].marks if isinstance(mark, Rule)]
    assert [(rule.at, rule.is_vertical, rule.label) for rule in rules] == [(1, True, "rungs"), (2, True, "")]


def test_last_quarter_has_a_panel_of_its_own(trial: Any, data: Any) -> None:
    rise = tuple(n / 20 for n in range(1, 17))
    study = data(trial(0, 0.8, role="baseline", learning_curve=rise, seed_curves=(rise, rise)), epochs=16)
    whole, end = learning_chart(learning_info(study)).panels
    assert (whole.title, end.title) == ("", "From epoch 12")
    seed, _, mean = (mark for mark in end.marks if isinstance(mark, Line))
    assert mean.x == seed.x == (12.0, 13.0, 14.0, 15.0, 16.0)
    assert mean.y == rise[11:]
    assert not [mark for mark in end.marks if isinstance(mark, Rule)]  # the rungs lie before it


def test_what_is_no_number_is_a_gap(trial: Any, data: Any) -> None:
    info = learning_info(data(trial(0, 0.7, role="baseline", learning_curve=(0.3, float("nan"), 0.7))))
    assert info.curves[0].mean == (0.3, None, 0.7)


def test_numbers_stand_in_the_alternative(trial: Any, data: Any) -> None:
    text = learning_chart(learning_info(curves(trial, data))).alternative
    assert "Baseline (trial 0): 30.00 % after the first epoch, 70.00 % at the end" in text
    assert "Rungs at 1, 2." in text


def test_every_edge_has_marks_or_a_reason(edge_study: StudyData) -> None:
    chart = learning_chart(learning_info(edge_study))
    assert bool(chart.panels[0].marks) != bool(chart.panels[0].empty)
    assert bool(chart.panels[0].marks) == bool(edge_study.finished)
    assert chart.alternative
    assert "<script" not in str(chart)
