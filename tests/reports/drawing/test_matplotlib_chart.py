import re
import warnings
import xml.etree.ElementTree as ET

import pytest

from vsearch.reports.chart import Axis, Band, Bars, Cells, Chart, ColourBar, Label, Line, Panel, Points, Rule
from vsearch.reports.drawing.matplotlib_chart import Kind, draw

SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up")
EVERYTHING = Panel(
    Axis("Block", 0.5, 3.5, is_whole=True),
    Axis("Accuracy", low=0, is_percent=True),
    (
        Band((1, 2, 3), (0.1, 0.1, 0.1), (0.9, 0.9, 0.9), "band"),
        Line((1, 2, 3), (0.2, None, 0.4), "line", dash="dashdot", dots=8),
        Line((1, 2, 3), (0.2, 0.3, 0.4), "steps", is_step=True),
        *(Points((1, 2), (0.5, 0.6), symbol, symbol=symbol, errors=(0.1, 0)) for symbol in SYMBOLS),
        Rule(0.5, "level"),
        Rule(2, "upright", is_vertical=True, dash="dot"),
        Label(2, "stage 2"),
    ),
    "Everything",
    ColourBar("Colours", 0.9, 0.95, is_percent=True),
)
BARS = Panel(Axis("Importance", 0, 1), Axis(""), (Bars(("peak", "floor"), (0.7, 0.3)),), "Bars")
CHART = Chart("all", "All marks", (EVERYTHING, BARS), "What <it> says & means.", "A note.")


def texts(svg: bytes) -> list[str]:
    return [
        "".join(element.itertext()).strip() for element in ET.fromstring(svg).iter() if element.tag.endswith("text")
    ]


def size(svg: bytes) -> tuple[float, float]:
    box = ET.fromstring(svg).get("viewBox", "").split()
    return float(box[2]) / 72, float(box[3]) / 72


def test_a_picture_shows_every_text_as_text() -> None:
    shown = texts(draw(CHART, "svg"))
    for text in ("All marks", "A note.", "Everything", "Bars", "Block", "Accuracy", "Colours", "level", "upright"):
        assert text in shown
    assert {"stage 2", "peak", "floor", "band", "line", "steps", *SYMBOLS} <= set(shown)
    assert {"0%", "94%"} <= set(shown)


@pytest.mark.parametrize(("kind", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG\r\n\x1a\n"), ("pdf", b"%PDF")])
def test_the_same_chart_gives_the_same_bytes(kind: Kind, start: bytes) -> None:
    first = draw(CHART, kind)
    assert first.startswith(start)
    assert draw(CHART, kind) == first
    assert b"CreationDate" not in first


@pytest.mark.parametrize(
    ("count", "width", "height"), [(0, 8, 4.5), (1, 8, 4.5), (2, 12, 4.5), (3, 12, 9), (4, 12, 9), (6, 12, 13.5)]
)
def test_more_panels_make_a_wider_picture_and_many_a_higher_one(count: int, width: float, height: float) -> None:
    picture = draw(CHART._replace(panels=(BARS,) * count), "svg")
    assert size(picture) == (width, height)
    assert texts(picture).count("Bars") == count


def test_a_png_has_200_dots_per_inch() -> None:
    data = draw(CHART._replace(panels=(BARS,)), "png")
    assert (int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")) == (1600, 900)


def test_an_svg_says_what_it_shows() -> None:
    root = ET.fromstring(draw(CHART, "svg"))
    found = {element.tag.split("}")[1]: element.text for element in root if element.tag.endswith(("}title", "}desc"))}
    assert found == {"title": "All marks", "desc": "What <it> says & means."}


def test_an_svg_without_a_title_still_says_what_it_shows() -> None:
    root = ET.fromstring(draw(CHART._replace(title="", note=""), "svg"))
    assert [element.text for element in root if element.tag.endswith("}desc")] == ["What <it> says & means."]


def test_a_name_stands_in_the_legend_once() -> None:
    panel = Panel(Axis(""), Axis(""), (Line((1, 2), (1, 2), "ramp"), Points((1,), (1,), "ramp"), Line((1, 2), (2, 1))))
    assert texts(draw(Chart("n", "", (panel, panel), ""), "svg")).count("ramp") == 1


def test_a_panel_with_nothing_to_see_says_why() -> None:
    shown = texts(draw(Chart("n", "", (EVERYTHING._replace(empty="No trial has ended."),), ""), "svg"))
    assert {"No trial has ended.", "Block", "Accuracy"} <= set(shown)
    assert not {"band", "level", "stage 2", "Colours"} & set(shown)


def test_the_first_bar_is_on_top() -> None:
    svg = draw(Chart("n", "", (BARS,), ""), "svg").decode()
    heights = {name: float(y) for y, name in re.findall(r'<text [^>]*y="([\d.]+)"[^>]*>(peak|floor)</text>', svg)}
    assert heights["peak"] < heights["floor"]


def test_cells_are_coloured_and_say_their_texts() -> None:
    cells = Cells((0, 1), (0, 0), ("+0.10\nn = 5", "not yet"), ("#ffeedd", "#ddeeff"), ("", ""))
    panel = Panel(Axis("Data set", -0.5, 1.5), Axis("Depth", 0.5, -0.5), (cells,))
    svg = draw(CHART._replace(panels=(panel,)), "svg")
    assert {"+0.10", "n = 5", "not yet"} <= set(texts(svg))
    assert svg.count(b"fill: #ffeedd") == svg.count(b"fill: #ddeeff") == 1


def test_a_thick_line_ends_where_its_numbers_end() -> None:
    panel = Panel(Axis("Points", 0, 1), Axis(""), (Line((0.2, 0.6), (0, 0), colour="#123456", width=6),))
    (style,) = re.findall(r'style="([^"]*stroke: #123456[^"]*)"', draw(CHART._replace(panels=(panel,)), "svg").decode())
    assert "stroke-linecap" not in style  # what SVG does then is to cut it off


def test_a_logarithmic_axis_and_fixed_ticks() -> None:
    x, y = Axis("Trials", 1, 1000, is_log=True), Axis("", ticks=((0.0, "low $x$"), (1.0, "<high>")))
    shown = texts(draw(Chart("n", "", (Panel(x, y, (Line((1, 10, 1000), (0, 0.5, 1)),)),), ""), "svg"))
    assert {"1", "10", "100", "1000", "low $x$", "<high>"} <= set(shown)


def test_an_endless_title_leaves_room_for_the_picture() -> None:
    svg = draw(CHART._replace(title="x" * 5000, note="y" * 5000, panels=(BARS,)), "svg").decode()
    heights = {name: float(y) for y, name in re.findall(r'<text [^>]*y="([\d.]+)"[^>]*>(peak|floor)</text>', svg)}
    assert heights["floor"] - heights["peak"] > 40


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_odd_names_are_drawn_as_they_are(kind: Kind) -> None:
    marks = [Line((1, 2), (1, 2), name) for name in ("$\\frac{", "_hidden", "曲線", "\x1b\ud800\0", "x" * 500)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture = draw(Chart("n", "$\\frac{", (Panel(Axis("\x00"), Axis("_"), tuple(marks)),), "\ud800", "$$"), kind)
    if kind == "svg":
        assert {"$\\frac{", "_hidden", "曲線", "\\x1b\\ud800\\x00", "x" * 500} <= set(texts(picture))
