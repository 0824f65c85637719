"""Following a study that others work on: little is read while nothing ends, and an absent database is waited for."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import NamedTuple

from vsearch.errors import StorageAway, VsearchError
from vsearch.search import attributes
from vsearch.search.budget import is_exhausted
from vsearch.search.pace import Pace, pace_of
from vsearch.search.ranking import Best, best
from vsearch.search.stored import StoredStudy, refreshed
from vsearch.search.trials import TrialResult, trial_results
from vsearch.search.workers import WorkerView, views_of
from vsearch.spec.study import StudySpec
from vsearch.storage import leases, queries, workers
from vsearch.storage.exclusions import Event
from vsearch.storage.leases import LeaseRow
from vsearch.storage.queries import Tally
from vsearch.storage.workers import WorkerRow

SLOW_SECONDS = 0.5
REST = 4.0
"""Reading the trials that takes longer than that is followed by a rest of so many times its duration."""


class Absence(NamedTuple):
    """A database that does not answer."""

    seconds: float
    """Since it last did."""
    reason: str


@dataclass(frozen=True)
class Moment:
    """A study as it stands."""

    spec: StudySpec
    state: str
    """`open`, `stopped`, `paused`, `cancelled`; `done` or `failed` where no trial can begin any more."""
    is_over: bool
    """No trial runs, and none will unless a person changes something; a paused study only waits."""
    tally: Tally
    running: tuple[LeaseRow, ...]
    workers: tuple[WorkerView, ...]
    """Those that hold a trial of the study."""
    elsewhere: dict[str, int]
    """The number of the other workers of the storage by their state."""
    trials: tuple[TrialResult, ...]
    """As they were when a trial last ended."""
    events: tuple[Event, ...]
    best: Best | None
    seconds_left: float | None
    """None if nobody trains, or the pace is not known."""
    absence: Absence | None = None
    """The database is away, and this is how it was."""

    @property
    def done(self) -> float:
        """Trials that are done, the running ones counted by their epochs."""
        return self.tally.done + sum(min(lease.epoch / self.spec.epochs, 1.0) for lease in self.running)

    @property
    def running_epochs(self) -> dict[int, int]:
        """The finished epochs of each running trial."""
        return {lease.number: lease.epoch for lease in self.running}

    def count(self, state: str) -> int:
        """The number of trials of a state that a person did not cancel."""
        return sum(trial.state == state and trial.reason != "cancelled" for trial in self.trials)


class _Look(NamedTuple):
    """What is read each time."""

    state: str
    tally: Tally
    leases: list[LeaseRow]
    workers: list[WorkerRow]


class Follower:
    """Looks at a study again and again, without more than four small statements while no trial begins or ends."""

    def __init__(self, study: StoredStudy, lease_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._study = study
        self._lease_seconds = lease_seconds
        self._clock = clock
        self._pace = Pace(clock)
        self._known: tuple[str, Tally] | None = None
        self._moment: Moment | None = None
        self._there_at = clock()
        self._read_at, self._read_seconds = 0.0, 0.0

    def look(self) -> Moment:
        """The study now; while the database is away, as it was, with `absence`.

        Raises:
            StorageAway: the database is away at the first look.
            StorageError: it is there and refuses.
            InputError: the study is gone.
        """
        try:
            # At first as patient as any command; later there is something to show meanwhile.
            with nullcontext() if self._moment is None else self._study.storage.patience(0.0):
                self._moment = self._look()
        except StorageAway as error:
            if self._moment is None:
                raise
            return replace(self._moment, absence=Absence(self._clock() - self._there_at, str(error)))
        self._there_at = self._clock()
        return self._moment

    def _look(self) -> Moment:
        seen, before = _look(self._study), self._moment
        if before is None or (self._may_read() and self._is_news(seen, before)):
            begun = self._clock()
            before, self._known = self._read(seen), (seen.state, seen.tally)
            self._read_at, self._read_seconds = self._clock(), self._clock() - begun
        running = tuple(seen.leases)
        views = views_of(seen.workers, running, {self._study.study_id: before.spec.name}, self._lease_seconds)
        moment = replace(
            before,
            tally=seen.tally,
            running=running,
            workers=tuple(view for view in views if view.trials),
            elsewhere=dict(Counter(view.state for view in views if not view.trials)),
        )
        self._pace.see(moment.done)
        return replace(moment, seconds_left=self._seconds_left(moment))

    def _is_news(self, seen: _Look, before: Moment) -> bool:
        """Whether a trial began or ended, or a person did something; of a new budget only the spec tells."""
        has_changed = (seen.state, seen.tally) != self._known
        return has_changed or (before.is_over and refreshed(self._study).spec != before.spec)

    def _may_read(self) -> bool:
        """Whether the trials of a large study were not read just now."""
        is_slow = self._read_seconds > SLOW_SECONDS
        return not is_slow or self._clock() - self._read_at >= REST * self._read_seconds

    def _read(self, seen: _Look) -> Moment:
        """The trials and what follows from them, since their numbers have changed."""
        self._study = refreshed(self._study)
        spec, trials = self._study.spec, tuple(trial_results(self._study))
        try:  # of a plan no single training is the best: they are compared in pairs
            found = None if spec.planned else best(list(trials))
        except VsearchError:
            found = None
        events = tuple(self._study.storage.events(self._study.study_id))
        moment = Moment(spec, seen.state, False, seen.tally, (), (), {}, trials, events, found, None)
        state, is_over = self._state(moment)
        return replace(moment, state=state, is_over=is_over)

    def _state(self, moment: Moment) -> tuple[str, bool]:
        if moment.state != "open":
            return moment.state, moment.state != "paused" and not moment.tally.running
        if moment.tally.running or not is_exhausted(self._study):
            return "open", False
        return "failed" if moment.count("failed") >= moment.spec.max_failed else "done", True

    def _seconds_left(self, moment: Moment) -> float | None:
        pace = self._pace.per_second or pace_of(moment.trials)
        if pace is None or not moment.running or moment.state != "open":
            return None
        return max(moment.spec.trials - moment.done, 0.0) / pace


def _look(study: StoredStudy) -> _Look:
    """Four statements in one transaction, whose time does not grow with the trials that have ended."""
    number = study.study_id
    return study.storage.in_transaction(
        lambda connection: _Look(
            queries.study_attr(connection, number, attributes.STATE) or "open",
            queries.tally(connection, number),
            leases.running(connection, number),
            workers.all_workers(connection),
        )
    )
