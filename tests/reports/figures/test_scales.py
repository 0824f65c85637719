import pytest

from vsearch.curves import BASELINE, Constant, Levels, Ramp, paper
from vsearch.errors import InputError
from vsearch.reports.chart import Line, Rule
from vsearch.reports.figures.scales import scales_chart, scales_info
from vsearch.reports.figures.stages import stage_marks


def test_the_info_holds_the_scales_of_every_block() -> None:
    info = scales_info({"falling": Ramp(1.3, 0.9)}, 27)
    assert [line.name for line in info.lines] == ["falling"]
    assert info.lines[0].scales == Ramp(1.3, 0.9).scales(27)


@pytest.mark.parametrize("curves", [{}, {"high": Constant(10)}, {"low": Constant(0)}, {"one": BASELINE}])
def test_the_baseline_and_every_scale_are_in_view(curves: dict[str, Constant]) -> None:
    info = scales_info(curves, 15)
    seen = [1.0, *(scale for line in info.lines for scale in line.scales)]
    assert info.low < min(seen) <= max(seen) < info.high


def test_a_list_that_does_not_fit_the_network_is_refused() -> None:
    with pytest.raises(InputError, match="expected 15 levels"):
        scales_info({"list": Levels((1, 1))}, 15)


def test_the_chart_draws_each_curve_the_baseline_and_the_stages() -> None:
    (panel,) = scales_chart(scales_info(paper.CURVES, 15)).panels
    lines = [mark for mark in panel.marks if isinstance(mark, Line)]
    assert [line.name for line in lines] == list(paper.CURVES)
    assert lines[0].x == tuple(range(1, 16))
    assert lines[0].y == paper.cifar10_resnet32.scales(15)
    assert Rule(1.0, "baseline") in panel.marks
    assert set(stage_marks(15)) <= set(panel.marks)


def test_curves_keep_apart_by_colour_and_dash() -> None:
    (panel,) = scales_chart(scales_info({str(number): Constant(number / 20) for number in range(20)}, 3)).panels
    assert len({(mark.colour, mark.dash) for mark in panel.marks if isinstance(mark, Line)}) == 20


def test_no_curves_give_a_picture_of_the_baseline_with_its_titles() -> None:
    chart = scales_chart(scales_info({}, 15))
    assert chart.title == "Shortcut scale by depth: 15 residual blocks"
    assert chart.panels[0].y.title == "Shortcut scale"
    assert not any(isinstance(mark, Line) for mark in chart.panels[0].marks)
    assert chart.alternative.startswith("No curves over 15 residual blocks")


def test_the_alternative_tells_ends_highest_and_lowest() -> None:
    chart = scales_chart(scales_info({"mine": Levels((1, 1.5, 0.5)), "flat": Constant(0.9)}, 3))
    assert chart.alternative == (
        "The scale of the shortcut at each of 3 blocks. "
        "mine: 1 at the first block, 0.5 at the last; highest 1.5 at block 2, lowest 0.5 at block 3, mean 1. "
        "flat: 0.9 everywhere."
    )


def test_a_long_name_is_cut() -> None:
    assert len(scales_info({"x" * 500: BASELINE}, 3).lines[0].name) == 60
