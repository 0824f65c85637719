"""Printing: JSON with its schema, tables, and numbers as people read them."""

import json
from collections.abc import Sequence
from typing import Any

import click


def print_json(schema: str, content: dict[str, Any]) -> None:
    """One JSON object on stdout; `schema` is `vsearch.NAME/VERSION`."""
    click.echo(json.dumps({"schema": f"vsearch.{schema}/1"} | content, indent=2, allow_nan=False))


def note(text: str) -> None:
    """A line for people, on stderr."""
    click.echo(text, err=True)


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A plain table on stdout, columns padded, numbers to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(title), *(len(row[i]) for row in cells), 0) for i, title in enumerate(header)]
    right = [bool(cells) and all(_is_number(row[i]) for row in cells) for i in range(len(header))]
    for row in [list(header), *cells]:
        line = (cell.rjust(w) if r else cell.ljust(w) for cell, w, r in zip(row, widths, right, strict=True))
        click.echo("  ".join(line).rstrip())


def percent(accuracy: float | None) -> str:
    """An accuracy as people read it: `97.92 %`."""
    return "-" if accuracy is None else f"{100 * accuracy:.2f} %"


def points(difference: float | None) -> str:
    """A difference in percentage points: `+1.39`."""
    return "-" if difference is None else f"{difference:+.2f}"


def duration(seconds: float) -> str:
    """`45 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _is_number(cell: str) -> bool:
    stripped = cell.removesuffix(" %").lstrip("+-")
    return stripped == "" or stripped.replace(".", "", 1).isdigit()
