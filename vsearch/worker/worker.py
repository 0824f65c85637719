"""A worker: takes trials of open studies, one after another, and trains them on one device."""

import logging
import os
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from vsearch.errors import DataError, InputError, LeaseLost, StorageAway, StorageError, VsearchError
from vsearch.search.budget import is_exhausted
from vsearch.search.claims import Claim, claim_trial, put_back
from vsearch.search.damage import DamagedRow, reading
from vsearch.search.stored import StoredStudy, open_study, refreshed
from vsearch.settings import Settings
from vsearch.spec.study import StudySpec
from vsearch.storage import Storage
from vsearch.storage.checkpoints import open_store
from vsearch.training.device import choose_device
from vsearch.worker.attempt import TrialAttempt
from vsearch.worker.interrupts import Interrupts, Stopped
from vsearch.worker.logtail import log_tail
from vsearch.worker.presence import put_back_orphans
from vsearch.worker.workplace import Workplace, device_name, set_up

log = logging.getLogger("vsearch.worker")

IDLE_SECONDS = 1.0
BEAT_SECONDS = 10.0
"""Between two signs of life of a worker that trains nothing."""
CALL_SECONDS = 5.0
"""A call waits so long for a database that is away before the worker looks whether it was asked to stop."""
ELSEWHERE_SECONDS = 5.0
"""After running out of memory, so that a worker with more of it may take the trial."""


