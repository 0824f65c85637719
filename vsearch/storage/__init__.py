"""Optuna's tables on SQLite (one host) or PostgreSQL, behind one class that waits, retries and speaks plainly.

>>> import tempfile, pathlib
>>> storage = open_storage(default_url(pathlib.Path(tempfile.mkdtemp())))
>>> storage.study_names()
[]
"""

from vsearch.storage.leases import LeaseRow
from vsearch.storage.queries import StudySummary
from vsearch.storage.storage import Storage, open_storage
from vsearch.storage.url import default_url, parse_url, redact

__all__ = ["LeaseRow", "Storage", "StudySummary", "default_url", "open_storage", "parse_url", "redact"]
