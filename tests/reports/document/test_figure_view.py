"""Figures as pages take them in."""

import json

from vsearch.reports.chart import Axis, Band, Bars, Chart, Line, Panel, Points
from vsearch.reports.document.figure_view import ROWS, figure_view, json_block, number_rows

MARKS = (
    Line((1.0, 2.0, 3.0), (0.5, None, 0.75), name="best"),
    Line((1.0,), (0.25,), hover="trial 7\nmore"),
    Band((1.0,), (0.1,), (0.2,), name="half of them"),
    Points((4.0,), (0.3,), name="finished"),
)
CHART = Chart(
    "figure",
    "A <b> & figure",
    (
        Panel(Axis("block", ticks=((4.0, "four"),)), Axis("accuracy", is_percent=True), MARKS, "left"),
        Panel(Axis("importance"), Axis("knob"), (Bars(("peak",), (0.123456,)),)),
    ),
    "What it says.",
)


def test_every_point_of_a_figure_is_a_row_in_the_units_of_its_axes() -> None:
    assert [tuple(row) for row in number_rows(CHART)] == [
        ("left", "best", "1", "50.00 %"),
        ("left", "best", "3", "75.00 %"),
        ("left", "trial 7", "1", "25.00 %"),
        ("left", "half of them", "1", "10.00 % to 20.00 %"),
        ("left", "finished", "four", "30.00 %"),
        ("panel 2", "", "peak", "0.12346"),
    ]


def test_a_long_table_is_cut_and_says_so() -> None:
    numbers = tuple(float(number) for number in range(ROWS + 30))
    panel = Panel(Axis("x"), Axis("y"), (Line(numbers, numbers),))
    view = figure_view(Chart("long", "Long", (panel,), "Words."), "long", is_interactive=False)
    assert (len(view.rows), view.left_out, view.data) == (ROWS, 30, "")


def test_the_page_and_not_the_picture_says_the_title() -> None:
    view = figure_view(CHART, "figure-1", is_interactive=True)
    assert view.title == "A <b> & figure"
    assert "A <b>" not in json.dumps(json.loads(view.data))


def test_json_in_a_page_ends_no_element_and_comes_back_the_same() -> None:
    content = {"a": "</script><!--\u2028\u2029&amp;"}
    block = json_block(json.dumps(content, ensure_ascii=False))
    assert not set("<>&\u2028\u2029") & set(block)
    assert json.loads(block) == content
