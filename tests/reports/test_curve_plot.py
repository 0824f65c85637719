import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from vsearch.curves import BASELINE, Constant, Levels, Ramp, paper
from vsearch.errors import InputError
from vsearch.reports.curve_plot import check_figure_path, curve_info, plot_curves, write_figure

PAPER = curve_info(paper.CURVES, 15)


def test_the_info_holds_the_scales_of_every_block() -> None:
    info = curve_info({"falling": Ramp(1.3, 0.9)}, 27)
    assert [line.name for line in info.lines] == ["falling"]
    assert info.lines[0].scales == Ramp(1.3, 0.9).scales(27)


@pytest.mark.parametrize("num_blocks", range(3, 60))
def test_a_border_stands_between_the_blocks_of_two_stages(num_blocks: int) -> None:
    first, second = curve_info({}, num_blocks).stage_borders
    for block in range(1, num_blocks + 1):
        stage = 1 if 15 * block <= 5 * num_blocks else 2 if 15 * block <= 10 * num_blocks else 3
        assert stage == 1 + (block > first) + (block > second)


@pytest.mark.parametrize("curves", [{}, {"high": Constant(10)}, {"low": Constant(0)}, {"one": BASELINE}])
def test_the_baseline_and_every_scale_are_in_view(curves: dict[str, Constant]) -> None:
    info = curve_info(curves, 15)
    seen = [1.0, *(scale for line in info.lines for scale in line.scales)]
    assert info.low < min(seen) <= max(seen) < info.high


def test_a_list_that_does_not_fit_the_network_is_refused() -> None:
    with pytest.raises(InputError, match="expected 15 levels"):
        curve_info({"list": Levels((1, 1))}, 15)


def test_the_figure_draws_each_curve_and_the_baseline() -> None:
    figure = plot_curves(PAPER)
    assert [trace.name for trace in figure.data] == list(paper.CURVES)
    assert tuple(figure.data[0].y) == paper.cifar10_resnet32.scales(15)
    assert tuple(figure.data[0].x) == tuple(range(1, 16))
    level = [shape for shape in figure.layout.shapes if shape.y0 == shape.y1 == 1 and shape.line.dash == "dash"]
    assert len(level) == 1
    assert [shape.x0 for shape in figure.layout.shapes if shape.x0 == shape.x1] == [5.5, 10.5]


def test_curves_keep_apart_by_colour_and_dash() -> None:
    figure = plot_curves(curve_info({str(number): Constant(number / 20) for number in range(20)}, 3))
    assert len({(trace.line.color, trace.line.dash) for trace in figure.data}) == 20


def test_no_curves_give_an_empty_figure_with_its_titles() -> None:
    figure = plot_curves(curve_info({}, 15))
    assert len(figure.data) == 0
    assert "15 residual blocks" in figure.layout.title.text
    assert figure.layout.yaxis.title.text == "Shortcut scale"


@pytest.mark.parametrize("num_blocks", [1, 2])
def test_a_tiny_network_has_no_stages(num_blocks: int, tmp_path: Path) -> None:
    info = curve_info({"one": BASELINE}, num_blocks)
    assert info.stage_borders == ()
    assert write_figure(info, tmp_path / "tiny.png").stat().st_size > 1000


def test_the_page_is_complete_and_loads_nothing(tmp_path: Path) -> None:
    page = write_figure(PAPER, tmp_path / "curves.html").read_text()
    assert len(page) > 1_000_000
    assert re.search(r"<script[^>]+src=", page) is None
    assert "cifar10-resnet32" in page


def test_a_name_cannot_break_out_of_the_page(tmp_path: Path) -> None:
    info = curve_info({"</script><script>alert(1)</script>": BASELINE}, 3)
    assert "<script>alert(1)" not in write_figure(info, tmp_path / "curves.html").read_text()


def test_the_png_has_a_pngs_signature_and_size(tmp_path: Path) -> None:
    data = write_figure(PAPER, tmp_path / "curves.PNG").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")) == (1600, 900)


def test_the_svg_is_xml_and_the_same_every_time(tmp_path: Path) -> None:
    first = write_figure(PAPER, tmp_path / "a.svg").read_bytes()
    assert ET.fromstring(first).tag.endswith("svg")
    assert write_figure(PAPER, tmp_path / "b.svg").read_bytes() == first


def test_odd_names_are_drawn_as_they_are(tmp_path: Path) -> None:
    info = curve_info({"$\\frac{": BASELINE, "_hidden": Constant(2), "x" * 500: Constant(3)}, 3)
    assert write_figure(info, tmp_path / "odd.png").stat().st_size > 1000


def test_an_older_figure_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / "curves.svg"
    target.write_text("old")
    assert write_figure(PAPER, target).read_text().startswith("<?xml")


@pytest.mark.parametrize("name", ["curves", "curves.pdf", "curves.jpg", ".html", ""])
def test_refuses_another_suffix(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no known suffix; use \.html, \.png, \.svg"):
        write_figure(PAPER, tmp_path / name)


def test_refuses_a_directory(tmp_path: Path) -> None:
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(InputError, match="is a directory"):
        write_figure(PAPER, tmp_path / "folder.html")


def test_refuses_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist; make it first"):
        check_figure_path(tmp_path / "missing" / "curves.html")
    assert list(tmp_path.iterdir()) == []


def test_refuses_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="does not exist"):
        write_figure(PAPER, tmp_path / "file" / "curves.html")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_refuses_a_folder_without_rights(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="cannot be written"):
        check_figure_path(tmp_path / "curves.html")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_gives_one_line(tmp_path: Path) -> None:
    (tmp_path / "full.svg").symlink_to("/dev/full")
    with pytest.raises(InputError, match=r"cannot be written \(No space left on device\)"):
        write_figure(PAPER, tmp_path / "full.svg")


def test_importing_the_module_loads_no_drawing_library() -> None:
    code = (
        "import sys, vsearch.reports.curve_plot; print({'plotly', 'matplotlib', 'numpy', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "set()\n"
