"""`vsearch study stop`, `resume` and `delete`."""

import sys

import click

from vsearch.cli.options import Settings, storage_options
from vsearch.cli.output import note
from vsearch.errors import InputError


@click.command()
@click.argument("study")
@storage_options
def stop(study: str, settings: Settings) -> None:
    """Let running trials end, and begin no more."""
    from vsearch import study as studies

    studies.open_study(study, settings).stop()
    note(f"stopped {study}: running trials end, no new one begins; undo with: vsearch study resume {study}")


@click.command()
@click.argument("study")
@click.option("--trials", type=int, help="A new number of finished and pruned trials.")
@click.option("--max-epochs", type=int, help="A new limit of epochs over all trials.")
@click.option("--max-device-hours", type=float, help="A new limit of hours that workers train.")
@click.option("--max-failed", type=int, help="A new number of failed trials after which it ends.")
@storage_options
def resume(study: str, settings: Settings, **budget: float | None) -> None:
    """Let workers take trials of a study again, with another budget if you like."""
    from vsearch import study as studies

    given = {name: value for name, value in budget.items() if value is not None}
    found = studies.open_study(study, settings).resume(**given)
    note(f"{study} is open with {found.spec.trials} trials; train here with: vsearch study run {study}")


@click.command()
@click.argument("study")
@click.option("--yes", is_flag=True, help="Do not ask.")
@storage_options
def delete(study: str, yes: bool, settings: Settings) -> None:
    """Remove a study and its trials for good."""
    from vsearch import study as studies

    found = studies.open_study(study, settings)
    if not yes:
        _confirm(study, len(found.trials()))
    found.delete()
    note(f"deleted {study}")


def _confirm(study: str, trials: int) -> None:
    if not sys.stdin.isatty():
        raise InputError(f"delete {study} asks first, and nobody can answer here; say --yes")
    if not click.confirm(f"Delete {study} and its {trials} trials?", err=True):
        raise click.Abort
