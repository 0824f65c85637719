"""The pages of vsearch beside Optuna's dashboard: `/vsearch/` and what lies under it; all else is the dashboard's."""

from collections.abc import Callable, Hashable, Iterable
from html import escape
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from vsearch.errors import InputError, shorten
from vsearch.reports.server.answer import Answer
from vsearch.reports.server.kept import Kept
from vsearch.reports.server.static_files import Packed, answer_file, answer_packed, packed
from vsearch.reports.server.study_source import Mark, StudySource
from vsearch.reports.study_data import StudyData
from vsearch.search.damage import DamagedRow

ROOT = "/vsearch/"
STUDIES, STATIC, WORKERS = f"{ROOT}studies/", f"{ROOT}static/", f"{ROOT}workers"
HTML = "text/html; charset=utf-8"
POLICY = (
    "Content-Security-Policy",
    # Plotly puts style rules into the page, and makes its pictures to save out of blobs.
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
)
FRESH = ("Cache-Control", "private, no-cache")
"""A browser may keep the page, and asks each time whether it changed."""
MOST_PAGES = 32
REST = 5.0
"""A page that took a second to write is written anew after so many seconds, however many browsers watch it."""


class Site:
    """The WSGI application of both: its own pages, and the dashboard's for every other address."""

    def __init__(self, dashboard: WSGIApplication, source: StudySource, rest: float = REST) -> None:
        self._dashboard, self._source = dashboard, source
        self._pages: Kept[Packed] = Kept(MOST_PAGES, rest=rest)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; failures of the storage go through."""
        path = environ.get("PATH_INFO", "")
        if path == ROOT.rstrip("/"):
            return Answer("302 Found", b"", headers=(("Location", ROOT),))(environ, start_response)
        if not path.startswith(ROOT):
            return self._dashboard(environ, start_response)
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            answer = Answer("405 Method Not Allowed", b"nothing is changed here\n", headers=(("Allow", "GET, HEAD"),))
        else:
            answer = self._answer(path, environ)
        return answer(environ, start_response)

    def _answer(self, path: str, environ: WSGIEnvironment) -> Answer:
        if path == ROOT:
            return self._overview(environ)
        if path.startswith(STUDIES):
            return self._study(_decoded(path.removeprefix(STUDIES)), environ)
        if path.rstrip("/") == WORKERS:
            return self._workers(environ)
        file = answer_file(environ, path.removeprefix(STATIC)) if path.startswith(STATIC) else None
        return file or message("404 Not Found", "There is no such page", "The pages are linked above.")

    def _overview(self, environ: WSGIEnvironment) -> Answer:
        from vsearch.reports.document.pages import overview_page

        marks = self._source.marks()

        def write() -> str:
            studies = [data for name, mark in marks.items() if (data := self._readable(name, mark)) is not None]
            return overview_page(studies, self._source.overviews())

        return self._page(environ, "", tuple(marks.items()), write)

    def _study(self, name: str, environ: WSGIEnvironment) -> Answer:
        from vsearch.reports.document.pages import study_page

        mark = self._source.marks().get(name)
        if mark is None:
            text = f"No study is called {shorten(name)!r}: it was renamed or deleted, or never made."
            return message("404 Not Found", "There is no such study", text)
        try:
            key = f"{name} {mark.study_id} {mark.first_started}"  # another study of that name is another page
            return self._page(environ, key, mark, lambda: study_page(self._source.study(name, mark)))
        except InputError as error:
            return message("404 Not Found", "This study has no page here", f"{error}.")
        except DamagedRow as error:
            return message("500 Internal Server Error", "This study cannot be read", f"{error}.")

    def _workers(self, environ: WSGIEnvironment) -> Answer:
        from vsearch.reports.document.pages import workers_page

        content = packed(workers_page(self._source.workers()).encode())
        return answer_packed(environ, content, HTML, POLICY, FRESH)

    def _readable(self, name: str, mark: Mark) -> StudyData | None:
        try:
            return self._source.study(name, mark)
        except (InputError, DamagedRow):
            return None

    def _page(self, environ: WSGIEnvironment, name: str, mark: Hashable, write: Callable[[], str]) -> Answer:
        content = self._pages.get(name, mark, lambda _: packed(write().encode()))
        return answer_packed(environ, content, HTML, POLICY, FRESH)


def message(status: str, title: str, text: str) -> Answer:
    """A page that says why there is nothing to see."""
    body = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f'<title>{escape(title)}</title>\n<link rel="stylesheet" href="{STATIC}vsearch.css">\n</head>\n<body>\n'
        f'<nav class="site" aria-label="Pages"><ul><li><a href="{ROOT}">All studies</a></li>'
        f'<li><a href="{WORKERS}">Workers</a></li><li><a href="/dashboard/">Optuna dashboard</a></li></ul></nav>\n'
        f'<main id="main">\n<h1>{escape(title)}</h1>\n<p>{escape(text)}</p>\n</main>\n</body>\n</html>\n'
    )
    return Answer(status, body.encode(), HTML, (POLICY, ("Cache-Control", "no-store")))


def _decoded(path: str) -> str:
    """Text of an address as WSGI hands it on, a byte in each character."""
    return path.encode("latin-1", errors="replace").decode(errors="replace")
