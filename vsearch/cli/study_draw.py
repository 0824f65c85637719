"""`vsearch study draw`: the pictures of a study in the dashboard, drawn now."""

import click

from vsearch.cli.options import Settings, storage_options
from vsearch.cli.output import note


@click.command()
@click.argument("study")
@storage_options
def draw(study: str, settings: Settings) -> None:
    """Draw a study's figures and notes for the dashboard now.

    Workers do so by themselves; this is for a study that nobody trains, after trials were excluded for example.
    """
    from vsearch import study as studies
    from vsearch.reports.pictures import Painter
    from vsearch.search.control import who

    Painter(f"{who()} by hand").draw(studies.open_study(study, settings).stored)
    note(f"the pictures of {study} are up to date")
