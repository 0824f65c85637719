"""`vsearch worker`: train trials of stored studies on this machine; the group of the commands on workers."""

import os
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import click
from click.core import ParameterSource

from vsearch.cli.lazy import LazyGroup
from vsearch.cli.options import Settings, all_options, make_home
from vsearch.errors import InputError, unknown_name


def _unless_a_command_follows(function: Callable[..., int]) -> Callable[..., int]:
    """Leave the work to the command that stands after `worker`, which takes none of the options before it."""

    @wraps(function)
    def work(**arguments: Any) -> int:
        context = click.get_current_context()
        command = context.invoked_subcommand
        if command is None:
            return function(**arguments)
        for parameter in context.command.params:
            if context.get_parameter_source(parameter.name or "") == ParameterSource.COMMANDLINE:
                context.fail(f"{parameter.opts[0]} stands before {command!r}; options of a command come after it")
        return 0

    return work


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    lazy={
        "list": (
            "vsearch.cli.worker_control:list_workers",
            "Every worker: host, device, what it trains, last progress.",
        ),
        "drain": ("vsearch.cli.worker_control:drain", "Let a worker put its trial back and end."),
    },
)
@_unless_a_command_follows
@click.option("--study", "studies", multiple=True, help="Serve this study; repeat. [default: every open study]")
@click.option("--threads", type=int, default=1, show_default=True, help="CPU threads.")
@click.option("--stay", is_flag=True, help="Wait for new studies instead of ending when all are done.")
@click.option("--download", is_flag=True, help="Fetch a data set that is missing.")
@click.option("--parent", type=int, hidden=True, help="End when this process has ended.")
@all_options
def worker(
    studies: tuple[str, ...], threads: int, stay: bool, download: bool, parent: int | None, settings: Settings
) -> int:
    """Take trials of open studies, one after another, and train them; or list and drain the workers of all hosts.

    With --device all there is a worker for each GPU.

    SIGTERM, SIGUSR1 or Ctrl-C puts the trial in progress back, with its last finished epoch, and ends with 143, 138 or
    130. A database that goes away is waited for, and training goes on meanwhile.
    """
    if not 1 <= threads <= 1024:
        raise InputError(f"threads is {threads}; give 1 to 1024")
    storage = _storage_of(settings, studies)
    from vsearch.cli.logs import log_to_stderr
    from vsearch.reports.pictures import Painter
    from vsearch.training.allocator import keep_freed_memory
    from vsearch.worker.interrupts import Interrupts
    from vsearch.worker.presence import present
    from vsearch.worker.worker import Worker

    log_to_stderr()
    if settings.device.value == "all":
        return _serve_all(studies, threads, stay, download, settings)
    _limit_threads(threads)
    keep_freed_memory()
    with (
        Interrupts.installed(lambda: parent is None or os.getppid() == parent) as interrupts,
        present(settings.home_path / "workers") as name,
    ):
        refresh = Painter(name, interrupts.sleep).refresh
        serving = Worker(
            storage, settings, name, interrupts, names=studies, stays=stay, download=download, refresh=refresh
        )
        serving.serve()
        return interrupts.exit_code


def _serve_all(studies: Sequence[str], threads: int, stay: bool, download: bool, settings: Settings) -> int:
    """One worker process for each GPU."""
    from vsearch.worker.devices import DeviceWorkers, all_gpus
    from vsearch.worker.interrupts import Interrupts

    arguments = ["--threads", str(threads), *(["--stay"] if stay else []), *(["--download"] if download else [])]
    for study in studies:
        arguments += ["--study", study]
    with Interrupts.installed() as interrupts:
        return DeviceWorkers(all_gpus(), arguments, settings).serve(interrupts)


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
