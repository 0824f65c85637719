"""Optuna's importances of hyperparameters for studies that have none: planned ones, of which its dashboard fails."""

import re
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from optuna.storages import BaseStorage

from vsearch.reports.server.answer import JSON, Answer
from vsearch.search import attributes
from vsearch.search.relatives import planned_of

_IMPORTANCES = re.compile(r"/api/studies/(\d+)/param_importances/?")
NONE = b'{"param_importances": [[]]}'
"""For the one objective of our studies; what optuna-dashboard 0.21 answers for a study without trials."""


def without_importances_of_plans(app: WSGIApplication, storage: BaseStorage) -> WSGIApplication:
    """The dashboard's application, which answers that no hyperparameter matters in a study that searches nothing.

    Without this it answers "internal server error", which the browser shows to the reader.
    """

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        match = _IMPORTANCES.fullmatch(environ.get("PATH_INFO", ""))
        if match is None or environ["REQUEST_METHOD"] != "GET" or not _is_planned(storage, int(match[1])):
            return app(environ, start_response)
        return Answer("200 OK", NONE, JSON)(environ, start_response)

    return answer


def _is_planned(storage: BaseStorage, study_id: int) -> bool:
    try:
        text = storage.get_study_user_attrs(study_id).get(attributes.SPEC)
    except KeyError:
        return False
    return isinstance(text, str) and planned_of(text) is not None
