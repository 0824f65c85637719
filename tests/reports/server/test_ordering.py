"""The order of a study's figures in the dashboard's answers."""

import io
import json
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import optuna
import optuna_dashboard

from vsearch.reports.server.ordering import sort_figures, with_figures_in_order
from vsearch.storage import open_storage

NAMES = [f"vsearch-{place}-{name}" for place, name in enumerate(("curves", "positions", "progress", "ä", "zz"), 1)]


def test_figures_come_in_the_order_of_their_identifiers_and_all_else_is_untouched() -> None:
    study = {"name": 'a "plotly_graph_objects": [1, 2]', "trials": [{"number": 1}]}
    figures = [{"id": name, "graph_object": f'{{"title": "ö {name}"}}'} for name in reversed(NAMES)]
    found = json.loads(sort_figures(json.dumps({**study, "plotly_graph_objects": figures, "more": 1}).encode()))
    assert found == {**study, "plotly_graph_objects": figures[::-1], "more": 1}


def test_figures_in_plain_utf_8_are_sorted_too() -> None:
    figures = [{"id": "b", "graph_object": "ö"}, {"id": "a", "graph_object": "日本"}]
    body = json.dumps({"plotly_graph_objects": figures, "next": "é"}, ensure_ascii=False).encode()
    assert json.loads(sort_figures(body)) == {"plotly_graph_objects": figures[::-1], "next": "é"}


def test_answers_without_figures_stay_as_they_are() -> None:
    for body in (b"", b'{"reason": "study_id=5 is not found"}', b'{"plotly_graph_objects": []}'):
        assert sort_figures(body) == body


def test_the_dashboards_own_answer_is_put_in_order(tmp_path: Path) -> None:
    storage = open_storage(f"sqlite:///{tmp_path / 'studies.db'}")
    optuna.create_study(storage=storage, study_name="s")
    for name in reversed(NAMES):
        storage.set_study_system_attr(1, f"dashboard:plot_data:{name}:0", "{}")
    environ: dict[str, Any] = {"REQUEST_METHOD": "GET", "PATH_INFO": "/api/studies/1", "wsgi.input": io.BytesIO()}
    setup_testing_defaults(environ)
    told: list[Any] = []
    app = with_figures_in_order(optuna_dashboard.wsgi(storage))
    body = b"".join(app(environ, lambda *start: told.append(start)))  # type: ignore[arg-type]
    assert [figure["id"] for figure in json.loads(body)["plotly_graph_objects"]] == NAMES
    assert dict(told[0][1])["Content-Length"] == str(len(body))
    storage.close()
