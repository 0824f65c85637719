"""The pages beside Optuna's dashboard: what is where, what is read for them, and what they say of broken studies."""

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes
from wsgiref.types import StartResponse, WSGIEnvironment

import optuna
import pytest
from optuna.trial import TrialState

from vsearch.reports.server.site import Site
from vsearch.reports.server.study_source import RUNNING_SECONDS, StudySource
from vsearch.reports.study_data import StudyData, study_data
from vsearch.search import attributes
from vsearch.search.claims import claim_trial
from vsearch.search.stored import StoredStudy, create_study
from vsearch.spec import StudySpec
from vsearch.storage import Storage, open_storage


class Reply(NamedTuple):
    """What the site answered."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def text(self) -> str:
        return self.body.decode()


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Browser:
    """Asks a site that lies beside a dashboard which says yes."""

    def __init__(self, storage: Storage) -> None:
        self.clock = Clock()
        self.site = Site(_dashboard, StudySource(storage, 120, self.clock), rest=0)

    def __call__(self, path: str, method: str = "GET", **headers: str) -> Reply:
        environ: dict[str, Any] = {f"HTTP_{name.upper()}": text for name, text in headers.items()}
        environ |= {"REQUEST_METHOD": method, "PATH_INFO": unquote_to_bytes(path).decode("latin-1")}
        begun: list[Any] = []
        body = b"".join(self.site(environ, lambda *arguments: begun.append(arguments)))  # type: ignore[arg-type]
        return Reply(int(begun[0][0].split()[0]), body, dict(begun[0][1]))


def _dashboard(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [f"dashboard {environ['REQUEST_METHOD']} {environ['PATH_INFO']}".encode()]


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    """A storage on a new SQLite file."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    opened = open_storage(f"sqlite:///{tmp_path / 'studies.db'}")
    yield opened
    opened.close()


