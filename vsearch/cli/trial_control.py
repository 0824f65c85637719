"""`vsearch trial exclude` and `include`."""

import click

from vsearch.cli.options import Settings, storage_options
from vsearch.cli.output import note


@click.command()
@click.argument("study")
@click.argument("number", type=int)
@click.option("--reason", required=True, metavar="TEXT", help="Why, for the record.")
@storage_options
def exclude(study: str, number: int, reason: str, settings: Settings) -> None:
    """Take an ended trial out of its study: the sampler, the pruner, `best` and the budget pass over it.

    Its record stays, and `trial include` undoes it. The baseline and the paper's curves are trained again.
    """
    from vsearch import study as studies

    found = studies.open_study(study, settings).exclude(number, reason)
    note(f"excluded trial {number} of {study}; undo with: vsearch trial include {study} {number}")
    if found.trial(number).role != "search":
        note(f"its curve waits to be trained again; train here with: vsearch study run {study}")


@click.command()
@click.argument("study")
@click.argument("number", type=int)
@storage_options
def include(study: str, number: int, settings: Settings) -> None:
    """Take an excluded trial into its study again, as it was."""
    from vsearch import study as studies

    studies.open_study(study, settings).include(number)
    note(f"included trial {number} of {study} again")
