"""The trials that a worker trains at the same time, each in a slot for every one of its seeds."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import dataclass, field

from vsearch.errors import LeaseLost, StorageAway
from vsearch.search.claims import Claim, put_back
from vsearch.search.damage import DamagedRow
from vsearch.search.stored import StoredStudy
from vsearch.training.graphed import free_memory
from vsearch.training.slots import Slots
from vsearch.worker.attempt import Crowded, TrialAttempt
from vsearch.worker.interrupts import Interrupts, Stopped
from vsearch.worker.layouts import Layouts
from vsearch.worker.logtail import LogTail
from vsearch.worker.outcome import Outcome
from vsearch.worker.replicates import Trained
from vsearch.worker.workplace import Workplace

log = logging.getLogger("vsearch.worker")


@dataclass
class InTraining:
    """Keeps claimed trials going; what breaks one of them off leaves the others alone.

    Args:
        layouts: how many trainings the device takes at the same time.
        tail: the last lines of the log, kept with a trial that failed.
        longest_outage: seconds to wait for a database that went away.
        pass_over: told of a study with a row that cannot be read; it may raise the error, which ends the worker.
    """

    layouts: Layouts
    interrupts: Interrupts
    tail: LogTail
    longest_outage: float
    pass_over: Callable[[StoredStudy, DamagedRow], None]
    _attempts: list[TrialAttempt] = field(default_factory=list)
    _slots: Slots | None = None

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._attempts)

    @property
    def trainings(self) -> int:
        """The slots that are taken."""
        return sum(len(attempt.claim.seeds) for attempt in self._attempts)

    @property
    def is_full(self) -> bool:
        """Whether the device takes no more beside what it trains."""
        return bool(self._attempts) and self.trainings >= self.layouts.of(self._attempts[0].workplace).slots

    @property
    def pending(self) -> set[Future[Trained]]:
        """What is worth waiting for."""
        return set().union(*(attempt.pending for attempt in self._attempts))

    @property
    def is_busy(self) -> bool:
        """Whether an epoch is being trained."""
        return any(not attempt.is_idle for attempt in self._attempts)

    @property
    def has_news(self) -> bool:
        """Whether an epoch is over that was not looked at yet."""
        return any(not attempt.is_idle and not attempt.pending for attempt in self._attempts)

    def slots_for(self, workplace: Workplace) -> Slots | None:
        """The slots for a trial of that workplace; None while the device has no room for it.

        Trainings that want other threads, or whose number is to be measured first, wait until no other is there.
        """
        if self._attempts and not self.layouts.is_known(workplace):
            return None
        layout = self.layouts.of(workplace)
        slots = self._slots
        if self._attempts:
            has_room = slots is not None and slots.threads == layout.threads and slots.count >= layout.slots
            return slots if has_room and self.trainings < layout.slots else None
        if slots is not None and (slots.count, slots.threads) == layout:
            return slots
        self._close_slots()
        self._slots = Slots(layout.slots, layout.threads)
        return self._slots

    def add(self, study: StoredStudy, claim: Claim, workplace: Workplace, slots: Slots) -> None:
        """Begin with a trial that was claimed for these slots."""
        log.info("trial %d of %s: %s", claim.number, study.name, claim.curve)
        self._attempts.append(
            TrialAttempt(
                study,
                claim,
                workplace,
                slots,
                self.interrupts,
                self.tail,
                self.longest_outage,
                is_alone=lambda: len(self._attempts) < 2,
            )
        )

    def go_on(self) -> list[tuple[StoredStudy, Outcome]]:
        """Do all that can be done now for every trial; gives those that ended, which may wait for another attempt.

        Raises:
            BaseException: what must end the worker; that trial was put back.
        """
        ended = []
        for attempt in list(self._attempts):
            outcome = self._go_on_with(attempt)
            if outcome is not None:
                ended.append((attempt.study, outcome))
        return ended

    def put_all_back(self) -> None:
        """Let all go: first write their last finished epochs, then tell the database, as there may be little time."""
        detail = "the worker is drained" if self.interrupts.is_drained else ""
        for attempt in self._attempts:
            attempt.ask_to_stop()
        is_away = any(attempt.claim.lease.patience.seconds_away for attempt in self._attempts)
        for work in (self._stop, lambda attempt: self._put_back(attempt, detail)):
            for attempt in self._attempts:
                with attempt.study.storage.patience(0.0) if is_away else nullcontext():
                    is_away = not work(attempt) or is_away
        self._attempts.clear()
        self._close_slots()

    def _go_on_with(self, attempt: TrialAttempt) -> Outcome | None:
        claim, name = attempt.claim, attempt.study.name
        try:
            outcome = attempt.turn()
        except LeaseLost as error:
            self._attempts.remove(attempt)
            attempt.drop()
            log.warning("trial %d of %s: %s", claim.number, name, error)
            return None
        except BaseException as error:
            self._attempts.remove(attempt)
            self._stop(attempt)
            self._put_back(attempt, str(error) if isinstance(error, Stopped) else "its worker ended")
            if isinstance(error, Crowded):
                self._make_room(attempt)
            elif isinstance(error, DamagedRow):
                self.pass_over(attempt.study, error)
            elif not isinstance(error, Stopped | StorageAway):  # of an absence its worker knows, and for how long
                raise
            return None
        if outcome is not None:
            self._attempts.remove(attempt)
            log.info("trial %d of %s %s %s", claim.number, name, outcome.reason, outcome.detail)
        return outcome

    def _make_room(self, attempt: TrialAttempt) -> None:
        free_memory()
        # Neighbours may have ended since; others keep memory though they are between two epochs.
        at_once = max(attempt.most_at_once, min(attempt.slots.count, self.trainings + 1))
        slots = self.layouts.lower(attempt.workplace, at_once - 1)
        attempt.slots.lower(slots)
        log.warning("out of memory with %d trainings at once; going on with %d", at_once, slots)

    def _stop(self, attempt: TrialAttempt) -> bool:
        """End its training, with its last finished epoch in a checkpoint; False if the database is away."""
        return self._is_there(attempt, attempt.stop)

    def _put_back(self, attempt: TrialAttempt, detail: str) -> bool:
        """Let it wait again, if the database still knows it as ours; False if the database is away."""
        return self._is_there(
            attempt, lambda: put_back(attempt.study, attempt.claim, "preempted", detail), "waits again"
        )

    def _is_there(self, attempt: TrialAttempt, work: Callable[[], object], done: str = "") -> bool:
        claim, name = attempt.claim, attempt.study.name
        try:
            work()
        except (LeaseLost, StorageAway) as error:
            log.warning("trial %d of %s: %s", claim.number, name, error)
            return not isinstance(error, StorageAway)
        if done:
            log.info("trial %d of %s %s", claim.number, name, done)
        return True

    def _close_slots(self) -> None:
        if self._slots is not None:
            self._slots.close()
            self._slots = None