@pytest.fixture
def browser(storage: Storage) -> Browser:
    return Browser(storage)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of studies in the order in which they are read from now on."""
    names: list[str] = []

    def counted(study: StoredStudy) -> StudyData:
        names.append(study.name)
        return study_data(study)

    monkeypatch.setattr("vsearch.reports.server.study_source.study_data", counted)
    return names


def make(storage: Storage, name: str, family: str = "triangle") -> StoredStudy:
    return create_study(storage, StudySpec((family,), dataset="digits", depth=8, epochs=2, first_rung=1, name=name))


def finish(study: StoredStudy, score: float = 0.5) -> None:
    claim = claim_trial(study, "w")
    assert claim is not None
    study.optuna_study.tell(claim.trial, score, state=TrialState.COMPLETE)


def test_every_other_address_is_the_dashboards(browser: Browser) -> None:
    for path in ("/", "/dashboard/studies/1", "/api/studies", "/static/bundle.js", "/vsearchx", "/vsearch.js"):
        assert browser(path).text == f"dashboard GET {path}"
        assert browser(path, "DELETE").text == f"dashboard DELETE {path}"


def test_without_any_study_the_overview_says_how_to_make_one(browser: Browser) -> None:
    reply = browser("/vsearch/")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "vsearch study run" in reply.text
    assert browser("/vsearch").headers["Location"] == "/vsearch/"


def test_all_studies_are_on_one_page_and_each_has_its_own(storage: Storage, browser: Browser) -> None:
    for name in ("one", "two"):
        finish(make(storage, name))
    overview = browser("/vsearch/").text
    for name in ("one", "two"):
        assert f'href="/vsearch/studies/{name}"' in overview
        page = browser(f"/vsearch/studies/{name}")
        assert (page.status, f"<h1>{name}</h1>" in page.text) == (200, True)
        assert "/dashboard/studies/" in page.text


def test_workers_have_a_page(storage: Storage, browser: Browser) -> None:
    assert "No worker runs" in browser("/vsearch/workers").text
    storage.enter_worker("w-1", "gpu<7>", 1, "cuda:0")
    page = browser("/vsearch/workers").text
    assert "gpu&lt;7&gt;" in page
    assert "gpu<7>" not in page


@pytest.mark.parametrize("name", ["nothing", "", "a/b", "..%2f..", "%3Cscript%3E", "%ff%00", "x" * 5000])
def test_an_unknown_study_is_told_in_words(storage: Storage, browser: Browser, name: str) -> None:
    make(storage, "one")
    reply = browser(f"/vsearch/studies/{name}")
    assert (reply.status, reply.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "There is no such study" in reply.text
    assert "<script" not in reply.text
    assert len(reply.body) < 2000


@pytest.mark.parametrize("path", ["/vsearch/nothing", "/vsearch/static/", "/vsearch/static/../site.py", "/vsearch//"])
def test_an_unknown_page_is_told_in_words(browser: Browser, path: str) -> None:
    assert (browser(path).status, "no such page" in browser(path).text) == (404, True)


def test_pages_are_only_read(browser: Browser) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert browser("/vsearch/", method).status == 405


def test_head_gives_the_headers_alone(storage: Storage, browser: Browser) -> None:
    make(storage, "one")
    for path in ("/vsearch/", "/vsearch/studies/one", "/vsearch/workers", "/vsearch/static/vsearch.css", "/vsearch/x"):
        whole, head = browser(path), browser(path, "HEAD")
        assert (head.status, head.body) == (whole.status, b"")
        assert head.headers == whole.headers
        assert int(head.headers["Content-Length"]) == len(whole.body) > 0


def test_pages_load_scripts_and_data_from_here_alone(storage: Storage, browser: Browser) -> None:
    make(storage, "one")
    for path in ("/vsearch/", "/vsearch/studies/one", "/vsearch/workers", "/vsearch/studies/none"):
        policy = browser(path).headers["Content-Security-Policy"]
        rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
        assert (rules["default-src"], rules["script-src"], rules["connect-src"]) == ("'none'", "'self'", "'self'")
        assert (rules["frame-ancestors"], rules["form-action"]) == ("'none'", "'none'")


def test_files_are_compressed_once_and_not_sent_twice(browser: Browser) -> None:
    for name, kind in (("plotly.min.js", "javascript"), ("vsearch.js", "javascript"), ("vsearch.css", "css")):
        plain = browser(f"/vsearch/static/{name}")
        assert (plain.status, kind in plain.headers["Content-Type"]) == (200, True)
        packed = browser(f"/vsearch/static/{name}", accept_encoding="br, gzip;q=0.8")
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.body) == plain.body
        assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
        again = browser(f"/vsearch/static/{name}", if_none_match=f'"other", {plain.headers["ETag"]}')
        assert (again.status, again.body) == (304, b"")
        assert "Content-Encoding" not in browser(f"/vsearch/static/{name}", accept_encoding="gzip;q=0, br").headers
    assert "max-age=86400" in browser("/vsearch/static/plotly.min.js").headers["Cache-Control"]
    assert "no-cache" in browser("/vsearch/static/vsearch.js").headers["Cache-Control"]


def test_a_page_is_sent_again_only_if_something_changed(storage: Storage, browser: Browser, reads: list[str]) -> None:
    study = make(storage, "one")
    first = browser("/vsearch/studies/one")
    assert browser("/vsearch/studies/one", if_none_match=first.headers["ETag"]).status == 304
    assert browser("/vsearch/").status == 200
    assert reads == ["one"]
    finish(study)
    second = browser("/vsearch/studies/one", if_none_match=first.headers["ETag"])
    assert second.status == 200
    assert second.body != first.body
    browser("/vsearch/")
    browser("/vsearch/")
    assert reads == ["one", "one"]


def test_a_study_that_only_stopped_or_got_a_larger_budget_is_read_again(
    storage: Storage, browser: Browser, reads: list[str]
) -> None:
    study = make(storage, "one")
    browser("/vsearch/studies/one")
    storage.set_study_user_attr(study.study_id, attributes.STATE, "stopped")
    assert browser("/vsearch/studies/one").status == 200
    assert len(reads) == 2


def test_a_study_with_running_trials_is_read_now_and_then(storage: Storage, browser: Browser, reads: list[str]) -> None:
    study = make(storage, "one")
    assert claim_trial(study, "w") is not None
    for _ in range(3):
        browser("/vsearch/studies/one")
    assert len(reads) == 1
    browser.clock.now += RUNNING_SECONDS
    browser("/vsearch/studies/one")
    assert len(reads) == 2


def test_a_study_that_was_made_again_under_its_name_shows_its_own_trials(storage: Storage, browser: Browser) -> None:
    """SQLite gives it the number of the deleted one."""
    study = make(storage, "one")
    finish(study, 0.987)
    assert "98.7" in browser("/vsearch/studies/one").text
    storage.delete_study(study.study_id)
    assert browser("/vsearch/studies/one").status == 404
    again = make(storage, "one")
    assert again.study_id == study.study_id
    finish(again, 0.123)
    page = browser("/vsearch/studies/one").text
    assert "12.3" in page
    assert "98.7" not in page


def test_broken_and_foreign_studies_are_listed_and_say_why(storage: Storage, browser: Browser) -> None:
    finish(make(storage, "sound"))
    optuna.create_study(study_name="for<b>eign", storage=storage, direction="maximize")
    storage.set_study_user_attr(make(storage, "future").study_id, attributes.SPEC, json.dumps({"version": 99}))
    damaged = make(storage, "damaged")
    claim = claim_trial(damaged, "w")
    assert claim is not None
    trial_id = storage.get_trial_id_from_study_id_trial_number(damaged.study_id, 0)
    storage.set_trial_user_attr(trial_id, attributes.ACCURACIES, "<i>x")
    overview = browser("/vsearch/")
    assert overview.status == 200
    for name in ("sound", "for&lt;b&gt;eign", "future", "damaged"):
        assert name in overview.text
    assert "<b>eign" not in overview.text
    assert browser("/vsearch/studies/sound").status == 200
    foreign = browser("/vsearch/studies/for%3Cb%3Eeign")
    assert (foreign.status, "was not made by vsearch" in foreign.text) == (404, True)
    assert browser("/vsearch/studies/future").status == 404
    broken = browser("/vsearch/studies/damaged")
    assert (broken.status, "its accuracies is" in broken.text, "<i>x" in broken.text) == (500, True, False)


def test_failures_of_the_storage_are_left_to_the_guard(browser: Browser, storage: Storage, tmp_path: Path) -> None:
    storage.close()
    (tmp_path / "studies.db").unlink()
    (tmp_path / "studies.db").write_bytes(b"no database" * 1000)
    for path in ("/vsearch/", "/vsearch/studies/one", "/vsearch/workers"):
        with pytest.raises(Exception, match=r"database|file"):
            browser(path)
    assert browser("/vsearch/static/vsearch.js").status == 200
