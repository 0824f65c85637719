"""Asking before what cannot be undone."""

import sys

import click

from vsearch.errors import InputError

yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


def confirm(command: str, question: str) -> None:
    """Return if a person at a terminal says yes.

    Raises:
        InputError: nobody can answer.
        click.Abort: the answer is no.
    """
    if sys.stdin is None or sys.stdin.closed or not sys.stdin.isatty():
        raise InputError(f"{command} asks first, and nobody can answer here; say --yes")
    if not click.confirm(question, err=True):
        raise click.Abort
