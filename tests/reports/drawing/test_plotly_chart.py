import json
import math
from typing import Any

import pytest

from vsearch.reports.chart import Axis, Band, Bars, Cells, Chart, ColourBar, Label, Line, Mark, Panel, Points, Rule
from vsearch.reports.drawing.plotly_chart import figure_json, plotly_figure

X, Y = Axis("Block, from the input"), Axis("Scale")
EVIL = "</script><b>%{x}</b> & <a href='javascript:alert(1)'>"


def chart_of(*marks: Mark, x: Axis = X, y: Axis = Y, **panel: Any) -> Chart:
    return Chart("name", "Title", (Panel(x, y, marks, **panel),), "What it says.")


def drawn(chart: Chart) -> dict[str, Any]:
    """The figure as a browser gets it, which Plotly's own validation accepts."""
    plotly_figure(chart)
    content: dict[str, Any] = json.loads(figure_json(chart))
    return content


def test_a_line_has_its_points_look_and_gaps() -> None:
    (trace,) = drawn(chart_of(Line((1, 2, 3), (1.0, None, 2.0), "best", "#123456", "dot", 2, 4)))["data"]
    assert trace["x"] == [1, 2, 3]
    assert trace["y"] == [1, None, 2]
    assert trace["line"] == {"color": "#123456", "dash": "dot", "width": 2}
    assert trace["marker"]["size"] == 4
    assert trace["mode"] == "lines+markers"


def test_a_step_stays_level_until_its_next_point() -> None:
    (trace,) = drawn(chart_of(Line((1, 2), (1, 2), is_step=True)))["data"]
    assert trace["line"]["shape"] == "hv"


def test_a_pointer_reads_the_place_and_the_lines_text() -> None:
    (trace,) = drawn(chart_of(Line((1, 2), (0.5, 0.75), hover="trial 3\npeak=1.2"), y=Axis("A", is_percent=True)))[
        "data"
    ]
    assert trace["hovertemplate"] == "Block: %{x:.4~g}<br>A: %{y:.2%}<br>trial 3<br>peak=1.2<extra></extra>"


def test_a_band_is_one_filled_area_without_a_pointers_text() -> None:
    (trace,) = drawn(chart_of(Band((1, 2), (0.1, 0.2), (0.8, 0.9), "band", "#0a0b0c", 0.25)))["data"]
    assert list(zip(trace["x"], trace["y"], strict=True)) == [(1, 0.8), (2, 0.9), (2, 0.2), (1, 0.1)]
    assert (trace["fill"], trace["fillcolor"], trace["hoverinfo"]) == ("toself", "rgba(10,11,12,0.25)", "skip")


def test_points_have_symbols_texts_and_error_bars() -> None:
    points = Points((1, 2), (3, 4), symbol="cross", hover=("one", "two"), errors=(0.5, 0))
    (trace,) = drawn(chart_of(points))["data"]
    assert trace["marker"]["symbol"] == "x-thin"
    assert trace["hovertext"] == ["one", "two"]
    assert trace["error_y"]["array"] == [0.5, None]


def test_cells_are_filled_squares_of_one_unit_with_their_texts_in_the_middle() -> None:
    cells = Cells((0, 1), (2, 2), ("+0.10\nn = 5", "not yet"), ("#ffeedd", "#ffffff"), ("one", "two"))
    content = drawn(chart_of(cells, x=Axis("Data set", is_whole=True)))
    first, second, texts = content["data"]
    assert (set(first["x"]), set(first["y"]), first["fillcolor"]) == ({-0.5, 0.5}, {1.5, 2.5}, "#ffeedd")
    assert set(second["x"]) == {0.5, 1.5}
    assert (first["hoverinfo"], first["fill"]) == ("skip", "toself")
    assert (texts["x"], texts["y"], texts["mode"]) == ([0, 1], [2, 2], "text")
    assert texts["text"] == ["+0.10<br>n = 5", "not yet"]
    assert texts["hovertext"] == ["one", "two"]
    assert not content["layout"]["showlegend"]


def test_an_axis_with_one_end_reaches_the_edge_of_cells() -> None:
    cells = Cells((0, 1), (0, 0), ("", ""), ("#ffffff", "#ffffff"), ("", ""))
    assert drawn(chart_of(cells, x=Axis("A", high=1.5)))["layout"]["xaxis"]["range"] == [-0.6, 1.5]


def test_the_first_bar_is_on_top() -> None:
    figure = drawn(chart_of(Bars(("peak", "floor"), (0.7, 0.3))))
    (trace,) = figure["data"]
    axis = figure["layout"]["yaxis"]
    assert (trace["orientation"], trace["x"], trace["y"]) == ("h", [0.7, 0.3], [0, 1])
    assert (axis["ticktext"], axis["range"]) == (["peak", "floor"], [1.5, -0.5])


