"""Differences to the baseline, by numbers."""

import math

import pytest

from vsearch.reports.chart import Line, Points, Rule
from vsearch.reports.figures.differences import Difference
from vsearch.reports.figures.forest import ForestInfo, ForestRow, forest_chart, placed_rows

ROWS = (
    ForestRow("trial 3", "candidate", Difference(0.1, 8, (-0.1, 0.3), (-0.2, 0.4), "not shown"), "1 training diverged"),
    ForestRow("trial 12", "candidate", Difference(0.4, 8, (0.2, 0.6), (0.1, 0.7), "confirmed")),
    ForestRow("paper", "paper", Difference(0.2, 7, (0.0, 0.4))),
    ForestRow("constant-mean", "control", Difference(0.5, 8, (0.3, 0.7))),
    ForestRow("reversed", "control", Difference(-0.4, 8, (-0.6, -0.2), None, "worse")),
)
INFO = ForestInfo("study", ROWS, "confirmed: trial 12.")


def lines(info: ForestInfo) -> list[Line]:
    return [mark for mark in forest_chart(info).panels[0].marks if isinstance(mark, Line)]


def dots(info: ForestInfo) -> list[Points]:
    return [mark for mark in forest_chart(info).panels[0].marks if isinstance(mark, Points)]


def test_curves_stand_by_their_difference_and_controls_apart_below_them() -> None:
    assert [(each.row.label, each.at) for each in placed_rows(ROWS)] == [
        ("trial 12", 0.0),
        ("paper", 1.0),
        ("trial 3", 2.0),
        ("constant-mean", 3.6),
        ("reversed", 4.6),
    ]
    axis = forest_chart(INFO).panels[0].y
    assert axis.ticks[0] == (0.0, "trial 12")
    assert axis.low is not None
    assert axis.high is not None
    assert axis.low > axis.high  # the first on top


def test_a_line_lies_between_the_curves_and_their_controls_and_one_at_zero() -> None:
    rules = [mark for mark in forest_chart(INFO).panels[0].marks if isinstance(mark, Rule)]
    assert [(rule.at, rule.is_vertical) for rule in rules] == [(0, True), (pytest.approx(2.8), False)]


def test_the_own_interval_is_thick_and_the_corrected_one_thin() -> None:
    of_best = [line for line in lines(INFO) if line.y == (0.0, 0.0)]
    assert [line.x for line in sorted(of_best, key=lambda line: line.width)] == [(0.1, 0.7), (0.2, 0.6)]
    assert len({line.width for line in of_best}) == 2


def test_roles_are_told_apart_by_colour_and_by_form() -> None:
    looks = {mark.name: (mark.colour, mark.symbol) for mark in dots(INFO)}
    assert len(set(looks)) == len({colour for colour, _ in looks.values()}) == 3
    assert len({symbol for _, symbol in looks.values()}) == 3
    assert dots(INFO)[0].x == (0.4, 0.1)


def test_a_pointer_reads_the_numbers_of_a_curve_with_its_pairs_and_verdict() -> None:
    assert dots(INFO)[0].hover[1] == (
        "trial 3\n+0.10 points, 95 % interval -0.10 to +0.30, corrected -0.20 to +0.40, 8 pairs of seeds, not shown\n"
        "1 training diverged"
    )


def test_everything_that_is_drawn_and_zero_lie_inside_the_axis() -> None:
    axis = forest_chart(INFO).panels[0].x
    assert axis.low is not None
    assert axis.high is not None
    assert axis.low < -0.6
    assert axis.high > 0.7
    alone = forest_chart(ForestInfo("study", ROWS[1:2])).panels[0].x
    assert alone.low is not None
    assert alone.low < 0


def test_numbers_and_verdict_stand_in_the_alternative() -> None:
    text = forest_chart(INFO).alternative
    assert "trial 12 (candidate): +0.40 points, 95 % interval +0.20 to +0.60, corrected +0.10 to +0.70, 8 pairs" in text
    assert text.endswith("confirmed: trial 12.")


def test_a_single_pair_has_a_point_and_no_interval() -> None:
    info = ForestInfo("study", (ForestRow("a", "candidate", Difference(0.3, 1, (-math.inf, math.inf), None)),))
    assert lines(info) == []
    assert dots(info)[0].x == (0.3,)
    assert "no interval, 1 pair of seeds" in forest_chart(info).alternative


def test_a_curve_without_a_pair_is_counted_and_left_out() -> None:
    chart = forest_chart(ForestInfo("study", (*ROWS, ForestRow("shuffled", "control", None))))
    assert "not shown: 1 curve." in chart.note
    assert "shuffled" not in dict(map(reversed, chart.panels[0].y.ticks))  # type: ignore[arg-type]


def test_controls_alone_need_no_line_above_them() -> None:
    marks = forest_chart(ForestInfo("study", ROWS[3:])).panels[0].marks
    assert [mark.is_vertical for mark in marks if isinstance(mark, Rule)] == [True]


@pytest.mark.parametrize("rows", [(), (ForestRow("a", "candidate", None),)])
def test_no_pair_says_so(rows: tuple[ForestRow, ...]) -> None:
    chart = forest_chart(ForestInfo("study", rows))
    assert chart.panels[0].empty == "No curve has a pair of finished trainings with the baseline yet."
    assert chart.panels[0].marks == ()
    assert chart.alternative
