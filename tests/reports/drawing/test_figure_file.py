import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from vsearch.curves import paper
from vsearch.errors import InputError
from vsearch.reports.drawing.figure_file import check_figure_path, replace_file, write_figure
from vsearch.reports.figures.scales import scales_chart, scales_info

PAPER = scales_chart(scales_info(paper.CURVES, 15))


def test_the_page_is_complete_and_loads_nothing(tmp_path: Path) -> None:
    page = write_figure(PAPER, tmp_path / "curves.html").read_text()
    assert len(page) > 1_000_000
    assert re.search(r"<(script|link|img|iframe)[^>]+(src|href)=", page.replace(_script(page), "")) is None
    assert "default-src 'none'" in page
    assert '<html lang="en">' in page
    assert f"<title>{PAPER.title}</title>" in page
    assert PAPER.alternative in page


def _script(page: str) -> str:
    """Plotly's own code, which has such words in texts."""
    scripts: list[str] = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    return max(scripts, key=len)


def test_nothing_can_break_out_of_the_page(tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script>"
    info = scales_info({evil: paper.cifar10_resnet32}, 15)
    chart = scales_chart(info)._replace(title=evil, alternative=evil, note=evil, name=evil)
    page = write_figure(chart, tmp_path / "curves.html").read_text()
    assert "<script>alert(1)" not in page
    assert page.count("alert(1)") > 4


def test_the_suffix_says_how_in_any_case(tmp_path: Path) -> None:
    assert write_figure(PAPER, tmp_path / "curves.PNG").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert write_figure(PAPER, tmp_path / "curves.pdf").read_bytes()[:5] == b"%PDF-"
    assert ET.fromstring(write_figure(PAPER, tmp_path / "curves.svg").read_bytes()).tag.endswith("svg")


def test_an_older_figure_is_replaced_with_its_rights(tmp_path: Path) -> None:
    target = tmp_path / "curves.svg"
    target.write_text("old")
    target.chmod(0o640)
    assert write_figure(PAPER, target).read_text().startswith("<?xml")
    assert target.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["curves.svg"]


def test_a_link_stays_and_what_it_names_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link.svg").symlink_to(tmp_path / "there" / "real.svg")
    write_figure(PAPER, tmp_path / "link.svg")
    assert (tmp_path / "link.svg").is_symlink()
    assert (tmp_path / "there" / "real.svg").read_text().startswith("<?xml")


@pytest.mark.parametrize("name", ["curves", "curves.jpg", ".html", ""])
def test_refuses_another_suffix(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no known suffix; use \.html, \.png, \.svg, \.pdf"):
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


def test_a_name_that_is_too_long_gives_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be written \(File name too long\)"):
        write_figure(PAPER, tmp_path / f"{'x' * 300}.svg")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_device_gives_one_line(tmp_path: Path) -> None:
    (tmp_path / "full.svg").symlink_to("/dev/full")
    with pytest.raises(InputError, match=r"cannot be written \(No space left on device\)"):
        write_figure(PAPER, tmp_path / "full.svg")


LIMITED = """
import resource, signal, sys
from pathlib import Path
from vsearch.errors import InputError
from vsearch.reports.drawing.figure_file import replace_file

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    replace_file(Path(sys.argv[1]), b"x" * 5000)
except InputError as error:
    print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs a limit on the size of files")
def test_a_disk_that_takes_only_a_part_leaves_the_older_file_whole(tmp_path: Path) -> None:
    target = tmp_path / "curves.svg"
    target.write_text("old")
    command = [sys.executable, "-c", LIMITED, str(target)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "cannot be written (File too large)" in done.stdout
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["curves.svg"]


def test_a_new_file_has_the_rights_that_other_programs_give(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    replace_file(tmp_path / "figure.svg", b"content")
    assert (tmp_path / "figure.svg").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_importing_the_modules_loads_no_drawing_library() -> None:
    modules = "vsearch.reports.drawing.figure_file, vsearch.reports.figures.scales"
    code = f"import sys, {modules}; print({{'plotly', 'matplotlib', 'numpy', 'torch'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "set()\n"