@dataclass
class Worker:
    """Serves studies until nothing is left to do, or until it is asked to stop.

    Args:
        names: the studies to serve; empty: every open study of the storage.
        stays: wait for new studies where others would end.
        download: fetch a data set that is missing.
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
    refresh: Callable[[StoredStudy], object] = lambda _: None
    set_up: Callable[..., Workplace] = set_up
    _opened: dict[str, StoredStudy] = field(default_factory=dict)
    _workplaces: dict[StudySpec, Workplace] = field(default_factory=dict)
    _unusable: dict[int, VsearchError] = field(default_factory=dict)
    _next_beat: float = 0.0
    _away_since: float | None = None

    def serve(self) -> int:
        """Train until nothing is left; gives the number of trials that ended here.

        Raises:
            VsearchError: the device, the data or the storage cannot be used: for a worker that serves any study, the
                images of every open one. No trial is left half taken.
        """
        device = choose_device(self.settings.device.value)
        self._checkpoints = open_store(self.settings.checkpoints.value, self.storage)
        self._device, self._device_name = device, device_name(device)
        self.storage.enter_worker(self.name, socket.gethostname(), os.getpid(), self._device_name)
        log.info("worker %s on %s", self.name, device)
        ended = 0
        try:
            self._call_seconds = min(CALL_SECONDS, self.settings.retry_seconds)
            with log_tail() as self._tail, self.storage.patience(self._call_seconds):
                while self.interrupts.may_go_on():
                    more = self._turn()
                    if more is None:
                        break
                    ended += more
        finally:
            self._leave()
        if self._unusable and not ended and self.interrupts.may_go_on():
            raise next(iter(self._unusable.values()))
        return ended

    def _turn(self) -> int | None:
        """Train one trial or wait a moment; the number of trials that ended, None where nothing is left to do."""
        try:
            # One try, without a word, for a database that is still away.
            with self.storage.patience(self._call_seconds if self._away_since is None else 0.0):
                has_beaten = self._beat()
            studies = self._studies()
            claim, study = self._claim(studies)
            if claim is not None and study is not None:
                ended = self._train(study, claim)
                self._refresh([study])
                return ended
            if has_beaten:
                self._refresh(studies)
            if not self.stays and all(self._is_over(study) for study in studies):
                return None
        except Stopped:
            return None
        except StorageAway as error:
            self._endure(error)
        self._idle(IDLE_SECONDS)
        return 0

    def _endure(self, error: StorageAway) -> None:
        """Take note of a database that went away; one that stays away for too long ends the worker."""
        if self._away_since is None:
            self._away_since = time.monotonic()
            log.warning("%s; waiting for it", error)
        elif time.monotonic() - self._away_since > self.settings.outage_seconds:
            raise error

    def _refresh(self, studies: list[StoredStudy]) -> None:
        with suppress(Stopped):
            for study in studies:
                self.refresh(study)

    def _beat(self) -> bool:
        """Give a sign of life if it is time for one; whether it was."""
        if time.monotonic() < self._next_beat and self._away_since is None:
            return False
        if self.storage.beat_worker(self.name) == "drain":
            self.interrupts.drain()
        if self._away_since is not None:
            log.warning("the database is back after %.0f s", time.monotonic() - self._away_since)
            self._away_since = None
        self._next_beat = time.monotonic() + BEAT_SECONDS
        return True

    def _leave(self) -> None:
        try:
            with self.storage.patience(0.0):
                self.storage.leave_worker(self.name)
        except StorageError as error:
            log.warning("%s", error)

    def _is_over(self, study: StoredStudy) -> bool:
        return study.study_id in self._unusable or is_exhausted(study)

    def _studies(self) -> list[StoredStudy]:
        """The studies to serve, as they are now."""
        studies = []
        for name in self.names or self.storage.study_names():
            try:
                self._opened[name] = refreshed(self._opened.get(name) or open_study(self.storage, name))
            except InputError as error:
                self._opened.pop(name, None)
                if self.names:
                    raise
                log.debug("left alone: %s", error)
                continue
            studies.append(self._opened[name])
        self._let_go(studies)
        return studies

    def _let_go(self, studies: list[StoredStudy]) -> None:
        """Free the images of studies that have ended or are gone."""
        needed = {study.spec.without_budget() for study in studies if study.state == "open"}
        for spec in self._workplaces.keys() - needed:
            del self._workplaces[spec]

    def _claim(self, studies: list[StoredStudy]) -> tuple[Claim | None, StoredStudy | None]:
        """The first trial that any of the studies gives; its images are there before it is taken."""
        for study in studies:
            try:
                claim = self._claim_of(study)
            except DamagedRow as error:
                if self.names:
                    raise
                self._pass_over(study, error)
                continue
            if claim is not None:
                return claim, study
        return None, None

    def _claim_of(self, study: StoredStudy) -> Claim | None:
        if study.study_id in self._unusable:
            return None
        what = f"a trial of {study.name}"
        with reading(what):
            for number, waits in put_back_orphans(study, self.settings.home_path / "workers"):
                word = "waits again" if waits else "failed: it was lost too often"
                log.warning("trial %d of %s %s: its worker is gone", number, study.name, word)
            if is_exhausted(study):
                return None
        if not self._can_train(study):
            return None
        with reading(what):
            return claim_trial(study, self.name, self.settings.lease_seconds, self._device_name)

    def _can_train(self, study: StoredStudy) -> bool:
        """Whether the study's images are here; a worker that serves any study passes over those it cannot train."""
        try:
            with self.interrupts.breakable():  # a download may take long
                self._workplace(study)
        except (DataError, InputError) as error:
            if self.names:
                raise
            self._pass_over(study, error)
            return False
        return True

    def _pass_over(self, study: StoredStudy, error: VsearchError) -> None:
        log.warning("passing over %s: %s", study.name, error)
        self._unusable[study.study_id] = error

    def _workplace(self, study: StoredStudy) -> Workplace:
        key = study.spec.without_budget()
        if key not in self._workplaces:
            self._workplaces[key] = self.set_up(
                study,
                data_path=self.settings.data_path,
                checkpoints=self._checkpoints,
                device=self._device,
                download=self.download,
            )
        return self._workplaces[key]

    def _train(self, study: StoredStudy, claim: Claim) -> int:
        """Train one claimed trial and tell how it ended; 0 if it was put back or lost to another worker."""
        workplace = self._workplace(study)
        log.info("trial %d of %s: %s", claim.number, study.name, claim.curve)
        try:
            attempt = TrialAttempt(study, claim, workplace, self.interrupts, self._tail, self.settings.outage_seconds)
            outcome = attempt.train_and_tell()
        except LeaseLost as error:
            log.warning("trial %d of %s: %s", claim.number, study.name, error)
            return 0
        except BaseException as error:
            self._put_back(study, claim, str(error) if isinstance(error, Stopped) else "its worker ended")
            if isinstance(error, Stopped):
                return 0
            if isinstance(error, DamagedRow) and not self.names:
                self._pass_over(study, error)
                return 0
            raise
        log.info("trial %d of %s %s %s", claim.number, study.name, outcome.reason, outcome.detail)
        if outcome.reason == "out-of-memory":
            self._idle(ELSEWHERE_SECONDS)
        return int(outcome.state.is_finished())

    def _put_back(self, study: StoredStudy, claim: Claim, detail: str) -> None:
        try:
            put_back(study, claim, "preempted", detail)
        except (LeaseLost, StorageAway) as error:
            log.warning("trial %d of %s: %s", claim.number, study.name, error)
        else:
            log.info("trial %d of %s waits again", claim.number, study.name)

    def _idle(self, seconds: float) -> None:
        with suppress(Stopped):  # `serve` asks for it
            self.interrupts.sleep(seconds)
