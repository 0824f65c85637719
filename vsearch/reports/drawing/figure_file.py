"""Figures as files: a page that works offline (.html), or a picture (.png, .svg, .pdf), made without a browser."""

from __future__ import annotations

import html
import os
import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path

from vsearch.errors import InputError, shorten
from vsearch.reports.chart import Chart
from vsearch.reports.drawing.matplotlib_chart import draw
from vsearch.reports.drawing.plotly_chart import figure_json
from vsearch.reports.wording import plain


def check_figure_path(path: str | os.PathLike[str]) -> Path:
    """`path`, if a figure can be written there; an older figure of that name will be replaced.

    Raises:
        InputError: a suffix other than .html, .png, .svg and .pdf, a directory, or a place that cannot be written.
    """
    target = Path(path)
    if target.suffix.lower() not in _WRITERS:
        raise InputError(f"the figure {_name(target)} has no known suffix; use {', '.join(_WRITERS)}")
    folder = target.parent
    if os.path.isdir(target):
        raise InputError(f"{_name(target)} is a directory; name a file in it")
    if not os.path.isdir(folder):
        raise InputError(f"the folder {_name(folder)} does not exist; make it first, or choose another")
    needed = [target] if os.path.exists(target) else []
    if not _is_device(target):
        needed.append(_real(target).parent)
    if not all(os.access(place, os.W_OK) for place in needed):
        raise InputError(f"{_name(target)} cannot be written; choose a place where you may write")
    return target


def write_figure(chart: Chart, path: str | os.PathLike[str]) -> Path:
    """Draw the chart into a file whose suffix says how: .html (interactive, complete), .png, .svg or .pdf.

    Raises:
        InputError: what `check_figure_path` refuses, before anything is drawn, or a disk that fails on writing.
    """
    target = check_figure_path(path)
    replace_file(target, _WRITERS[target.suffix.lower()](chart))
    return target


def replace_file(target: Path, content: bytes) -> None:
    """Write a whole file or none: the older one stays until the new one is complete.

    Raises:
        InputError: a disk that is full or fails, a name that is too long.
    """
    try:
        if _is_device(target):
            target.write_bytes(content)
        else:
            _replace(_real(target), content)
    except OSError as error:
        raise InputError(f"{_name(target)} cannot be written ({error.strerror}); choose another place") from None


def _replace(target: Path, content: bytes) -> None:
    beside = target.with_name(f".vsearch-{secrets.token_hex(6)}.tmp")
    try:
        with open(beside, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            beside.chmod(target.stat().st_mode & 0o7777)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def _is_device(path: Path) -> bool:
    """Whether it is there but no file, such as /dev/null or a pipe: nothing can take its place."""
    return os.path.exists(path) and not os.path.isfile(path)


def _real(path: Path) -> Path:
    """Where a link leads, so that the file is replaced and not the link."""
    return Path(os.path.realpath(path))


def _name(path: Path) -> str:
    return repr(shorten(str(path)))


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; \
style-src 'unsafe-inline'; img-src data: blob:">
<title>{title}</title>
<style>
body {{ margin: 1rem auto; max-width: 72rem; padding: 0 0.5rem; font: 15px/1.5 system-ui, sans-serif; color: #222222; }}
figure {{ margin: 0; }}
figcaption {{ margin: 0.5rem 12px; color: #555555; white-space: pre-line; }}
</style>
</head>
<body>
<main>
<figure>
<div id="figure" role="img" aria-labelledby="alternative"></div>
<figcaption id="alternative">{alternative}</figcaption>
</figure>
</main>
<script type="application/json" id="content">{content}</script>
<script>{plotly}</script>
<script>
const content = JSON.parse(document.getElementById("content").textContent);
const figure = document.getElementById("figure");
const narrow = figure.clientWidth < content.layout.meta.narrow_below ? content.layout.meta.narrow : {{}};
Plotly.newPlot(figure, content.data, content.layout, {{displaylogo: false, responsive: true, showSendToCloud: false}})
  .then(() => Object.keys(narrow).length && Plotly.relayout(figure, narrow));
</script>
</body>
</html>
"""


def _html(chart: Chart) -> bytes:
    from plotly.offline import get_plotlyjs

    title, alternative = (html.escape(plain(text, keep="\n")) for text in (chart.title, chart.alternative))
    page = _PAGE.format(title=title, alternative=alternative, content=figure_json(chart), plotly=get_plotlyjs())
    return page.encode()


_WRITERS: dict[str, Callable[[Chart], bytes]] = {
    ".html": _html,
    ".png": partial(draw, kind="png"),
    ".svg": partial(draw, kind="svg"),
    ".pdf": partial(draw, kind="pdf"),
}
