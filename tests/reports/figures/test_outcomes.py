"""What the figures of a planned study are gathered from its outcome."""

from collections.abc import Callable

import pytest

from vsearch.curves import BASELINE
from vsearch.reports.figures import PLANNED_FIGURES, study_figures
from vsearch.reports.figures.forest import forest_chart
from vsearch.reports.figures.outcomes import forest_info, pairs_info
from vsearch.reports.figures.planned_learning import planned_learning_info
from vsearch.reports.study_data import StudyData
from vsearch.spec.planned import PlannedCurve

MakeData = Callable[..., StudyData]
SCRIPT = "<b>&bold</b> *x*"


def test_a_forest_has_every_curve_but_the_baseline_and_verdicts_of_claims_alone(plan_data: MakeData) -> None:
    info = forest_info(plan_data().outcome)
    assert [row.label for row in info.rows] == ["trial 7", "trial 3", "constant-mean", "reversed"]
    verdicts = [row.difference.verdict for row in info.rows if row.difference]
    assert verdicts[0] == "confirmed"
    assert verdicts[2:] == ["", ""]
    assert info.sentence.startswith("Confirmed: trial 7")


def test_intervals_of_one_pair_are_infinite_and_the_forest_draws_its_points(plan_data: MakeData) -> None:
    info = forest_info(plan_data(seeds=1).outcome)
    assert all(row.difference and row.difference.n == 1 for row in info.rows)
    chart = forest_chart(info)
    assert "one pair tells nothing of the noise" in chart.note
    assert len(chart.panels[0].marks) == 4  # two rules, two roles of points, no interval


def test_pairs_begin_with_the_baseline_and_say_by_what_they_were_judged(plan_data: MakeData) -> None:
    data = plan_data(trained=7)
    info = pairs_info(data.outcome)
    assert (info.rows[0].role, info.judged_by) == ("baseline", "test images")
    assert [len(row.accuracies) for row in info.rows] == [2, 2, 1, 1, 1]


def test_a_learning_curve_is_the_mean_over_the_seeds_and_has_the_curves_label(plan_data: MakeData) -> None:
    info = planned_learning_info(plan_data(lambda _, pair: 0.8 + 0.02 * pair, seeds=3))
    assert [curve.name for curve in info.curves] == ["baseline", "trial 7", "trial 3", "constant-mean", "reversed"]
    assert info.curves[1].mean == pytest.approx((0.41, 0.82))
    assert [len(curve.seeds) for curve in info.curves] == [3, 3, 0, 0, 0]
    assert [curve.is_control for curve in info.curves] == [False, False, False, True, True]


def test_axes_name_the_images_that_a_study_is_judged_by(plan_data: MakeData) -> None:
    learning = study_figures(plan_data())["learning"](plan_data())
    assert learning.panels[0].y.title == "Test accuracy"
    assert "Test accuracy" in learning.alternative


@pytest.mark.parametrize("trained", [0, 1, 2])
@pytest.mark.parametrize("seeds", [1, 2])
def test_figures_of_a_study_that_has_hardly_begun_say_so(plan_data: MakeData, trained: int, seeds: int) -> None:
    data = plan_data(seeds=seeds, trained=trained)
    for name, chart in study_figures(data).items():
        made = chart(data)
        assert made.name == name
        assert made.alternative
        assert all(panel.marks or panel.empty for panel in made.panels)


def test_a_calibration_makes_no_claim_and_has_no_forest(plan_data: MakeData) -> None:
    data = plan_data(purpose="calibration", evaluated_on="validation")
    assert list(study_figures(data)) == [name for name in PLANNED_FIGURES if name != "forest"]


def test_labels_are_texts_and_no_markup(plan_data: MakeData) -> None:
    from vsearch.reports.drawing.plotly_chart import figure_json

    plan = (
        PlannedCurve("baseline", "baseline", BASELINE),
        PlannedCurve("candidate", SCRIPT, BASELINE),
    )
    data = plan_data(planned=plan)
    for chart in study_figures(data).values():
        assert "<b>" not in figure_json(chart(data)).replace("<br>", "")
