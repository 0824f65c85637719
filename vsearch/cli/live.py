"""The live view of a running study: a bar, the best curve against the baseline, the time left."""

import time
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from vsearch.cli.output import duration, note, percent, plain, points
from vsearch.errors import VsearchError
from vsearch.reports.sparkline import sparkline
from vsearch.search.ranking import Best, best
from vsearch.search.trials import TrialResult
from vsearch.study import Study

REFRESH_SECONDS = 1.0


class LiveView:
    """Follows a study on stderr: in place on a terminal, as a line per ended trial elsewhere."""

    def __init__(self, study: Study) -> None:
        self._spec = study.spec
        self._console = Console(stderr=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._begun = time.monotonic()
        self._drawn_at = 0.0
        self._done_before: float | None = None
        self._told = {trial.number for trial in study.trials() if _has_ended(trial)}

    def __enter__(self) -> "LiveView":
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()
        if kind is not None and issubclass(kind, KeyboardInterrupt | SystemExit):
            note(f"stopped; go on with: vsearch study run {self._spec.name}")

    def update(self, study: Study) -> None:
        """Draw the study as it stands, at most once a second."""
        if time.monotonic() - self._drawn_at < REFRESH_SECONDS:
            return
        self._drawn_at = time.monotonic()
        trials = study.trials()
        if self._console.is_terminal:
            self._live.update(self._picture(trials), refresh=True)
        for trial in trials:
            if _has_ended(trial) and trial.number not in self._told:
                self._told.add(trial.number)
                if not self._console.is_terminal:
                    note(trial_line(trial))

    def _picture(self, trials: list[TrialResult]) -> Group:
        done = _done(trials, self._spec.epochs)
        if self._done_before is None:
            self._done_before = done
        head = Table.grid(padding=(0, 2))
        counts = {state: sum(trial.state == state for trial in trials) for state in ("finished", "pruned", "failed")}
        head.add_row(
            Text(self._spec.name, style="bold"),
            ProgressBar(total=self._spec.trials, completed=min(done, self._spec.trials), width=30),
            f"{counts['finished'] + counts['pruned']} of {self._spec.trials} trials",
            f"{counts['pruned']} pruned, {counts['failed']} failed",
            f"left {self._time_left(done)}",
        )
        running = [trial for trial in trials if trial.state == "running"]
        lines = [Text(f"  trial {t.number}: epoch {t.epochs} of {self._spec.epochs}", style="dim") for t in running]
        return Group(head, *lines, *self._best_lines(trials))

    def _best_lines(self, trials: list[TrialResult]) -> list[Text]:
        try:
            found: Best = best(trials)
        except VsearchError:
            return [Text("  no trial has finished yet", style="dim")]
        picture = sparkline(found.trial.scales)
        difference = points(found.difference)
        return [
            Text(plain(f"  best  {picture}  {percent(found.trial.accuracy)}  {found.trial.curve}"), style="green"),
            Text(f"        {difference} points against the baseline (a search score, not confirmed)", style="dim"),
        ]

    def _time_left(self, done: float) -> str:
        gained = done - (self._done_before or 0.0)
        if gained < 1:
            return "…"
        return duration((self._spec.trials - done) * (time.monotonic() - self._begun) / gained)


def trial_line(trial: TrialResult) -> str:
    """One line on an ended trial."""
    role = "" if trial.role == "search" else f" ({trial.role})"
    detail = f": {trial.detail}" if trial.detail and trial.state == "failed" else ""
    word = trial.state if trial.state == "excluded" else trial.reason or trial.state
    return (
        f"trial {trial.number:>3} {word:<9} {percent(trial.accuracy):>8} "
        f"after {trial.epochs:>3} epochs  {sparkline(trial.scales) if trial.scales else ''}  "
        f"{trial.curve}{role}{detail}"
    )


def _has_ended(trial: TrialResult) -> bool:
    return trial.state not in ("waiting", "running")


def _done(trials: list[TrialResult], epochs: int) -> float:
    """Trials done, the running ones counted by their epochs."""
    whole = sum(trial.state in ("finished", "pruned") for trial in trials)
    return whole + sum(trial.epochs / epochs for trial in trials if trial.state == "running")
