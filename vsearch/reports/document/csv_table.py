"""Rows as CSV that is safe to open: in a terminal, and in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vsearch.reports.wording import plain

FORMULA_STARTS = ("=", "+", "-", "@")
"""A spreadsheet takes a text that begins so for a formula, and obeys it."""


def csv_text(rows: Iterable[Mapping[str, Any]], columns: Sequence[str] = ()) -> str:
    """The rows under one header, which begins with `columns` and goes on with all others in the order they are met.

    Texts that a spreadsheet would take for a formula get an apostrophe in front; control characters are shown as
    `\\x1b`. Numbers stay numbers.

    >>> csv_text([{"detail": "=1+1", "accuracy": -1.5}])
    "detail,accuracy\\r\\n'=1+1,-1.5\\r\\n"
    """
    rows = list(rows)
    header = list(dict.fromkeys((*columns, *(key for row in rows for key in row))))
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([_cell(name) for name in header])
    writer.writerows([_cell(row.get(name)) for name in header] for row in rows)
    return buffer.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, list | tuple | dict):
        value = str(value)
    if not isinstance(value, str):
        return value
    text = plain(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