def test_rules_and_labels_stand_where_they_should() -> None:
    rules = Rule(1, "baseline"), Rule(100, "rung", is_vertical=True), Label(10, "stage")
    layout = drawn(chart_of(*rules, x=Axis("x", 1, 1000, is_log=True)))["layout"]
    level, upright = layout["shapes"]
    assert (level["y0"], level["y1"], level["xref"], level["yref"]) == (1, 1, "x domain", "y")
    assert (upright["x0"], upright["xref"], upright["yref"]) == (100, "x", "y domain")
    # Of all things in a figure only annotations count a logarithmic axis in powers of ten.
    places = {text["text"]: (text["x"], text["y"]) for text in layout["annotations"]}
    assert places == {"baseline": (1, 1), "rung": (2, 1), "stage": (1, 1)}
    assert layout["xaxis"]["range"] == [0, 3]


def test_a_colour_bar_has_its_scale_though_no_trace_needs_it() -> None:
    figure = drawn(chart_of(Line((1, 2), (1, 2)), colour_bar=ColourBar("Accuracy", 0.9, 0.95, is_percent=True)))
    axis = figure["layout"]["coloraxis"]
    assert (axis["cmin"], axis["cmax"], axis["colorbar"]["title"]["text"]) == (0.9, 0.95, "Accuracy")
    assert [trace["marker"]["coloraxis"] for trace in figure["data"] if trace["x"] == [None]] == ["coloraxis"]


def test_a_colour_bar_of_one_number_shows_that_number() -> None:
    axis = drawn(chart_of(Line((1, 2), (1, 2)), colour_bar=ColourBar("Accuracy", 0.9, 0.9)))["layout"]["coloraxis"]
    assert axis["cmin"] < axis["cmax"] == 0.9
    assert axis["colorbar"]["tickvals"] == [0.9]


def test_axes_say_percent_whole_numbers_and_fixed_ticks() -> None:
    whole, percent = Axis("Epoch", 1, 5, is_whole=True), Axis("Accuracy", is_percent=True)
    layout = drawn(chart_of(Line((1, 2), (0.5, 0.6)), x=whole, y=percent))["layout"]
    assert (layout["xaxis"]["dtick"], layout["xaxis"]["tickformat"], layout["xaxis"]["range"]) == (1, "d", [1, 5])
    assert layout["yaxis"]["tickformat"] == ".2~%"
    named = drawn(chart_of(Points((0, 1), (1, 2)), x=Axis("", ticks=((0, "ramp"), (1, "step")))))["layout"]["xaxis"]
    assert (named["tickvals"], named["ticktext"]) == ([0, 1], ["ramp", "step"])


def test_an_end_that_is_not_given_fits_the_marks() -> None:
    layout = drawn(chart_of(Line((1, 2), (2, 4)), Rule(10), y=Axis("y", low=0)))["layout"]
    assert layout["yaxis"]["range"] == [0, 10.5]


def test_a_single_share_has_an_axis_of_a_few_points() -> None:
    chart = chart_of(Line((1, 2), (0.62, 0.62)), Rule(0.62 + 1e-9), y=Axis("Accuracy", is_percent=True))
    assert drawn(chart)["layout"]["yaxis"]["range"] == pytest.approx([0.61, 0.63])


def test_a_panel_with_nothing_to_see_says_why_and_draws_no_mark() -> None:
    figure = drawn(chart_of(Line((1, 2), (1, 2), "hidden"), Rule(1), empty="No trial has ended yet."))
    assert [trace["x"] for trace in figure["data"]] == [[None]]  # without any trace Plotly shows no axes
    assert [text["text"] for text in figure["layout"]["annotations"]] == ["No trial has ended yet."]
    assert figure["layout"]["shapes"] == []
    assert not figure["layout"]["showlegend"]


def test_a_name_stands_in_the_legend_once() -> None:
    panel = Panel(X, Y, (Line((1,), (1,), "ramp"), Points((1,), (1,), "ramp"), Line((1,), (2,))))
    figure = drawn(Chart("two", "Title", (panel, panel), ""))
    shown = [trace["name"] for trace in figure["data"] if trace["showlegend"]]
    assert shown == ["ramp"]
    assert {trace["legendgroup"] for trace in figure["data"] if "name" in trace} == {"ramp"}


@pytest.mark.parametrize("count", [1, 2])
def test_panels_stand_side_by_side_and_in_a_column_where_it_is_narrow(count: int) -> None:
    panel = Panel(X, Y, (Line((1,), (1,)),), colour_bar=ColourBar("c", 0, 1))
    layout = drawn(Chart("n", "Title", (panel,) * count, ""))["layout"]
    names = ["", *map(str, range(2, count + 1))]
    across = [end for name in names for end in layout[f"xaxis{name}"]["domain"]]
    assert across == sorted(across)
    assert 0 <= across[0] < across[-1] <= 1
    if count == 1:
        return
    narrow = layout["meta"]["narrow"]
    assert all(narrow[f"xaxis{name}.domain"] == [0, 1] for name in names)
    down = [end for name in reversed(names) for end in narrow[f"yaxis{name}.domain"]]
    assert down == sorted(down)
    assert narrow["height"] > layout["height"]
    assert layout["meta"]["narrow_below"] == 560


