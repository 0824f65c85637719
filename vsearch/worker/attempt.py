"""One attempt at a trial: its training, and how its end comes to the database."""

import gc
import logging
from dataclasses import dataclass
from typing import Any

import torch
from optuna.trial import TrialState

from vsearch.errors import DataError, InputError, StorageAway, shorten
from vsearch.search import attributes
from vsearch.search.claims import Claim, put_back
from vsearch.search.stored import StoredStudy
from vsearch.worker.interrupts import Interrupts
from vsearch.worker.logtail import LogTail
from vsearch.worker.outcome import Outcome
from vsearch.worker.trial import TrialTraining
from vsearch.worker.workplace import Workplace

log = logging.getLogger("vsearch.worker")

_NO_MEMORY = ("out of memory", "can't allocate memory", "cannot allocate memory", "not enough memory")


@dataclass
class TrialAttempt:
    """Trains one claimed trial and brings its end to the database, once that is there.

    Args:
        tail: the last lines of the log, kept with a trial that failed.
        longest_outage: seconds to wait for a database that went away.
    """

    study: StoredStudy
    claim: Claim
    workplace: Workplace
    interrupts: Interrupts
    tail: LogTail
    longest_outage: float

    def train_and_tell(self) -> Outcome:
        """How the trial ended; its state is WAITING if it was put back for another attempt.

        Raises:
            Stopped: a signal came, or the study wants no more training; nothing is told.
            LeaseLost: another worker has the trial.
            StorageAway: the database stayed away for too long.
        """
        training, outcome = None, None
        try:
            training = TrialTraining(self.claim, self.workplace, self.interrupts, self.longest_outage)
            outcome = training.run()
            attrs = training.attrs(outcome)
        except (InputError, RuntimeError, MemoryError, ArithmeticError) as error:
            # A fault of this trial (a curve that no kernel takes) or of this device must not end the others.
            log.exception("trial %d failed", self.claim.number)
            outcome = _failure(error)
            attrs = self._failure_attrs(training, outcome)
        if outcome.reason == "out-of-memory":
            training = None
            _free_memory()
        if outcome.reason in self.study.spec.retry:
            if put_back(self.study, self.claim, outcome.reason, outcome.detail, attrs):
                return Outcome(TrialState.WAITING, outcome.reason, outcome.detail)
        else:
            self._tell(outcome, attrs, training)
        self._delete_checkpoint()
        return outcome

    def _tell(self, outcome: Outcome, attrs: dict[str, Any], training: TrialTraining | None) -> None:
        def end() -> bool:
            self.study.storage.end_trial(
                self.claim.trial_id, outcome.state, outcome.value, outcome.reason, outcome.detail, attrs
            )
            return True

        while not self.claim.lease.patience.call(end):
            if training is None:
                raise StorageAway("the database is away; the failed trial is tried again when it is back")
            training.wait()

    def _failure_attrs(self, training: TrialTraining | None, outcome: Outcome) -> dict[str, Any]:
        attrs = {attributes.REASON: outcome.reason, attributes.DETAIL: outcome.detail}
        if training is not None:
            attrs |= training.progress.attrs(training.progress.epochs)
        return attrs | {attributes.LOG: self.tail.lines()}

    def _delete_checkpoint(self) -> None:
        try:
            self.workplace.checkpoints.delete(self.workplace.checkpoint_key(self.claim))
        except DataError as error:
            log.warning("trial %d: its checkpoint stays: %s", self.claim.number, error)


def _failure(error: BaseException) -> Outcome:
    words = shorten(f"{type(error).__name__}: {error}".splitlines()[0], 300)
    is_memory = isinstance(error, MemoryError | torch.OutOfMemoryError)
    if is_memory or any(text in str(error).lower() for text in _NO_MEMORY):
        return Outcome(TrialState.FAIL, "out-of-memory", words)
    return Outcome(TrialState.FAIL, "error", words)


def _free_memory() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
