"""Pruning honesty: rank correlations of early with final accuracies, by numbers."""

import math
from typing import Any

import pytest

from vsearch.reports.chart import Line, Points
from vsearch.reports.figures.rungs import interval, rungs_chart, rungs_info
from vsearch.reports.study_data import StudyData


def study(trial: Any, data: Any, early: list[float], final: list[float], **spec: Any) -> StudyData:
    """Epochs 1 to 8; `early` stands after epochs 1 to 7, `final` after epoch 8."""
    pairs = enumerate(zip(early, final, strict=True))
    trials = [trial(n, last, "triangle peak=1.2 floor=0.8", learning_curve=(*[a] * 7, last)) for n, (a, last) in pairs]
    built: StudyData = data(*trials, **{"epochs": 8, "first_rung": 2, **spec})
    return built


def test_equal_orders_give_one_and_opposite_orders_minus_one(trial: Any, data: Any) -> None:
    early = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    same = rungs_info(study(trial, data, early, [0.70, 0.71, 0.72, 0.73, 0.74, 0.79]))
    opposite = rungs_info(study(trial, data, early, [0.79, 0.78, 0.77, 0.76, 0.75, 0.71]))
    assert [rung.epoch for rung in same.rungs] == [2, 4]
    assert [rung.correlation for rung in same.rungs] == pytest.approx([1.0, 1.0])
    assert [rung.correlation for rung in opposite.rungs] == pytest.approx([-1.0, -1.0])
    assert same.rungs[0].low is None  # an interval of no width would feign certainty


def test_known_correlation_of_six_trials_with_one_swap(trial: Any, data: Any) -> None:
    """Ranks 1 … 6 with two neighbours swapped: 1 - 6·2/(6·35)."""
    info = rungs_info(study(trial, data, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [0.2, 0.1, 0.3, 0.4, 0.5, 0.6]))
    correlation = info.rungs[0].correlation
    assert correlation == pytest.approx(1 - 12 / 210)
    assert info.rungs[0].n == 6
    z, reach = math.atanh(1 - 12 / 210), 1.959964 * math.sqrt((1 + (1 - 12 / 210) ** 2 / 2) / 3)
    assert info.rungs[0].low == pytest.approx(math.tanh(z - reach), abs=1e-6)
    assert info.rungs[0].high == pytest.approx(math.tanh(z + reach), abs=1e-6)


def test_interval_of_no_relation_is_symmetric_and_shrinks_with_trials() -> None:
    low, high = interval(0.0, 103)
    assert low is not None
    assert (low, high) == pytest.approx((-math.tanh(0.1959964), math.tanh(0.1959964)), abs=1e-6)
    assert interval(0.5, 4) == (None, None)


def test_ties_share_their_rank(trial: Any, data: Any) -> None:
    """Ranks 1.5 1.5 3 4 against 1 2 3 4: Pearson's correlation of the ranks is sqrt(0.9)."""
    info = rungs_info(study(trial, data, [0.1, 0.1, 0.3, 0.4], [0.5, 0.6, 0.7, 0.8]))
    assert info.rungs[0].correlation == pytest.approx(math.sqrt(0.9))
    assert info.rungs[0].low is None  # four trials


@pytest.mark.parametrize(
    ("early", "final", "reason"),
    [
        ([0.5] * 6, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], "all accuracies at that epoch are equal"),
        ([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [0.5] * 6, "all final accuracies are equal"),
        ([0.1, 0.2], [0.5, 0.6], "2 finished trials; it takes 3"),
        ([math.nan, 0.2, 0.3], [0.5, 0.6, 0.7], "2 finished trials; it takes 3"),
        ([], [], "no finished trials; it takes 3"),
    ],
)
def test_a_gap_has_its_reason(
    trial: Any, data: Any, early: list[float], final: list[float], reason: str, recwarn: pytest.WarningsRecorder
) -> None:
    info = rungs_info(study(trial, data, early, final))
    assert {rung.correlation for rung in info.rungs} == {None}
    assert {rung.reason for rung in info.rungs} == {reason}
    chart = rungs_chart(info)
    assert chart.panels[0].empty == f"No correlation yet: {reason}."
    assert reason in chart.alternative
    assert not list(recwarn)


def test_without_rungs_the_epochs_double_below_the_last(trial: Any, data: Any) -> None:
    info = rungs_info(study(trial, data, [0.1, 0.2, 0.3], [0.5, 0.6, 0.7], pruner="median"))
    assert [rung.epoch for rung in info.rungs] == [1, 2, 4]
    assert not info.is_compared
    assert "examples" in rungs_chart(info).note


def test_one_epoch_leaves_nothing_to_compare(data: Any) -> None:
    info = rungs_info(data(epochs=1, first_rung=1))
    assert info.rungs == ()
    assert rungs_chart(info).panels[0].empty.startswith("No epoch before the last")


def test_trials_with_short_learning_curves_are_left_out_of_their_rung(trial: Any, data: Any) -> None:
    trials = [trial(n, n / 10, learning_curve=(n / 20, n / 20, n / 10)) for n in range(1, 6)]
    info = rungs_info(data(*trials, epochs=8, first_rung=2))
    assert [rung.n for rung in info.rungs] == [5, 0]


def test_only_survivors_are_seen_and_the_note_says_so(trial: Any, data: Any) -> None:
    survivors = study(trial, data, [0.1, 0.2, 0.3, 0.4, 0.5], [0.5, 0.6, 0.7, 0.75, 0.8]).trials
    pruned = [trial(9 + n, 0.1, state="pruned", learning_curve=(0.1, 0.1)) for n in range(4)]
    info = rungs_info(data(*survivors, *pruned))
    assert (info.finished, info.pruned, info.rungs[0].n) == (5, 4, 5)
    assert "The 4 pruned are missing" in rungs_chart(info).note
    assert "none was pruned" in rungs_chart(rungs_info(data(*survivors))).note


def test_picture_shows_each_correlation_with_its_interval(trial: Any, data: Any) -> None:
    info = rungs_info(study(trial, data, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [0.2, 0.1, 0.3, 0.4, 0.5, 0.6]))
    chart = rungs_chart(info)
    points = next(mark for mark in chart.panels[0].marks if isinstance(mark, Points))
    line = next(mark for mark in chart.panels[0].marks if isinstance(mark, Line))
    assert points.x == (2.0, 4.0)
    assert points.y == pytest.approx((0.942857, 0.942857), abs=1e-6)
    assert line.y[:3] == (info.rungs[0].low, info.rungs[0].high, None)
    assert "epoch 2: 0.94, 95 % interval" in points.hover[0]
    assert "n = 6" in chart.alternative


def test_every_edge_has_marks_or_a_reason(edge_study: StudyData) -> None:
    chart = rungs_chart(rungs_info(edge_study))
    assert chart.name == "rungs"
    assert bool(chart.panels[0].marks) != bool(chart.panels[0].empty)
    assert chart.alternative
    assert "<script" not in str(chart)
