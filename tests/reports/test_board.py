"""Our figures and notes beside what people wrote: as optuna-dashboard's own application gives them to a browser."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import optuna
import optuna_dashboard
import pytest
from optuna.trial import TrialState

from vsearch.reports.board import Board
from vsearch.storage import Storage, open_storage

PutUp = Callable[..., None]
ORIGINAL = Board({"curves": '{"data": [1]}', "learning": '{"data": [2]}'}, "our note", {1: "our trial"})
LATER = Board({"curves": '{"data": [3]}'}, "our later note", {})


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    """A storage with the study 1 and its trial 1."""
    opened = open_storage(f"sqlite:///{tmp_path / 'studies.db'}")
    study = optuna.create_study(storage=opened, study_name="s")
    study.add_trial(optuna.trial.create_trial(state=TrialState.COMPLETE, value=0.5))
    yield opened
    opened.close()


@pytest.fixture
def put_up(storage: Storage) -> PutUp:
    """`put_up(board)` writes it into the study."""

    def write(board: Board) -> None:
        assert storage.take_drawing(1, "a", 60)
        assert storage.write_drawing(1, "a", "state", 0.1, board.attributes)

    return write


def ask(storage: Storage, method: str, path: str, content: Any = None) -> Any:
    """What the dashboard answers, read as JSON."""
    body = json.dumps(content).encode()
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path, "CONTENT_TYPE": "application/json"}
    environ |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
    setup_testing_defaults(environ)
    status: list[str] = []
    answer = b"".join(optuna_dashboard.wsgi(storage)(environ, lambda code, *_: status.append(code)))
    assert status[0].startswith("20"), (status, answer)
    return json.loads(answer) if answer else None


def shown(storage: Storage) -> tuple[dict[str, str], str, str]:
    """The figures by identifier, the study's note and the trial's note."""
    detail = ask(storage, "GET", "/api/studies/1")
    figures = {figure["id"]: figure["graph_object"] for figure in detail["plotly_graph_objects"]}
    return figures, detail["note"]["body"], detail["trials"][0]["note"]["body"]


def test_the_dashboard_shows_what_was_put_up(storage: Storage, put_up: PutUp) -> None:
    put_up(ORIGINAL)
    figures = {"vsearch-1-curves": '{"data": [1]}', "vsearch-2-learning": '{"data": [2]}'}
    assert shown(storage) == (figures, "our note", "our trial")


def test_a_later_board_leaves_nothing_of_the_former(storage: Storage, put_up: PutUp) -> None:
    put_up(ORIGINAL)
    put_up(LATER)
    assert shown(storage) == ({"vsearch-1-curves": '{"data": [3]}'}, "our later note", "")


def test_figures_of_other_people_stay(storage: Storage, put_up: PutUp) -> None:
    import plotly.graph_objects as go

    study = optuna.load_study(study_name="s", storage=storage)
    optuna_dashboard.save_plotly_graph_object(study, go.Figure(layout={"title": "theirs"}), graph_object_id="mine")
    put_up(ORIGINAL)
    put_up(LATER)
    figures, _, _ = shown(storage)
    assert set(figures) == {"mine", "vsearch-1-curves"}
    assert "theirs" in figures["mine"]


@pytest.mark.parametrize("is_there_before", [True, False])
def test_a_note_that_a_person_wrote_stays(storage: Storage, put_up: PutUp, is_there_before: bool) -> None:
    if is_there_before:
        put_up(ORIGINAL)
    for path in ("/api/studies/1/note", "/api/studies/1/1/note"):
        ask(storage, "PUT", path, {"version": 1, "body": "by hand " * 400})
    put_up(ORIGINAL)
    put_up(LATER)
    assert shown(storage)[1:] == ("by hand " * 400, "by hand " * 400)


def test_a_note_that_a_person_emptied_is_ours_again(storage: Storage, put_up: PutUp) -> None:
    put_up(ORIGINAL)
    ask(storage, "PUT", "/api/studies/1/note", {"version": 1, "body": "by hand"})
    ask(storage, "PUT", "/api/studies/1/note", {"version": 2, "body": ""})
    put_up(LATER)
    assert shown(storage)[1] == "our later note"


def test_a_note_that_a_script_saved_stays(storage: Storage, put_up: PutUp) -> None:
    put_up(ORIGINAL)
    optuna_dashboard.save_note(optuna.load_study(study_name="s", storage=storage), "by script")
    put_up(LATER)
    assert shown(storage)[1] == "by script"
