"""How honest short trainings are, by numbers."""

from typing import TypeVar

import pytest

from tests.confirmation.test_calibration import ranked_from, trained
from vsearch.confirmation.calibration import calibration
from vsearch.reports.chart import Band, Line, Points, Rule
from vsearch.reports.figures.calibration import (
    Agreement,
    CalibrationInfo,
    Proposal,
    ShortRecipe,
    calibration_chart,
    calibration_info,
)

FEW = ShortRecipe("5,000 images", (Agreement(1, 0.2, (-0.35, 0.6), 12), Agreement(2, 0.7, (0.3, 0.9), 12)))
MANY = ShortRecipe("20,000 images", (Agreement(1, 0.5, None, 3), Agreement(2, 0.85, None, 3)))
INFO = CalibrationInfo("study", (FEW, MANY), 0.8, Proposal("20,000 images", 2))


Kind = TypeVar("Kind")


def marks(info: CalibrationInfo, kind: type[Kind]) -> list[Kind]:
    return [mark for mark in calibration_chart(info).panels[0].marks if isinstance(mark, kind)]


def test_a_line_of_each_recipe_goes_from_epoch_to_epoch() -> None:
    assert [(line.x, line.y) for line in marks(INFO, Line)] == [((1, 2), (0.2, 0.7)), ((1, 2), (0.5, 0.85))]
    assert [points.name for points in marks(INFO, Points)] == ["5,000 images", "20,000 images"]


def test_intervals_are_bands_where_they_are_known() -> None:
    (band,) = marks(INFO, Band)
    assert (band.low, band.high) == ((-0.35, 0.3), (0.6, 0.9))


def test_the_wanted_level_and_the_first_rung_are_marked() -> None:
    assert [(rule.at, rule.is_vertical, rule.label) for rule in marks(INFO, Rule)] == [
        (0.8, False, "wanted: 0.80"),
        (2, True, "first rung: epoch 2"),
    ]


def test_without_a_proposal_no_rung_is_marked_and_the_note_says_why() -> None:
    chart = calibration_chart(INFO._replace(proposal=None))
    assert len(marks(INFO._replace(proposal=None), Rule)) == 1
    assert chart.note.startswith("No short training reaches the wanted 0.80.")


def test_the_axis_reaches_below_every_interval_and_to_zero_at_least() -> None:
    assert calibration_chart(INFO).panels[0].y.low == pytest.approx(-0.4)
    assert calibration_chart(INFO._replace(recipes=(MANY,))).panels[0].y.low == 0


def test_a_pointer_and_the_alternative_read_correlation_interval_and_curves() -> None:
    words = "epoch 1: 0.20 (95 % interval -0.35 to 0.60), 12 curves"
    assert marks(INFO, Points)[0].hover[0] == f"5,000 images\n{words}"
    text = calibration_chart(INFO).alternative
    assert words in text
    assert text.endswith("Proposed: 20,000 images, first rung at epoch 2.")


def test_nothing_to_compare_says_so() -> None:
    chart = calibration_chart(CalibrationInfo("study", (ShortRecipe("a", ()),), 0.8, None))
    assert chart.panels[0].empty == "No curve has been trained both short and long yet."
    assert chart.panels[0].marks == ()
    assert chart.note == ""


def test_what_a_calibration_found_is_gathered_epoch_by_epoch_with_its_proposal() -> None:
    info = calibration_info(calibration(trained(ranked_from(3))))
    assert [recipe.name for recipe in info.recipes] == ["2 epochs", "4 epochs", "8 epochs"]
    assert [each.correlation for each in info.recipes[1].agreements] == [pytest.approx(rho) for rho in (-1, -1, 1, 1)]
    assert {each.n for each in info.recipes[1].agreements} == {9}
    assert info.proposal == Proposal("4 epochs", 3)


def test_epochs_without_any_order_are_left_out() -> None:
    info = calibration_info(calibration(trained(lambda _, __, epochs: [0.5] * epochs)))
    assert [recipe.agreements for recipe in info.recipes] == [(), (), ()]
    assert info.proposal is None
