"""Training one claimed trial: epochs, reports, pruning, checkpoints."""

import logging
import time
from dataclasses import asdict
from statistics import fmean
from typing import Any

from optuna.trial import TrialState

from vsearch.errors import DataError, StorageAway
from vsearch.search import attributes
from vsearch.search.claims import Claim
from vsearch.search.delivery import Delivery
from vsearch.storage.checkpoints import DatabaseStore
from vsearch.training.checkpoint import decode, encode
from vsearch.training.divergence import diverged
from vsearch.training.loop import Training
from vsearch.worker.interrupts import Interrupts, Stopped
from vsearch.worker.outcome import Outcome, Progress, spec_digest, weights_digest, where_trained
from vsearch.worker.workplace import Workplace

log = logging.getLogger("vsearch.worker")

WHILE_AWAY_SECONDS = 5.0
"""Between two checkpoints while the database is away: they hold the reports that it does not have yet."""
WAIT_SECONDS = 1.0
UNREADABLE_SECONDS = 10.0
"""Between two tries to read a checkpoint."""


class TrialTraining:
    """The replicates of one trial, trained side by side epoch for epoch, so that each report is a mean over all.

    Args:
        longest_outage: seconds to wait, after the last epoch, for a database that went away.
    """

    def __init__(
        self, claim: Claim, workplace: Workplace, interrupts: Interrupts, longest_outage: float = 3600.0
    ) -> None:
        self._claim, self._workplace, self._interrupts = claim, workplace, interrupts
        self._longest_outage = longest_outage
        self._key = workplace.checkpoint_key(claim)
        # What a checkpoint must agree with; the scales too: another storage may have a trial of the same number.
        self._identity = {
            "spec": spec_digest(workplace),
            "seeds": list(claim.seeds),
            "scales": list(claim.scales),
        }
        self._trainings = self._new_trainings()
        self.progress = Progress()
        self._restore()
        self._delivery = Delivery(claim, workplace.spec.epochs)
        for epoch in range(1, self.progress.epochs + 1):
            self._report(epoch)  # what the last worker trained but could not report
        self._snapshot = self._state()
        self._saved, self._saved_at = self.progress.epochs, time.monotonic()

    def run(self) -> Outcome:
        """Train until the trial ends and every report is delivered.

        Raises:
            Stopped: the trial must be put back; its last finished epoch is in the checkpoint.
            LeaseLost: another worker has the trial; neither its reports nor its checkpoint are touched.
            StorageAway: the database stayed away for too long; the reports are in the checkpoint.
        """
        outcome = self._end()
        try:
            while True:
                pruned_at = self._delivery.deliver()
                if pruned_at is not None:
                    return Outcome(TrialState.PRUNED, "pruned", f"behind the others after epoch {pruned_at}")
                if outcome is not None and self._delivery.is_done:
                    return outcome
                self._save_if_due()
                if outcome is None:
                    outcome = self._epoch()
                else:
                    self.wait()
        except (Stopped, StorageAway):
            self._save()
            raise

    def wait(self) -> None:
        """Let a moment pass for a database that is away.

        Raises:
            Stopped: a signal came meanwhile.
            StorageAway: it has been away for too long.
        """
        away = self._claim.lease.patience.seconds_away
        if away > self._longest_outage:
            raise StorageAway(f"the database has been away for {away:.0f} s; the trial goes on from its checkpoint")
        self._interrupts.sleep(WAIT_SECONDS)

    def attrs(self, outcome: Outcome) -> dict[str, Any]:
        """The last attributes of a trial that ended so."""
        counted = self._delivery.pruned_at or self.progress.epochs
        values = self.progress.attrs(counted) | where_trained(self._workplace)
        values[attributes.PARAMETERS] = sum(p.numel() for p in self._trainings[0].network.parameters())
        if counted == self.progress.epochs:
            values[attributes.WEIGHTS_DIGESTS] = [weights_digest(training.network) for training in self._trainings]
        values[attributes.REASON] = outcome.reason
        return values | ({attributes.DETAIL: outcome.detail} if outcome.detail else {})

    def _epoch(self) -> Outcome | None:
        with self._interrupts.breakable():
            records = [next(training.epochs()) for training in self._trainings]
        self.progress.add(records)
        for divergence in [d for record in records if (d := diverged(record, self._workplace.data.num_classes))]:
            if divergence.kind == "non-finite":
                self.progress.broken = divergence.reason
            else:
                self.progress.exploded = divergence.reason
        self._snapshot = self._state()
        self._report(self.progress.epochs)
        return self._end()

    def _report(self, epoch: int) -> None:
        if not (self.progress.broken and epoch == self.progress.epochs):
            self._delivery.add(epoch, self.progress.scores[epoch - 1])

    def _end(self) -> Outcome | None:
        """How the trial ends now if the pruner does not mind; None while there is something to train."""
        progress = self.progress
        if progress.broken:
            return Outcome(TrialState.FAIL, "diverged", progress.broken)
        # An exploded loss is a finite, bad score: the sampler should learn to stay away from there.
        if progress.exploded and self._claim.may_be_pruned:
            return Outcome(TrialState.PRUNED, "diverged", progress.exploded)
        if progress.epochs < self._workplace.spec.epochs:
            return None
        return Outcome(TrialState.COMPLETE, "finished", value=fmean(progress.accuracies))

    def _state(self) -> dict[str, Any]:
        return {
            "trial": self._identity,
            "progress": asdict(self.progress),
            "trainings": [training.state_dict() for training in self._trainings],
        }

    def _save_if_due(self) -> None:
        """Write a checkpoint after a rung, from time to time, and more often while reports wait for the database."""
        epoch, since = self.progress.epochs, time.monotonic() - self._saved_at
        if epoch == self._saved:
            return
        is_rung = epoch in self._workplace.spec.rungs
        store = self._workplace.checkpoints
        is_away = not self._delivery.is_done
        if is_away and isinstance(store, DatabaseStore):
            return
        if is_rung or since > (WHILE_AWAY_SECONDS if is_away else store.seconds):
            self._save()

    def _save(self) -> None:
        """Write the last finished epoch; where that fails training goes on, and the previous checkpoint stays."""
        if self.progress.epochs == self._saved:
            return
        self._saved_at = time.monotonic()
        try:
            self._workplace.checkpoints.write(self._key, encode(self._snapshot))
        except DataError as error:
            log.warning("trial %d: no checkpoint of epoch %d: %s", self._claim.number, self.progress.epochs, error)
        else:
            self._saved = self.progress.epochs

    def _restore(self) -> None:
        """Go on from the newest sound checkpoint of this very trial; without one, from epoch 0 with the same seed.

        A place that cannot be read may hold one: it is waited for as long as for the database.
        """
        end = time.monotonic() + self._longest_outage
        while self._claim.lease.fence > 1:  # somebody had the trial before
            try:
                for name, content in self._workplace.checkpoints.read(self._key):
                    if self._has_restored(name, content):
                        return
            except DataError as error:
                if time.monotonic() > end:
                    log.warning("trial %d begins again: %s", self._claim.number, error)
                    return
                log.warning("trial %d waits for its checkpoint: %s", self._claim.number, error)
                self._interrupts.sleep(UNREADABLE_SECONDS)
                self._on_step()
            else:
                return

    def _has_restored(self, name: str, content: bytes) -> bool:
        try:
            state = decode(content, name)
            if state.get("trial") != self._identity:
                return False
            progress = Progress(**state["progress"])
            for training, saved in zip(self._trainings, state["trainings"], strict=True):
                training.load_state_dict(saved)
        except (DataError, KeyError, TypeError, ValueError) as error:
            log.warning("trial %d: the checkpoint %s is passed over: %s", self._claim.number, name, error)
            self._trainings = self._new_trainings()
            return False
        self.progress = progress
        log.info("trial %d goes on after epoch %d", self._claim.number, progress.epochs)
        return True

    def _new_trainings(self) -> list[Training]:
        return [self._workplace.training(self._claim.scales, seed, self._on_step) for seed in self._claim.seeds]

    def _on_step(self) -> None:
        """Tell the database of progress when it is time, and hear what it asks for."""
        if not self._claim.lease.is_due:
            return
        with self._interrupts.protected():
            order = self._claim.lease.keep(self.progress.epochs, self.progress.images_per_second)
        if order == "drain":
            self._interrupts.drain()
            raise Stopped("the worker is drained")
        if order is not None:
            raise Stopped("the study's device hours are spent" if order == "budget" else f"the study was {order}")
