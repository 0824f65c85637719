"""`vsearch storage`: preparing a database."""

import click

from vsearch.cli.options import Settings, make_home, storage_options
from vsearch.cli.output import note


@click.command("init")
@storage_options
def init(settings: Settings) -> None:
    """Make the tables of Optuna and of vsearch where they are missing; those that are there stay as they are."""
    from vsearch.storage import open_storage

    make_home(settings)
    storage = open_storage(settings.storage.value, retry_seconds=settings.retry_seconds)
    note(f"the storage is ready: {storage.location}")
    storage.close()
