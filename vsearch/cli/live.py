"""Following a study with the eyes: drawn in place on a terminal, told in lines elsewhere, or as JSON for programs."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.live import Live

from vsearch.cli.output import note, print_json_line, timestamp
from vsearch.cli.pen import Pen
from vsearch.cli.planned_picture import planned_content
from vsearch.cli.study_picture import absence_line, study_picture, summary, trial_lines
from vsearch.reports.terminal import limits
from vsearch.search.following import Follower, Moment
from vsearch.search.trials import TrialResult

if TYPE_CHECKING:
    from vsearch.study import Study

REFRESH_SECONDS = 1.0
TICK_SECONDS = 0.2
"""Between two looks at the terminal's size."""


class Screen:
    """The picture of a study on a terminal, each in the place of the one before."""

    def __init__(self, pen: Pen, interval: float, *, is_whole: bool) -> None:
        self._pen = pen
        self._interval = interval
        # On the terminal's other screen, where it has no scroll-back to mar when its size changes.
        self._live = Live(console=pen.console, auto_refresh=False, transient=not is_whole, screen=is_whole)
        self._size = pen.console.size
        self._moment: Moment | None = None

    def __enter__(self) -> "Screen":
        self._live.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._live.stop()

    def show(self, moment: Moment) -> None:
        """Draw it."""
        self._moment, self._size = moment, self._pen.console.size
        away = [] if moment.absence is None else [absence_line(moment.absence, self._interval)]
        self._live.update(Group(*away, *study_picture(moment, self._pen)), refresh=True)

    def wait(self) -> None:
        """Wait until the next look; draw again meanwhile if the terminal's size changes."""
        end = time.monotonic() + self._interval
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(TICK_SECONDS, left))
            if self._moment is not None and self._pen.console.size != self._size:
                self.show(self._moment)

    def close(self, moment: Moment) -> None:
        """Leave the last picture where it can be scrolled back to."""
        self._pen.write(*study_picture(moment, self._pen))


class Lines:
    """A line for each trial that has ended and each change of the study's state, for a file or a pipe."""

    def __init__(self, pen: Pen, interval: float) -> None:
        self._pen = pen
        self._interval = interval
        self._told: set[int] | None = None
        self._state = ""
        self._is_away = False

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def know(self, moment: Moment) -> None:
        """Say nothing of what is so already."""
        self._told, self._state = {trial.number for trial in moment.trials if has_ended(trial)}, moment.state

    def show(self, moment: Moment) -> None:
        """Write what has changed; at first how it stands."""
        self._tell_absence(moment)
        if self._told is None:
            self._pen.write(f"{moment.spec.name} is {moment.state}: {summary(moment)}")
            self.know(moment)
            return
        span = limits(trial.scales for trial in moment.trials)
        for trial in moment.trials:
            if has_ended(trial) and trial.number not in self._told:
                self._told.add(trial.number)
                self._pen.write(*trial_lines(trial, self._pen, span))
        if moment.state != self._state:
            self._state = moment.state
            self._pen.write(f"{moment.spec.name} is {moment.state}: {summary(moment)}")

    def wait(self) -> None:
        """Wait until the next look."""
        time.sleep(self._interval)

    def close(self, moment: Moment) -> None:
        """Nothing more: the state was told."""

    def _tell_absence(self, moment: Moment) -> None:
        if (moment.absence is not None) != self._is_away:
            self._is_away = moment.absence is not None
            note("the database is back" if moment.absence is None else absence_line(moment.absence, self._interval))


class Objects(Lines):
    """A JSON object in a line whenever a trial, an epoch, a worker or the state has changed."""

    def __init__(self, pen: Pen, interval: float) -> None:
        super().__init__(pen, interval)
        self._last: object = None

    def show(self, moment: Moment) -> None:
        """Write it, if it has changed."""
        self._tell_absence(moment)
        key = (
            moment.state,
            moment.tally,
            moment.running_epochs,
            [(view.worker, view.state) for view in moment.workers],
        )
        if key != self._last:
            self._last = key
            print_json_line("watch", content(moment))


class LiveView:
    """Follows a study that this process has trained, on stderr."""

    def __init__(self, study: "Study") -> None:
        self._name, self._is_planned = study.spec.name, bool(study.spec.planned)
        self._follower = Follower(study.stored, study.settings.lease_seconds)
        self._drawn_at = 0.0
        pen = Pen(sys.stderr)
        if pen.is_live:
            self._view: Screen | Lines = Screen(pen, REFRESH_SECONDS, is_whole=False)
        else:
            self._view = Lines(pen, REFRESH_SECONDS)
            self._view.know(self._follower.look())

    def __enter__(self) -> "LiveView":
        self._view.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._view.__exit__()
        if kind is not None and issubclass(kind, KeyboardInterrupt | SystemExit):
            command = f"go on with: vsearch study run {self._name}"
            note(f"stopped; {'the same command goes on with it' if self._is_planned else command}")

    def update(self, study: "Study") -> None:  # noqa: ARG002
        """Show the study as it stands, at most once a second."""
        if time.monotonic() - self._drawn_at >= REFRESH_SECONDS:
            self._drawn_at = time.monotonic()
            self._view.show(self._follower.look())


def has_ended(trial: TrialResult) -> bool:
    """Whether nobody trains it and nobody will."""
    return trial.state not in ("waiting", "running")


def content(moment: Moment) -> dict[str, Any]:
    """A study as it stands, as JSON."""
    best = moment.best
    counts = {state: moment.count(state) for state in ("finished", "pruned", "failed", "excluded")}
    return {
        "at": timestamp(time.time()),
        "study": moment.spec.name,
        "state": moment.state,
        "is_over": moment.is_over,
        "trials": moment.spec.trials,
        **{"done": moment.tally.done, "running": moment.tally.running, "waiting": moment.tally.waiting, **counts},
        "progress": round(moment.done / moment.spec.trials, 6),
        "seconds_left": None if moment.seconds_left is None else round(moment.seconds_left, 1),
        "workers": [view._asdict() for view in moment.workers],
        "other_workers": moment.elsewhere,
        "best": None if best is None else {**best.trial.row(), "scales": list(best.trial.scales)},
        "baseline_accuracy": None if best is None or best.baseline is None else best.baseline.accuracy,
        "difference_points": None if best is None else best.difference,
        **planned_content(moment),
    }
