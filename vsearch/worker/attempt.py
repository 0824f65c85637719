"""One attempt at a trial: its training, and how its end comes to the database."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from optuna.trial import TrialState

from vsearch.errors import DataError, InputError, StorageAway, shorten
from vsearch.search import attributes
from vsearch.search.claims import Claim, put_back
from vsearch.search.stored import StoredStudy
from vsearch.training.slots import Slots
from vsearch.worker.interrupts import Interrupts, Stopped
from vsearch.worker.logtail import LogTail
from vsearch.worker.outcome import Outcome
from vsearch.worker.replicates import Trained
from vsearch.worker.trial import TrialTraining
from vsearch.worker.workplace import Workplace

log = logging.getLogger("vsearch.worker")

_NO_MEMORY = ("out of memory", "can't allocate memory", "cannot allocate memory", "not enough memory")


class Crowded(Stopped):
    """The device's memory does not hold so many trainings at once; which of them met that is chance."""


class Ending(NamedTuple):
    """How a trial ended, with its last attributes, for a database that may be away."""

    outcome: Outcome
    attrs: dict[str, Any]


@dataclass
class TrialAttempt:
    """Trains one claimed trial and brings its end to the database, once that is there; see `TrialTraining`.

    Args:
        tail: the last lines of the log, kept with a trial that failed.
        longest_outage: seconds to wait for a database that went away.
        is_alone: whether no other trial is being trained in the other slots.
    """

    study: StoredStudy
    claim: Claim
    workplace: Workplace
    slots: Slots
    interrupts: Interrupts
    tail: LogTail
    longest_outage: float
    is_alone: Callable[[], bool] = lambda: True
    _training: TrialTraining | None = None
    _ending: Ending | None = None

    @property
    def pending(self) -> set[Future[Trained]]:
        """What `turn` waits for; empty if it is worth a call now."""
        return set() if self._training is None or self._ending is not None else self._training.pending

    @property
    def is_idle(self) -> bool:
        """Whether nothing of it is trained: it waits for the database, or for a checkpoint."""
        return self._ending is not None or self._training is None or not self._training.is_in_epoch

    @property
    def most_at_once(self) -> int:
        """The slots in use at a time while its last epoch was trained, those of other trials included; 0 before."""
        return 0 if self._training is None else self._training.most_at_once

    def turn(self) -> Outcome | None:
        """Do all that can be done now; how the trial ended, once the database knows, and None before.

        The outcome's state is WAITING if the trial was put back for another attempt.

        Raises:
            Stopped: the study wants no more training, or (`Crowded`) the device not so much at once; nothing is told.
            LeaseLost: another worker has the trial.
            StorageAway: the database stayed away for too long.
        """
        if self._ending is None:
            self._ending = self._train()
        return None if self._ending is None else self._bring(self._ending)

    def ask_to_stop(self) -> None:
        """Let the epoch in training end with its next step."""
        if self._training is not None:
            self._training.ask_to_break_off()

    def stop(self) -> None:
        """End the training, with the last finished epoch in the checkpoint."""
        if self._training is not None:
            self._training.stop()

    def drop(self) -> None:
        """End the training, and leave the trial as it is."""
        if self._training is not None:
            self._training.break_off()

    def _train(self) -> Ending | None:
        try:
            if self._training is None:
                self._training = TrialTraining(
                    self.claim, self.workplace, self.slots, self.interrupts, self.longest_outage
                )
            outcome = self._training.turn()
            if outcome is None:
                return None
            attrs = self._training.attrs(outcome)
        except (InputError, RuntimeError, MemoryError, ArithmeticError) as error:
            outcome = _failure(error)
            if outcome.reason == "out-of-memory" and (self.most_at_once > 1 or not self.is_alone()):
                raise Crowded(f"too many trainings at once for the memory: {outcome.detail}") from error
            # A fault of this trial (a curve that no kernel takes) or of this device must not end the others.
            log.exception("trial %d failed", self.claim.number)
            attrs = self._failure_attrs(self._training, outcome)
        self.drop()
        return Ending(outcome, attrs)

    def _bring(self, ending: Ending) -> Outcome | None:
        """Bring the trial's end to the database; None while that is away."""
        outcome = ending.outcome
        if outcome.reason in self.study.spec.retry:
            if put_back(self.study, self.claim, outcome.reason, outcome.detail, ending.attrs):
                return Outcome(TrialState.WAITING, outcome.reason, outcome.detail)
        else:
            if self._keeps_weights(outcome):
                self.stop()
            if not self._tell(ending):
                return None
        if not self._keeps_weights(outcome):
            self._delete_checkpoint()
        return outcome

    def _keeps_weights(self, outcome: Outcome) -> bool:
        """Whether the last checkpoint stays: the networks that a confirmation trained can be taken away."""
        is_wanted = self.study.spec.evaluated_on == "test" and self.claim.role != "control"
        return is_wanted and outcome.state == TrialState.COMPLETE

    def _tell(self, ending: Ending) -> bool:
        outcome = ending.outcome

        def end() -> bool:
            self.study.storage.end_trial(
                self.claim.trial_id, outcome.state, outcome.value, outcome.reason, outcome.detail, ending.attrs
            )
            return True

        patience = self.claim.lease.patience
        if patience.is_worth_a_call and patience.call(end):
            return True
        if self._training is None:
            raise StorageAway("the database is away; the failed trial is tried again when it is back")
        self._training.check_patience()
        return False

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
