"""`vsearch storage`: preparing a database, and upgrading it."""

import click

from vsearch.cli.consent import confirm, yes_option
from vsearch.cli.options import Settings, make_home, storage_options
from vsearch.cli.output import note
from vsearch.errors import InputError, StorageError


@click.command("init")
@storage_options
def init(settings: Settings) -> None:
    """Make the tables of Optuna and of vsearch where they are missing; those that are there stay as they are."""
    from vsearch.storage import open_storage

    make_home(settings)
    storage = open_storage(settings.storage.value, retry_seconds=settings.retry_seconds)
    note(f"the storage is ready: {storage.location}")
    storage.close()


@click.command("upgrade")
@yes_option
@click.option("--force", is_flag=True, help="Also while workers hold trials.")
@storage_options
def upgrade(yes: bool, force: bool, settings: Settings) -> None:
    """Bring the tables of an older vsearch or Optuna to this version's; make a backup first, and stop all workers.

    An upgrade that broke off is completed by the same command.
    """
    from vsearch.storage.upgrade import Upgrade

    if settings.is_untouched:
        raise StorageError("there is no storage yet; make one with: vsearch storage init")
    planned = Upgrade(settings.storage.value, settings.retry_seconds)
    changes = planned.changes()
    if not changes:
        note(f"the storage has this version's tables already: {planned.location}")
        return
    holders = planned.holders()
    if holders and not force:
        raise InputError(
            f"workers hold trials of {planned.location} ({', '.join(holders[:8])}); let them end first, "
            "wait until their leases run out, or say --force"
        )
    note(f"{planned.location}: {', '.join(map(str, changes))}")
    if not yes:
        confirm("storage upgrade", "Is there a backup, and are all workers stopped?")
    planned.run()
    note(f"the storage is upgraded: {planned.location}")
