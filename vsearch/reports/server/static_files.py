"""The scripts and the style sheet of served pages, each compressed once."""

import gzip
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple
from wsgiref.types import WSGIEnvironment

from vsearch.reports.server.answer import Answer

PLOTLY = "plotly.min.js"
TYPES = {
    PLOTLY: "text/javascript; charset=utf-8",
    "vsearch.js": "text/javascript; charset=utf-8",
    "vsearch.css": "text/css; charset=utf-8",
}
"""The files that there are, and what they are."""
KEEP_SECONDS = 86_400
"""For which a browser need not ask whether Plotly changed; it asks each time for the other files."""

_GZIP = re.compile(r"(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[\d.]+\s*)?(?:,|$)")


class Packed(NamedTuple):
    """A body in the two ways in which it is sent."""

    plain: bytes
    gzipped: bytes
    etag: str
    """Names the content; in quotation marks, as HTTP wants it."""


def packed(body: bytes) -> Packed:
    """`body` with its compressed form and its tag."""
    # Weak: the two forms have the same tag.
    return Packed(body, gzip.compress(body, 6, mtime=0), f'W/"{hashlib.sha256(body).hexdigest()[:32]}"')


def answer_packed(environ: WSGIEnvironment, content: Packed, content_type: str, *headers: tuple[str, str]) -> Answer:
    """The content, compressed for a browser that takes it, or word that the browser has it already."""
    headers = (("ETag", content.etag), ("Vary", "Accept-Encoding"), *headers)
    known = [tag.strip() for tag in environ.get("HTTP_IF_NONE_MATCH", "").split(",")]
    if content.etag in known:
        return Answer("304 Not Modified", b"", content_type, headers)
    if _GZIP.search(environ.get("HTTP_ACCEPT_ENCODING", "")):
        return Answer("200 OK", content.gzipped, content_type, (("Content-Encoding", "gzip"), *headers))
    return Answer("200 OK", content.plain, content_type, headers)


def answer_file(environ: WSGIEnvironment, name: str) -> Answer | None:
    """The file of that name; None if there is none."""
    if name not in TYPES:
        return None
    kept = f"private, max-age={KEEP_SECONDS}" if name == PLOTLY else "private, no-cache"
    return answer_packed(environ, _file(name), TYPES[name], ("Cache-Control", kept))


@cache
def _file(name: str) -> Packed:
    return packed(
        _plotly() if name == PLOTLY else files("vsearch.reports.document").joinpath("static", name).read_bytes()
    )


def _plotly() -> bytes:
    from plotly.offline import get_plotlyjs

    text: str = get_plotlyjs()
    return text.encode()
