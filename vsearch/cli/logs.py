"""What a worker logs on stderr: without passwords, and with nothing that a terminal would obey."""

import logging
from copy import copy
from types import TracebackType

from vsearch.cli.output import plain
from vsearch.storage import redact


class PlainFormatter(logging.Formatter):
    """Keeps a message in its line: names and reasons come from a database that others write to."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record, and the lines of its traceback."""
        record = copy(record)
        record.exc_text = None  # as another handler has formatted it
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        return plain(redact(super().formatMessage(record)))

    def formatException(
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        """The lines of a traceback."""
        return "\n".join(plain(redact(line)) for line in super().formatException(ei).splitlines())


def log_to_stderr() -> None:
    """Log what vsearch does, with the time of day."""
    handler = logging.StreamHandler()
    handler.setFormatter(PlainFormatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("vsearch").setLevel(logging.INFO)