@pytest.mark.parametrize("count", [3, 4, 6])
def test_many_panels_stand_in_rows_of_two_on_a_grid(count: int) -> None:
    panel = Panel(X, Y, (Line((1,), (1,)),), "Panel")
    single = drawn(Chart("n", "Title", (panel,), ""))["layout"]
    layout = drawn(Chart("n", "Title", (panel,) * count, ""))["layout"]
    names = ["", *map(str, range(2, count + 1))]
    across = [layout[f"xaxis{name}"]["domain"] for name in names]
    assert across[2:] == across[: count - 2]
    first, second, third, *_ = [layout[f"yaxis{name}"]["domain"] for name in names]
    assert first == second
    assert third[1] < first[0]
    assert layout["height"] > 1.7 * single["height"]
    assert layout["title"]["y"] > single["title"]["y"]  # still so many pixels from the upper edge


def test_every_text_is_shown_as_it_is() -> None:
    axis = Axis(EVIL, ticks=((1, EVIL),))
    marks = (
        Line((1,), (1,), EVIL, hover=EVIL),
        Line((1,), (1,), EVIL),
        Points((1,), (1,), EVIL, hover=(EVIL,)),
        Band((1,), (1,), (1,), EVIL),
        Cells((1,), (1,), (EVIL,), ("#ffffff",), (EVIL,)),
        Rule(1, EVIL),
        Label(1, EVIL),
    )
    bars = Panel(X, axis, (Bars((EVIL,), (1,), EVIL, hover=(EVIL,)),))
    panel = Panel(axis, axis, marks, EVIL, ColourBar(EVIL, 0, 1))
    text = figure_json(Chart("n", EVIL, (panel, bars, Panel(X, Y, empty=EVIL)), "", EVIL))
    assert not {"<", ">", "&"} & set(text)
    shown = list(_texts(json.loads(text)))
    assert any("javascript" in piece for piece in shown)
    allowed = ("<br>", "<b>", "</b>", "<extra></extra>", "</span>", '<span style="font-size:12px;color:#6b6b6b">')
    for piece in shown:
        for tag in allowed:
            piece = piece.replace(tag, "")
        assert "<" not in piece
        assert "%{x}" not in piece.replace(": %{x}", "")
        assert "& " not in piece


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []


def test_control_characters_are_shown_and_not_obeyed() -> None:
    text = figure_json(chart_of(Line((1,), (1,), "a\x1b[2J\ud800\u202eb")))
    assert "a\\\\x1b[2J\\\\ud800\\\\u202eb" in text


def test_numbers_are_short_and_never_nan() -> None:
    (trace,) = drawn(chart_of(Line((1.0, 2.0, 123456.0), (1 / 3, math.nan, math.inf))))["data"]
    assert trace["y"] == [0.33333, None, None]
    assert trace["x"] == [1, 2, 123456]


def test_the_json_brings_no_template_and_says_what_the_figure_is() -> None:
    layout = drawn(chart_of(Line((1,), (1,))))["layout"]
    assert "template" not in layout
    assert "width" not in layout
    assert layout["height"] <= 450  # the dashboard's card
    assert (layout["meta"]["name"], layout["meta"]["alternative"]) == ("name", "What it says.")


def test_the_figure_keeps_all_digits() -> None:
    assert plotly_figure(chart_of(Line((1,), (1 / 3,)))).data[0].y == (1 / 3,)


def test_fifty_curves_of_54_blocks_stay_small() -> None:
    blocks = tuple(range(1, 55))
    lines = [Line(blocks, tuple(1 + math.sin(b * i) / 7 for b in blocks), hover="x" * 80, dots=4) for i in range(50)]
    assert len(figure_json(chart_of(*lines))) < 48_000


def test_an_endless_title_leaves_room_for_the_picture() -> None:
    layout = drawn(chart_of(Line((1,), (1,)))._replace(title="x" * 5000, note="y" * 5000))["layout"]
    assert layout["height"] - layout["margin"]["t"] - layout["margin"]["b"] > 180


def test_a_long_title_and_note_break_into_lines() -> None:
    chart = Chart("n", "word " * 30, (Panel(X, Y, (Line((1,), (1,)),)),), "", "note " * 40)
    layout = drawn(chart)["layout"]
    lines = layout["title"]["text"].split("<br>")
    assert len(lines) == 3 + 3
    assert layout["margin"]["t"] > 120
    assert len(layout["meta"]["narrow"]["title.text"].split("<br>")) > len(lines)
