"""`vsearch worker`: train trials of stored studies on this machine."""

import logging
import os
from collections.abc import Sequence
from typing import Any

import click

from vsearch.cli.options import Settings, all_options, make_home
from vsearch.errors import InputError, unknown_name


@click.command()
@click.option("--study", "studies", multiple=True, help="Serve this study; repeat. [default: every open study]")
@click.option("--threads", type=int, default=1, show_default=True, help="CPU threads.")
@click.option("--stay", is_flag=True, help="Wait for new studies instead of ending when all are done.")
@click.option("--download", is_flag=True, help="Fetch a data set that is missing.")
@click.option("--parent", type=int, hidden=True, help="End when this process has ended.")
@all_options
def worker(
    studies: tuple[str, ...], threads: int, stay: bool, download: bool, parent: int | None, settings: Settings
) -> int:
    """Take trials of open studies, one after another, and train them.

    SIGTERM, SIGUSR1 or Ctrl-C puts the trial in progress back, with its last finished epoch, and ends with 143, 138 or
    130. A database that goes away is waited for, and training goes on meanwhile.
    """
    if not 1 <= threads <= 1024:
        raise InputError(f"threads is {threads}; give 1 to 1024")
    storage = _storage_of(settings, studies)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("vsearch").setLevel(logging.INFO)
    from vsearch.training.allocator import keep_freed_memory
    from vsearch.worker.interrupts import Interrupts
    from vsearch.worker.presence import present
    from vsearch.worker.worker import Worker

    _limit_threads(threads)
    keep_freed_memory()
    with (
        Interrupts.installed(lambda: parent is None or os.getppid() == parent) as interrupts,
        present(settings.home_path / "workers") as name,
    ):
        Worker(storage, settings, name, interrupts, names=studies, stays=stay, download=download).serve()
        return interrupts.exit_code


def _storage_of(settings: Settings, studies: Sequence[str]) -> Any:
    """The storage, if the studies are there; before torch is loaded, so that a wrong name is told at once."""
    from vsearch.search.stored import open_study
    from vsearch.storage import open_storage

    if studies and settings.is_untouched:
        raise unknown_name("study", studies[0], [])
    make_home(settings)
    storage = open_storage(settings.storage.value, create=not studies, retry_seconds=settings.retry_seconds)
    for study in studies:
        open_study(storage, study)
    return storage


def _limit_threads(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)
    if torch.get_num_interop_threads() != 1:  # torch refuses to be told twice
        torch.set_num_interop_threads(1)
