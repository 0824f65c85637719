"""Printing: JSON with its schema, lines and tables."""

import json
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import click

from vsearch.errors import InputError
from vsearch.reports.wording import duration as duration
from vsearch.reports.wording import percent as percent
from vsearch.reports.wording import plain as plain
from vsearch.reports.wording import points as points

_COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")


def print_line(text: str = "") -> None:
    """One line on stdout."""
    click.echo(plain(text))


def print_text(text: str) -> None:
    """A text of several lines, such as a table as CSV, on stdout."""
    click.echo(plain(text, keep="\n\r\t"), nl=False)


def print_json(schema: str, content: dict[str, Any]) -> None:
    """One JSON object on stdout; `schema` is `vsearch.NAME/VERSION`."""
    click.echo(json.dumps({"schema": f"vsearch.{schema}/1"} | content, indent=2, allow_nan=False))


def print_json_line(schema: str, content: dict[str, Any]) -> None:
    """One JSON object on stdout, in a line of its own and at once, for who reads along."""
    click.echo(json.dumps({"schema": f"vsearch.{schema}/1"} | content, allow_nan=False))


def print_coloured(text: str, stream: TextIO) -> None:
    """Lines with their colours on a stream; no other escape sequence passes."""
    parts = _COLOUR.split(text)  # texts and colours in turn
    shown = (part if index % 2 else plain(part, keep="\n") for index, part in enumerate(parts))
    click.echo("".join(shown), file=stream, nl=False, color=True)


def note(text: str) -> None:
    """A line for people, on stderr."""
    click.echo(plain(text), err=True)


force_option = click.option("--force", is_flag=True, help="Replace the file if it exists.")


def check_output(path: Path, *, force: bool) -> None:
    """Refuse a file that cannot or should not be written, before any work is done for it.

    Raises:
        InputError: a folder, a file that exists (without `force`), a folder that is missing or not writable.
    """
    if path.is_dir():
        raise InputError(f"{str(path)!r} is a folder; name a file in it")
    if path.is_file() and not force:
        raise InputError(f"the file {str(path)!r} exists; say --force to replace it, or name another")
    if not path.parent.is_dir():
        raise InputError(f"the folder {str(path.parent)!r} does not exist; make it first, or name another")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise InputError(f"{str(path)!r} cannot be written; choose a place where you may write")


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A plain table on stdout, columns padded, numbers to the right."""
    cells = [[plain(str(cell)) for cell in row] for row in rows]
    widths = [max(len(title), *(len(row[i]) for row in cells), 0) for i, title in enumerate(header)]
    right = [bool(cells) and all(_is_number(row[i]) for row in cells) for i in range(len(header))]
    for row in [list(header), *cells]:
        line = (cell.rjust(w) if r else cell.ljust(w) for cell, w, r in zip(row, widths, right, strict=True))
        click.echo("  ".join(line).rstrip())


def timestamp(seconds: float) -> str:
    """Seconds since 1970 as `2026-01-31T12:00:00+00:00`, whatever the time zone here is."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _is_number(cell: str) -> bool:
    stripped = cell.removesuffix(" %").lstrip("+-")
    return stripped == "" or stripped.replace(".", "", 1).isdigit()
