"""The options of commands that train here: how many workers, with how many trainings each."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

import click

from vsearch.cli.options import Settings, check_threads, parse_slots
from vsearch.cli.output import note

if TYPE_CHECKING:
    from vsearch.study import Study
    from vsearch.worker.fleet import Crew

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--workers", type=int, help="Worker processes. [default: one per core; one on a GPU or with --slots]"),
    click.option(
        "--slots",
        metavar="N",
        help="Trainings at the same time in each worker; auto: as many as a short measurement finds best. "
        "[default: 1; auto on a GPU]",
    ),
    click.option(
        "--threads", type=int, help="CPU threads of each training. [default: 1; found with slots that are auto]"
    ),
    click.option("--download", is_flag=True, help="Fetch the data set if it is missing."),
)


class CrewFlags(NamedTuple):
    """What was said of the workers; None leaves it to the machine."""

    workers: int | None
    slots: int | Literal["auto"] | None
    threads: int | None
    download: bool

    def check(self, settings: Settings) -> "Crew":
        """Who will train, before anything is made.

        Raises:
            InputError: numbers out of their range, or no such device.
            DeviceError: this machine lacks it.
        """
        from vsearch.worker.fleet import check_workers, choose_crew

        if self.workers is not None:
            check_workers(self.workers)
        if self.threads is not None:
            check_threads(self.threads)
        check_device(settings)
        return choose_crew(settings.device.value, self.workers, self.threads, self.slots)

    def train(self, study: "Study") -> None:
        """Train all that a study has queued, with its picture on stderr."""
        from vsearch.cli.live import LiveView

        with LiveView(study) as view:
            study.train(
                workers=self.workers,
                slots=self.slots,
                threads=self.threads,
                download=self.download,
                watch=view.update,
            )


def crew_options(function: F) -> F:
    """Give a command these options, and hand it `crew: CrewFlags`."""

    @wraps(function)
    def with_crew(
        *, workers: int | None, slots: str | None, threads: int | None, download: bool, **arguments: Any
    ) -> Any:
        given: int | Literal["auto"] | None = None if slots is None else parse_slots(slots) or "auto"
        return function(crew=CrewFlags(workers, given, threads, download), **arguments)

    decorated: Any = with_crew
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


def check_device(settings: Settings) -> None:
    """Refuse a GPU that is not there before a study is made; other devices need no torch to be known.

    Raises:
        InputError: no device has that name.
        DeviceError: this machine lacks it.
    """
    if settings.device.value not in ("auto", "cpu"):
        from vsearch.training.device import choose_device

        choose_device(settings.device.value)


def warn_of_threads(crew: "Crew", settings: Settings) -> None:
    """Say on stderr that more threads than cores train more slowly."""
    from vsearch.worker.fleet import core_count, is_gpu

    if is_gpu(settings.device.value):
        return
    cores = core_count()
    # Each worker that looks for its slots finds as many as if it were alone.
    each = cores if crew.slots == "auto" else int(crew.slots) * (crew.threads or 1)
    if crew.workers * each > cores:
        note(
            f"warning: {crew.workers * each} threads ({crew.workers} workers of {each}) on {cores} cores "
            "train more slowly than one thread per core"
        )
