"""The figures of a study in their order: optuna-dashboard keeps them in a set, and so gives them in one by chance."""

import json
import re
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_STUDY = re.compile(r"/api/studies/\d+/?")
_FIGURES = b'"plotly_graph_objects": '


def with_figures_in_order(app: WSGIApplication) -> WSGIApplication:
    """The dashboard's application, whose answers for a study have its figures in the order of their identifiers."""

    def ordered(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET" or not _STUDY.fullmatch(environ.get("PATH_INFO", "")):
            return app(environ, start_response)
        held: list[Any] = []
        body = sort_figures(b"".join(app(environ, lambda *start: held.append(start))))  # type: ignore[arg-type]
        status, headers, *rest = held[-1]
        sized = [(name, str(len(body)) if name.lower() == "content-length" else value) for name, value in headers]
        start_response(status, sized, *rest)
        return [body]

    return ordered


def sort_figures(body: bytes) -> bytes:
    """The same JSON with its figures sorted by identifier; a body without figures stays as it is.

    Only that part is read: the trials of a large study are megabytes.
    """
    start = body.rfind(_FIGURES)  # inside a text the quotes would be escaped
    if start < 0:
        return body
    start += len(_FIGURES)
    figures, length = json.JSONDecoder().raw_decode(body[start:].decode())
    if not isinstance(figures, list) or len(figures) < 2:
        return body
    end = start + len(body[start:].decode()[:length].encode())
    figures.sort(key=lambda figure: str(figure.get("id")))
    return body[:start] + json.dumps(figures).encode() + body[end:]
