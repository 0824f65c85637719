"""A worker: takes trials of open studies, one after another, and trains them on one device."""

import logging
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from optuna.trial import TrialState

from vsearch.errors import DataError, InputError, LeaseLost, VsearchError, shorten
from vsearch.search import attributes
from vsearch.search.claims import Claim, claim_trial, is_exhausted, put_back
from vsearch.search.stored import StoredStudy, open_study, refreshed
from vsearch.settings import Settings
from vsearch.spec.study import StudySpec
from vsearch.storage import Storage
from vsearch.training.device import choose_device
from vsearch.worker.interrupts import Interrupts, Stopped
from vsearch.worker.presence import put_back_orphans
from vsearch.worker.trial import Outcome, TrialTraining, checkpoint_path
from vsearch.worker.workplace import Workplace, set_up

log = logging.getLogger("vsearch.worker")

IDLE_SECONDS = 1.0


@dataclass
class Worker:
    """Serves studies until nothing is left to do, or until it is asked to stop.

    Args:
        names: the studies to serve; empty: every open study of the storage.
        stays: wait for new studies where others would end.
        download: fetch a data set that is missing.
        set_up: makes a study's workplace, with the arguments of `vsearch.worker.workplace.set_up`.
    """

    storage: Storage
    settings: Settings
    name: str
    interrupts: Interrupts
    names: Sequence[str] = ()
    stays: bool = False
    download: bool = False
    set_up: Callable[..., Workplace] = set_up
    _opened: dict[str, StoredStudy] = field(default_factory=dict)
    _workplaces: dict[StudySpec, Workplace] = field(default_factory=dict)
    _unusable: dict[int, VsearchError] = field(default_factory=dict)

    def serve(self) -> int:
        """Train until nothing is left; gives the number of trials that ended here.

        Raises:
            VsearchError: the device, the data or the storage cannot be used: for a worker that serves any study, the
                images of every open one. No trial is left half taken.
        """
        device = choose_device(self.settings.device.value)
        log.info("worker %s on %s", self.name, device)
        ended = 0
        while self.interrupts.may_go_on():
            studies = self._studies()
            try:
                claim, study = self._claim(studies)
            except Stopped:
                break
            if claim is not None and study is not None:
                ended += self._train(study, claim)
            elif not self.stays and all(self._is_over(study) for study in studies):
                break
            else:
                self._idle()
        if self._unusable and not ended and self.interrupts.received is None:
            raise next(iter(self._unusable.values()))
        return ended

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
        needed = {_training_of(study) for study in studies if study.state == "open"}
        for spec in self._workplaces.keys() - needed:
            del self._workplaces[spec]

    def _claim(self, studies: list[StoredStudy]) -> tuple[Claim | None, StoredStudy | None]:
        """The first trial that any of the studies gives; its images are there before it is taken."""
        for study in studies:
            for number in put_back_orphans(study, self.settings.home_path / "workers"):
                log.warning("trial %d of %s waits again: its worker is gone", number, study.name)
            if is_exhausted(study) or not self._can_train(study):
                continue
            claim = claim_trial(study, self.name, self.settings.lease_seconds)
            if claim is not None:
                return claim, study
        return None, None

    def _can_train(self, study: StoredStudy) -> bool:
        """Whether the study's images are here; a worker that serves any study passes over those it cannot train."""
        if study.study_id in self._unusable:
            return False
        try:
            with self.interrupts.breakable():  # a download may take long
                self._workplace(study)
        except (DataError, InputError) as error:
            if self.names:
                raise
            log.warning("passing over %s: %s", study.name, error)
            self._unusable[study.study_id] = error
            return False
        return True

    def _workplace(self, study: StoredStudy) -> Workplace:
        key = _training_of(study)
        if key not in self._workplaces:
            self._workplaces[key] = self.set_up(
                study,
                data_path=self.settings.data_path,
                checkpoint_path=self.settings.checkpoint_path,
                device=choose_device(self.settings.device.value),
                download=self.download,
            )
        return self._workplaces[key]

    def _train(self, study: StoredStudy, claim: Claim) -> int:
        """Train one claimed trial and tell how it ended; 0 if it was put back or lost to another worker."""
        workplace = self._workplace(study)
        log.info("trial %d of %s: %s", claim.number, study.name, claim.curve)
        try:
            outcome = self._outcome(claim, workplace)
            tell(study, claim, outcome)
        except LeaseLost as error:
            log.warning("trial %d of %s: %s", claim.number, study.name, error)
            return 0
        except BaseException as error:
            self._put_back(study, claim)
            if isinstance(error, Stopped):
                return 0
            raise
        with suppress(OSError):  # a folder that cannot be written holds none
            checkpoint_path(workplace, claim.number).unlink()
        log.info("trial %d of %s %s %s", claim.number, study.name, outcome.reason, outcome.detail)
        return 1

    def _put_back(self, study: StoredStudy, claim: Claim) -> None:
        try:
            put_back(study, claim)
        except LeaseLost as error:
            log.warning("trial %d of %s: %s", claim.number, study.name, error)
        else:
            log.info("trial %d of %s waits again", claim.number, study.name)

    def _outcome(self, claim: Claim, workplace: Workplace) -> Outcome:
        try:
            training = TrialTraining(claim, workplace, self.interrupts)
            outcome = training.run()
            training.record(outcome)
        except (InputError, RuntimeError, MemoryError, ArithmeticError) as error:
            # A fault of this trial (out of memory, a curve that no kernel takes) must not end the others.
            log.exception("trial %d failed", claim.number)
            words = f"{type(error).__name__}: {error}".splitlines()[0]
            outcome = Outcome(TrialState.FAIL, "error", shorten(words, 300))
            claim.trial.set_user_attr(attributes.REASON, outcome.reason)
            claim.trial.set_user_attr(attributes.DETAIL, outcome.detail)
        return outcome

    def _idle(self) -> None:
        try:
            with self.interrupts.breakable():
                time.sleep(IDLE_SECONDS)
        except Stopped:
            pass


def _training_of(study: StoredStudy) -> StudySpec:
    """The spec without its number of trials, which may change while its images are loaded."""
    return study.spec.with_changes(trials=1)


def tell(study: StoredStudy, claim: Claim, outcome: Outcome) -> None:
    """End a trial in the storage."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if outcome.state == TrialState.COMPLETE:
            study.optuna_study.tell(claim.trial, outcome.value)
        else:
            study.optuna_study.tell(claim.trial, state=outcome.state)
