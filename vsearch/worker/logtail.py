"""The last lines of a worker's log, for the record of a trial that failed."""

import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from vsearch.errors import shorten
from vsearch.storage import redact

LINES = 60
LINE_CHARACTERS = 300


class LogTail(logging.Handler):
    """Keeps the last lines, tracebacks included and passwords left out."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: deque[str] = deque(maxlen=LINES)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record's lines."""
        self._lines.extend(shorten(redact(line), LINE_CHARACTERS) for line in self.format(record).splitlines())

    def lines(self) -> list[str]:
        """The last lines, oldest first."""
        return list(self._lines)


@contextmanager
def log_tail() -> Iterator[LogTail]:
    """Inside the block the last lines that vsearch logs are kept."""
    handler = LogTail()
    logger = logging.getLogger("vsearch")
    logger.addHandler(handler)
    try:
        yield handler
    finally:
        logger.removeHandler(handler)
