"""The figure of curves, by its numbers."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from vsearch.curves import paper
from vsearch.reports.chart import SCALE, Band, Chart, Line, Rule
from vsearch.reports.figures.curves import curves_chart, curves_info
from vsearch.reports.study_data import StudyData

Make = Callable[..., Any]


def lines(chart: Chart) -> list[Line]:
    return [mark for mark in chart.panels[0].marks if isinstance(mark, Line)]


def triangles(trial: Make, count: int, **changes: Any) -> list[Any]:
    """Trials 1 to `count`, each better and with a higher peak than the one before."""
    return [trial(n, 0.80 + n / 1000, f"triangle peak={1 + n / 100} floor=0.8", **changes) for n in range(1, count + 1)]


def test_the_best_twenty_are_shown_best_first(trial: Make, data: Make) -> None:
    info = curves_info(data(trial(0, 0.8, role="baseline"), *triangles(trial, 30)))
    assert [curve.number for curve in info.curves] == list(range(30, 10, -1))
    assert info.finished == 31
    best = info.curves[0]
    assert best.text == "Triangle(peak=1.3, floor=0.8, apex=8)"
    assert (best.scales[0], best.scales[7], best.scales[14]) == (0.8, 1.3, 0.8)
    assert best.difference == pytest.approx(3.0)


def test_equal_scales_are_one_curve_with_its_best_score(trial: Make, data: Make) -> None:
    info = curves_info(data(trial(0, 0.8, role="baseline"), trial(1, 0.81), trial(2, 0.79, "ramp peak=1 floor=1")))
    assert [(curve.number, curve.accuracy) for curve in info.curves] == [(1, 0.81)]


def test_pruned_and_running_trials_are_no_curves(trial: Make, data: Make) -> None:
    study = data(trial(0, 0.8), trial(1, 0.9, "constant value=1.1", state="pruned"), trial(2, None, state="running"))
    assert [curve.number for curve in curves_info(study).curves] == [0]


def test_the_best_line_is_drawn_last_thick_and_in_the_lightest_colour(trial: Make, data: Make) -> None:
    chart = curves_chart(curves_info(data(*triangles(trial, 6))))
    *_, last = chart.panels[0].marks
    assert isinstance(last, Line)
    assert (last.name, last.colour, last.y[7]) == ("best: trial 6", SCALE[-1], 1.06)
    assert last.width > max(line.width for line in lines(chart) if line.name == "" and line.hover)


def test_lines_get_lighter_with_accuracy(trial: Make, data: Make) -> None:
    chart = curves_chart(curves_info(data(*triangles(trial, 9))))
    colours = [line.colour for line in lines(chart) if line.hover.startswith("trial")]
    reds = [int(colour[1:3], 16) for colour in colours]
    assert reds == sorted(reds)
    assert colours[0] == SCALE[0]
    bar = chart.panels[0].colour_bar
    assert bar is not None
    assert (bar.low, bar.high, bar.is_percent) == (0.801, 0.809, True)


def test_one_collapsed_training_does_not_make_all_others_look_alike(trial: Make, data: Make) -> None:
    info = curves_info(data(trial(0, 0.1, "constant value=3"), *triangles(trial, 9)))
    assert info.lowest == pytest.approx(0.8045 - 3 * (0.809 - 0.8045), abs=0.01)
    assert info.curves[-1].accuracy == 0.1


def test_the_band_holds_the_quantiles_of_the_best_tenth(trial: Make, data: Make) -> None:
    band = curves_info(data(*triangles(trial, 60))).band
    assert band is not None
    assert band.trials == 6  # peaks 1.55 … 1.60: tenths of the way 0.005 inside both ends
    assert [band.low[7], band.high[7]] == pytest.approx([1.555, 1.595])
    assert (band.low[0], band.high[0]) == (0.8, 0.8)
    chart = curves_chart(curves_info(data(*triangles(trial, 60))))
    assert [mark.low[7] for mark in chart.panels[0].marks if isinstance(mark, Band)] == [band.low[7]]


def test_too_few_trials_have_no_band(trial: Make, data: Make) -> None:
    assert curves_info(data(*triangles(trial, 49))).band is None


def test_the_baseline_is_a_rule_at_one(trial: Make, data: Make) -> None:
    chart = curves_chart(curves_info(data(*triangles(trial, 2))))
    rules = [mark for mark in chart.panels[0].marks if isinstance(mark, Rule) and not mark.is_vertical]
    assert [(rule.at, rule.label) for rule in rules] == [(1.0, "baseline")]
    axis = chart.panels[0].y
    assert axis.low is not None
    assert axis.high is not None
    assert axis.low < 0.95 < 1.05 < axis.high


def test_the_papers_curve_is_dashed_even_where_it_was_not_trained(trial: Make, data: Make) -> None:
    info = curves_info(data(*triangles(trial, 2)))
    (published,) = info.paper
    assert (published.setting, published.trained) == ("cifar10-resnet32", None)
    assert published.scales[7] == 1.3
    (dashed,) = [line for line in lines(curves_chart(info)) if line.dash == "dash"]
    assert (dashed.y, dashed.name) == (published.scales, "the paper's curve (cifar10-resnet32)")
    assert "not trained in this study" in dashed.hover


def test_several_curves_of_the_paper_are_dashed_each_in_its_way(trial: Make, data: Make) -> None:
    published = (paper.cifar10_resnet32, paper.cifar10_resnet56, paper.cifar100_resnet56)
    trained = [trial(1 + n, 0.8, curve, role="paper", num_blocks=9) for n, curve in enumerate(published)]
    marks = curves_chart(curves_info(data(trial(0, 0.8, role="baseline", num_blocks=9), *trained, depth=20))).panels[0]
    dashes = [mark.dash for mark in marks.marks if isinstance(mark, Line) and mark.name.startswith("the paper's")]
    assert sorted(dashes) == ["dash", "dashdot", "dot"]


def test_the_papers_curve_knows_its_score_in_this_study(trial: Make, data: Make) -> None:
    study = data(trial(0, 0.8, role="baseline"), trial(1, 0.807, paper.cifar10_resnet32, role="paper"))
    (published,) = curves_info(study).paper
    assert published.trained is not None
    assert published.trained.number == 1
    assert published.trained.difference == pytest.approx(0.7)


def test_without_a_published_curve_those_that_were_trained_are_shown(trial: Make, data: Make) -> None:
    study = data(trial(1, 0.8, paper.cifar10_resnet56, role="paper", num_blocks=9), depth=20, families=("ramp",))
    assert [(curve.setting, len(curve.scales)) for curve in curves_info(study).paper] == [("cifar10-resnet56", 9)]
    assert curves_info(data(trial(1, 0.8, num_blocks=9), depth=20)).paper == ()


def test_a_pointer_shows_trial_knobs_accuracy_epochs_and_difference(trial: Make, data: Make) -> None:
    best = trial(7, 0.812, "triangle peak=1.25 floor=0.9", learning_curve=(0.5, 0.7, 0.812))
    last = lines(curves_chart(curves_info(data(trial(0, 0.8, role="baseline"), best))))[-1]
    assert last.hover == (
        "trial 7\nTriangle(peak=1.25, floor=0.9, apex=8)\n81.20 % after 3 epochs\n+1.20 points vs. the baseline"
    )


def test_titles_say_what_the_picture_shows(trial: Make, data: Make) -> None:
    baseline = trial(0, 0.8, role="baseline")
    better, worse = trial(1, 0.81, "constant value=1.1"), trial(1, 0.79, "constant value=1.1")
    assert curves_chart(curves_info(data(baseline, better))).title == (
        "Curves: best 81.00 %, +1.00 points vs. the baseline"
    )
    assert curves_chart(curves_info(data(baseline, worse))).title == "Curves: none beats the baseline (80.00 %)"
    assert curves_chart(curves_info(data(baseline))).title == "Curves: only the baseline (80.00 %)"
    assert curves_chart(curves_info(data(better))).title == "Curves: best 81.00 %"


def test_a_second_training_of_the_baselines_curve_is_no_better_curve(trial: Make, data: Make) -> None:
    study = data(trial(0, 0.8, role="baseline"), trial(1, 0.82), trial(2, 0.81, "constant value=1.1"))
    assert curves_chart(curves_info(study)).title == "Curves: none beats the baseline (82.00 %)"


def test_the_note_tells_the_seed_noise(trial: Make, data: Make) -> None:
    study = data(trial(0, 0.81, accuracies=(0.80, 0.82)), trial(1, 0.79, "constant value=1.1", accuracies=(0.78, 0.80)))
    assert "varies by 1.41 points" in curves_chart(curves_info(study)).note


def test_the_alternative_gives_the_numbers(trial: Make, data: Make) -> None:
    text = curves_chart(curves_info(data(trial(0, 0.8, role="baseline"), *triangles(trial, 60)))).alternative
    for part in ("15 residual blocks", "20 curves of 61 finished", "trial 60", "86.00 %", "+6.00 points", "best tenth"):
        assert part in text


def test_very_deep_networks_show_fewer_curves(trial: Make, data: Make) -> None:
    info = curves_info(data(*triangles(trial, 30, num_blocks=600), depth=1202))
    assert len(info.curves) == 4


def test_a_thousand_trials_of_54_blocks_stay_small(trial: Make, data: Make) -> None:
    trials = [trial(n, 0.8 + n / 1e5, f"triangle peak={1 + n / 2e3} floor=0.8", num_blocks=54) for n in range(1000)]
    assert len(json.dumps(curves_chart(curves_info(data(*trials, depth=110))))) < 30_000


def test_trials_of_another_number_of_blocks_are_left_out(trial: Make, data: Make) -> None:
    assert curves_info(data(trial(0, 0.8, num_blocks=9))).curves == ()


def test_the_note_says_how_far_luck_alone_would_lead(trial: Make, data: Make) -> None:
    """At 80 % of 5,000 images one score varies by 0.566 points, and the best of four lies 1.03 deviations high."""
    pruned = [trial(n, 0.5, f"triangle peak=1.{n} floor=0.8", state="pruned") for n in (2, 3, 4)]
    chart = curves_chart(
        curves_info(data(trial(0, 0.8, role="baseline"), trial(1, 0.81, "triangle peak=1.3 floor=0.8"), *pruned))
    )
    assert chart.note.startswith("By luck alone the best of 4 equal curves can lead by 0.59 points. The 2 best")


def test_every_edge_has_a_picture_or_a_reason(edge_study: StudyData) -> None:
    chart = curves_chart(curves_info(edge_study))
    (panel,) = chart.panels
    assert bool(panel.marks) != bool(panel.empty)
    assert chart.alternative
    assert chart.title
    assert "NaN" not in json.dumps(chart)
    assert bool(panel.marks) == any(trial.scales for trial in edge_study.finished)


def test_a_curve_of_the_paper_that_was_pruned_is_shown_without_a_difference(
    trial: Make, data: Callable[..., StudyData]
) -> None:
    pruned = trial(1, 0.4, "triangle peak=1.3 floor=0.8", role="paper", state="pruned", num_blocks=9)
    waiting = trial(2, None, "triangle peak=1.3 floor=0.8", role="paper", state="waiting", num_blocks=9)
    info = curves_info(data(trial(0, 0.5, role="baseline", num_blocks=9), pruned, waiting, depth=20))
    (shown,) = info.paper
    assert shown.trained is not None
    assert (shown.trained.number, shown.trained.difference) == (1, None)
    assert "reached 40.00 % after 1 epoch" in curves_chart(info).alternative
