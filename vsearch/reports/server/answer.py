"""What the dashboard's server answers by itself: a body with its headers, or one line of words."""

import json
from collections.abc import Iterable
from typing import NamedTuple
from wsgiref.types import StartResponse, WSGIEnvironment

PLAIN, JSON = "text/plain; charset=utf-8", "application/json"


class Answer(NamedTuple):
    """One answer, a WSGI application of its own; to HEAD it says the same without its body."""

    status: str
    """With its reason, such as `200 OK`."""
    body: bytes
    content_type: str = PLAIN
    headers: tuple[tuple[str, str], ...] = ()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send it."""
        length = [] if self.status.startswith("304") else [("Content-Length", str(len(self.body)))]
        start_response(self.status, [("Content-Type", self.content_type), *length, *self.headers])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [self.body]


def line(environ: WSGIEnvironment, status: str, text: str, *headers: tuple[str, str]) -> Answer:
    """One line of words; for a request of Optuna's page as the JSON out of which that shows the reason."""
    if environ.get("PATH_INFO", "").startswith("/api/"):
        return Answer(status, json.dumps({"reason": text}).encode(), JSON, headers)
    return Answer(status, f"{text}\n".encode(), PLAIN, headers)
