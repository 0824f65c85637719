"""Trainings seed by seed, by numbers."""

import pytest

from vsearch.reports.chart import Line, Points
from vsearch.reports.figures.pairs import PairsInfo, PairsRow, pairs_chart

ROWS = (
    PairsRow("baseline", "baseline", {0: 0.90, 1: 0.91}),
    PairsRow("trial 12", "candidate", {0: 0.92, 1: 0.90}),
    PairsRow("reversed", "control", {0: 0.89, 1: 0.91}),
)
INFO = PairsInfo("study", ROWS)


def lines(info: PairsInfo) -> list[Line]:
    return [mark for mark in pairs_chart(info).panels[0].marks if isinstance(mark, Line)]


def dots(info: PairsInfo) -> list[Points]:
    return [mark for mark in pairs_chart(info).panels[0].marks if isinstance(mark, Points)]


def test_a_line_joins_the_accuracies_of_one_seed_down_the_rows() -> None:
    assert [(line.x, line.y, line.hover) for line in lines(INFO)] == [
        ((0.90, 0.92, 0.89), (0.0, 1.0, 2.0), "seed 0"),
        ((0.91, 0.90, 0.91), (0.0, 1.0, 2.0), "seed 1"),
    ]
    assert pairs_chart(INFO).panels[0].y.ticks == ((0.0, "baseline"), (1.0, "trial 12"), (2.0, "reversed"))


def test_a_diamond_stands_at_the_mean_of_each_curve() -> None:
    assert dots(INFO)[-1].x == pytest.approx((0.905, 0.91, 0.90))


def test_a_pointer_reads_the_difference_to_the_baseline_with_the_same_seed() -> None:
    assert dots(INFO)[1].hover == (
        "baseline, seed 1: 91.00 %",
        "trial 12, seed 1: 90.00 %\n-1.00 points to the baseline with this seed",
        "reversed, seed 1: 91.00 %\n+0.00 points to the baseline with this seed",
    )


def test_a_missing_training_breaks_its_line_and_is_counted() -> None:
    rows = (*ROWS[:1], PairsRow("trial 12", "candidate", {1: 0.9}), *ROWS[2:], PairsRow("paper", "paper", {0: 0.9}))
    info = PairsInfo("study", rows)
    assert [(line.hover, line.y) for line in lines(info)] == [("seed 0", (2.0, 3.0)), ("seed 1", (0.0, 1.0, 2.0))]
    assert dots(info)[0].y == (0.0, 2.0, 3.0)
    assert "Missing, unfinished or diverged: 2 trainings, so the means are of unlike seeds." in pairs_chart(info).note
    assert "Missing" not in pairs_chart(INFO).note


def test_many_seeds_are_told_apart() -> None:
    row = PairsRow("baseline", "baseline", {seed: 0.9 + seed / 1000 for seed in range(24)})
    looks = {(line.colour, line.dash) for line in lines(PairsInfo("study", (row, row)))}
    assert len(looks) == 24


def test_means_and_reach_stand_in_the_alternative() -> None:
    text = pairs_chart(PairsInfo("study", ROWS, judged_by="validation images")).alternative
    assert text.startswith("Accuracy on the validation images by curve: baseline mean 90.50 %, 90.00 % to 91.00 % over")


def test_no_training_says_so() -> None:
    chart = pairs_chart(PairsInfo("study", (PairsRow("baseline", "baseline", {}),)))
    assert chart.panels[0].empty == chart.alternative == "No training has finished yet."
    assert chart.panels[0].marks == ()
