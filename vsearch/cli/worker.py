"""`vsearch worker`: train trials of stored studies on this machine; the group of the commands on workers."""

import os
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import click
from click.core import ParameterSource

from vsearch.cli.lazy import LazyGroup
from vsearch.cli.options import Settings, all_options, check_threads, make_home, parse_slots
from vsearch.errors import unknown_name


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
        "drain": ("vsearch.cli.worker_control:drain", "Let a worker put its trials back and end."),
    },
)
@_unless_a_command_follows
@click.option("--study", "studies", multiple=True, help="Serve this study; repeat. [default: every open study]")
@click.option(
    "--slots",
    default="auto",
    metavar="N",
    help="Trainings at the same time; auto: as many as a short measurement finds best. [default: auto]",
)
@click.option("--threads", type=int, help="CPU threads of each training. [default: found with the slots; 1 on a GPU]")
@click.option("--stay", is_flag=True, help="Wait for new studies instead of ending when all are done.")
@click.option("--download", is_flag=True, help="Fetch a data set that is missing.")
@click.option("--parent", type=int, hidden=True, help="End when this process has ended.")
@all_options
def worker(
    studies: tuple[str, ...],
    slots: str,
    threads: int | None,
    stay: bool,
    download: bool,
    parent: int | None,
    settings: Settings,
) -> int:
    """Take trials of open studies and train them, several at the same time; or list and drain the workers of all hosts.

    With --device all there is a worker for each GPU.

    SIGTERM, SIGUSR1 or Ctrl-C puts the trials in progress back, with their last finished epochs, and ends with 143, 138
    or 130. A database that goes away is waited for, and training goes on meanwhile.
    """
    count = parse_slots(slots)
    if threads is not None:
        check_threads(threads)
    storage = _storage_of(settings, studies)
    from vsearch.cli.logs import log_to_stderr
    from vsearch.reports.pictures import Painter
    from vsearch.training.allocator import keep_freed_memory
    from vsearch.worker.interrupts import Interrupts
    from vsearch.worker.presence import present
    from vsearch.worker.worker import Worker

    log_to_stderr()
    if settings.device.value == "all":
        return _serve_all(studies, slots, threads, stay, download, settings)
    _limit_threads()
    keep_freed_memory()
    with (
        Interrupts.installed(lambda: parent is None or os.getppid() == parent) as interrupts,
        present(settings.home_path / "workers") as name,
    ):
        refresh = Painter(name, interrupts.sleep).refresh
        serving = Worker(
            storage,
            settings,
            name,
            interrupts,
            names=studies,
            stays=stay,
            download=download,
            slots=count,
            threads=threads,
            refresh=refresh,
        )
        serving.serve()
        return interrupts.exit_code


def _serve_all(
    studies: Sequence[str], slots: str, threads: int | None, stay: bool, download: bool, settings: Settings
) -> int:
    """One worker process for each GPU."""
    from vsearch.worker.devices import DeviceWorkers, all_gpus
    from vsearch.worker.interrupts import Interrupts

    arguments = ["--slots", slots, *([] if threads is None else ["--threads", str(threads)])]
    arguments += [*(["--stay"] if stay else []), *(["--download"] if download else [])]
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


def _limit_threads() -> None:
    """One thread for what is computed outside of the slots, and none beside it."""
    import torch

    torch.set_num_threads(1)
    if torch.get_num_interop_threads() != 1:  # torch refuses to be told twice
        torch.set_num_interop_threads(1)
