"""A worker: trains trials of open studies on one device, as many at the same time as keep it busy."""

import logging
import os
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from contextlib import suppress
from dataclasses import dataclass

from vsearch.errors import StorageError
from vsearch.search.damage import DamagedRow
from vsearch.search.patience import Patience
from vsearch.search.stored import StoredStudy
from vsearch.settings import Settings
from vsearch.storage import Storage
from vsearch.storage.checkpoints import open_store
from vsearch.training.device import choose_device
from vsearch.training.graphed import free_memory
from vsearch.worker.in_training import InTraining
from vsearch.worker.interrupts import Interrupts, Stopped
from vsearch.worker.layouts import Layouts
from vsearch.worker.logtail import log_tail
from vsearch.worker.studies import ServedStudies
from vsearch.worker.workplace import Workplace, device_name, set_up

log = logging.getLogger("vsearch.worker")

CALL_SECONDS = 5.0
"""A call waits so long for a database that is away before the worker looks whether it was asked to stop."""
IDLE_SECONDS = 1.0
"""Between two looks for a trial, and at what was asked of the worker."""
BEAT_SECONDS = 10.0
"""Between two signs of life."""
ELSEWHERE_SECONDS = 5.0
"""After running out of memory, so that a worker with more of it may take the trial."""


@dataclass
class Worker:
    """Serves studies until nothing is left to do, or until it is asked to stop.

    All that concerns the database is done by the thread that calls `serve`; epochs are trained by the slots' threads.

    Args:
        names: the studies to serve; empty: every open study of the storage.
        stays: wait for new studies where others would end.
        download: fetch a data set that is missing.
        slots: trainings at the same time; None: as many as a short measurement finds best.
        threads: of the CPU for each; None: likewise.
        refresh: keeps a study's pictures up to date; called after each trial, and now and then.
        set_up: makes a study's workplace, with the arguments of `vsearch.worker.workplace.set_up`.
    """

    storage: Storage
    settings: Settings
    name: str
    interrupts: Interrupts
    names: Sequence[str] = ()
    stays: bool = False
    download: bool = False
    slots: int | None = 1
    threads: int | None = 1
    refresh: Callable[[StoredStudy], object] = lambda _: None
    set_up: Callable[..., Workplace] = set_up
    _ended: int = 0
    _next_beat: float = 0.0
    _next_claim: float = 0.0

    def serve(self) -> int:
        """Train until nothing is left; gives the number of trials that ended here.

        Raises:
            VsearchError: the device, the data or the storage cannot be used: for a worker that serves any study, the
                images of every open one. No trial is left half taken.
        """
        device = choose_device(self.settings.device.value)
        checkpoints = open_store(self.settings.checkpoints.value, self.storage)
        self._patience = Patience(self.storage)
        self._studies = ServedStudies(
            self.storage,
            self.settings,
            self.names,
            self.name,
            device,
            checkpoints,
            self._patience,
            self.interrupts,
            self.download,
            self.set_up,
        )
        self.storage.enter_worker(self.name, socket.gethostname(), os.getpid(), device_name(device))
        log.info("worker %s on %s", self.name, device)
        call_seconds = min(CALL_SECONDS, self.settings.retry_seconds)
        layouts = Layouts(self.settings.home_path, self.slots, self.threads)
        outage = self.settings.outage_seconds
        try:
            with log_tail() as tail, self.storage.patience(call_seconds):
                self._training = InTraining(layouts, self.interrupts, tail, outage, self._studies.pass_over)
                self._train_until_over()
        finally:
            self._leave()
        if self._studies.unusable and not self._ended and self.interrupts.may_go_on():
            raise next(iter(self._studies.unusable.values()))
        return self._ended

    def _train_until_over(self) -> None:
        try:
            while self.interrupts.may_go_on() and self._turn():
                pass
        except Stopped:
            pass
        finally:
            self._training.put_all_back()

    def _turn(self) -> bool:
        """Do all that can be done now, and wait until there is more; False where nothing is left to do."""
        self._go_on()
        found = self._patience.call(self._look_for_work) if self._patience.is_worth_a_call else None
        if found == "over":
            return False
        self._endure()
        if found != "claimed":
            self._wait()
        return True

    def _look_for_work(self) -> str:
        """Give a sign of life if it is time for one, and fill one slot: `claimed`, `over`, or `none`."""
        has_beaten = self._beat()
        if not self.interrupts.may_go_on():  # drained: by that beat, or by the lease of a trial that was put back
            return "none"
        if not has_beaten and (self._training.is_full or time.monotonic() < self._next_claim):
            return "none"
        studies = self._studies.current()
        if has_beaten:
            for study in studies:
                self._refresh(study)
        if self._training.is_full:
            return "none"
        if any(self._has_claimed(study) for study in studies):
            return "claimed"
        self._next_claim = time.monotonic() + IDLE_SECONDS
        is_over = not self._training and not self.stays and all(map(self._studies.is_over, studies))
        return "over" if is_over else "none"

    def _beat(self) -> bool:
        if time.monotonic() < self._next_beat and not self._patience.seconds_away:
            return False
        if self.storage.beat_worker(self.name) == "drain":
            self.interrupts.drain()
        self._next_beat = time.monotonic() + BEAT_SECONDS
        return True

    def _has_claimed(self, study: StoredStudy) -> bool:
        """Fill a slot with a trial of the study, if it has one; its images are there before it is taken."""
        try:
            if not self._studies.has_work(study) or (workplace := self._studies.workplace(study)) is None:
                return False
            slots = self._training.slots_for(workplace)
            if slots is None or (claim := self._studies.claim(study)) is None:
                return False
        except DamagedRow as error:
            if study.study_id in (other.study_id for other in self._studies.current()):  # else it was deleted meanwhile
                self._studies.pass_over(study, error)
            return False
        self._training.add(study, claim, workplace, slots)
        return True

    def _go_on(self) -> None:
        """Let every trial in training go on."""
        for study, outcome in self._training.go_on():
            self._ended += outcome.state.is_finished()
            self._next_claim = 0.0
            if outcome.reason == "out-of-memory":
                free_memory()
                self._next_claim = time.monotonic() + ELSEWHERE_SECONDS
            self._refresh(study)

    def _endure(self) -> None:
        """Let a database that stays away for too long end the worker, once it has nothing left to train."""
        away = self._patience.seconds_away
        if not self._training.is_busy and away > self.settings.outage_seconds and self._patience.error is not None:
            raise self._patience.error

    def _wait(self) -> None:
        """Wait for the next finished epoch, for a moment at most."""
        if self._training.has_news:
            return
        pending = self._training.pending
        with self.interrupts.breakable():
            if pending:
                wait(pending, IDLE_SECONDS, FIRST_COMPLETED)
            else:
                time.sleep(IDLE_SECONDS)

    def _refresh(self, study: StoredStudy) -> None:
        with suppress(Stopped):  # `serve` asks for it
            self.refresh(study)

    def _leave(self) -> None:
        try:
            with self.storage.patience(0.0):
                self.storage.leave_worker(self.name)
        except StorageError as error:
            log.warning("%s", error)
