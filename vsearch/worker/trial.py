"""Training one claimed trial: epochs, reports, pruning, checkpoints; nothing in here waits."""

import logging
import time
from concurrent.futures import Future
from dataclasses import asdict
from statistics import fmean
from typing import Any

from optuna.trial import TrialState

from vsearch.errors import DataError, StorageAway
from vsearch.models.digest import state_digest
from vsearch.search import attributes
from vsearch.search.claims import Claim
from vsearch.search.delivery import Delivery
from vsearch.storage.checkpoints import DatabaseStore
from vsearch.training.checkpoint import decode, encode
from vsearch.training.divergence import diverged
from vsearch.training.slots import Slots
from vsearch.worker.interrupts import Interrupts, Stopped
from vsearch.worker.outcome import Outcome, Progress, spec_digest, where_trained
from vsearch.worker.replicates import Replicates, Trained
from vsearch.worker.workplace import Workplace

log = logging.getLogger("vsearch.worker")

WHILE_AWAY_SECONDS = 5.0
"""Between two checkpoints while the database is away: they hold the reports that it does not have yet."""
UNREADABLE_SECONDS = 10.0
"""Between two tries to read a checkpoint."""


class TrialTraining:
    """The replicates of one trial, trained side by side epoch for epoch, so that each report is a mean over all.

    Whoever holds it calls `turn` again and again, and waits for `pending` between.

    Args:
        slots: where the replicates are trained.
        longest_outage: seconds to wait, after the last epoch, for a database that went away.
    """

    def __init__(
        self,
        claim: Claim,
        workplace: Workplace,
        slots: Slots,
        interrupts: Interrupts,
        longest_outage: float = 3600.0,
    ) -> None:
        self._claim, self._workplace, self._slots, self._interrupts = claim, workplace, slots, interrupts
        self._longest_outage = longest_outage
        self._key = workplace.checkpoint_key(claim)
        # What a checkpoint must agree with; the scales too: another storage may have a trial of the same number.
        self._identity = {
            "spec": spec_digest(workplace),
            "seeds": list(claim.seeds),
            "scales": list(claim.scales),
        }
        self._replicates = self._new_replicates()
        self.progress = Progress()
        self._delivery = Delivery(claim, workplace.spec.epochs)
        self._outcome: Outcome | None = None
        self._snapshot: dict[str, Any] = {}
        self._steps, self._saved, self._saved_at = 0, 0, time.monotonic()
        self._is_restored = False
        self._next_read, self._last_read = 0.0, time.monotonic() + longest_outage
        self._restore()

    @property
    def pending(self) -> set[Future[Trained]]:
        """What `turn` waits for; empty if it is worth a call now."""
        return self._replicates.pending

    @property
    def is_in_epoch(self) -> bool:
        """Whether an epoch is being trained, or is over and not looked at yet."""
        return self._replicates.has_begun

    @property
    def most_at_once(self) -> int:
        """The slots in use at a time while its last epoch was trained, those of other trials included; 0 before."""
        return self._replicates.most_at_once

    def turn(self) -> Outcome | None:
        """Do all that can be done now; how the trial ended, once every report is delivered, and None before.

        Raises:
            Stopped: the trial must be put back: `stop` it first.
            LeaseLost: another worker has the trial; neither its reports nor its checkpoint are touched.
            StorageAway: the database stayed away for too long: `stop` it first.
        """
        self._keep_lease()
        if (not self._is_restored and not self._restore()) or self.pending:
            return None
        if self.is_in_epoch:
            self._take_epoch()
        pruned_at = self._delivery.deliver()
        if pruned_at is not None:
            return Outcome(TrialState.PRUNED, "pruned", f"behind the others after epoch {pruned_at}")
        if self._outcome is not None and self._delivery.is_done:
            return self._outcome
        self._save_if_due()
        if self._outcome is None:
            self._replicates.begin_epoch()
        else:
            self.check_patience()
        return None

    def check_patience(self) -> None:
        """Find out whether a database that went away is worth waiting for.

        Raises:
            StorageAway: it has been away for too long.
        """
        away = self._claim.lease.patience.seconds_away
        if away > self._longest_outage:
            raise StorageAway(f"the database has been away for {away:.0f} s; the trial goes on from its checkpoint")

    def ask_to_break_off(self) -> None:
        """Let the epoch in training end with its next step."""
        self._replicates.ask_to_break_off()

    def break_off(self) -> None:
        """The same, and wait for that; the device is free then."""
        self._replicates.break_off()

    def stop(self) -> None:
        """Break off, with the last finished epoch in the checkpoint."""
        self.break_off()
        self._save()

    def attrs(self, outcome: Outcome) -> dict[str, Any]:
        """The last attributes of a trial that ended so."""
        counted = self._delivery.pruned_at or self.progress.epochs
        values = self.progress.attrs(counted) | where_trained(self._workplace, self._slots.threads)
        values[attributes.PARAMETERS] = self._replicates.parameters()
        if counted == self.progress.epochs:
            values[attributes.WEIGHTS_DIGESTS] = [
                state_digest(state["network"]) for state in self._snapshot["trainings"]
            ]
        values[attributes.REASON] = outcome.reason
        return values | ({attributes.DETAIL: outcome.detail} if outcome.detail else {})

    def _take_epoch(self) -> None:
        trained = self._replicates.take_epoch()
        self.progress.add([each.record for each in trained])
        for divergence in [d for each in trained if (d := diverged(each.record, self._workplace.data.num_classes))]:
            if divergence.kind == "non-finite":
                self.progress.broken = divergence.reason
            else:
                self.progress.exploded = divergence.reason
        self._snapshot = {
            "trial": self._identity,
            "progress": asdict(self.progress),
            "trainings": [each.state for each in trained],
        }
        self._report(self.progress.epochs)
        self._outcome = self._end()

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

    def _restore(self) -> bool:
        """Go on from the newest sound checkpoint of this very trial; without one, from epoch 0 with the same seed.

        A place that cannot be read may hold one: it is waited for as long as for the database. False meanwhile.
        """
        if self._claim.lease.fence > 1:  # somebody had the trial before
            if time.monotonic() < self._next_read:
                return False
            try:
                self._read_checkpoint()
            except DataError as error:
                self._next_read = time.monotonic() + UNREADABLE_SECONDS
                if time.monotonic() < self._last_read:
                    log.warning("trial %d waits for its checkpoint: %s", self._claim.number, error)
                    return False
                log.warning("trial %d begins again: %s", self._claim.number, error)
        self._is_restored = True
        for epoch in range(1, self.progress.epochs + 1):
            self._report(epoch)  # what the last worker trained but could not report
        self._saved, self._saved_at = self.progress.epochs, time.monotonic()
        self._outcome = self._end()
        return True

    def _read_checkpoint(self) -> None:
        for name, content in self._workplace.checkpoints.read(self._key):
            if self._has_restored(name, content):
                return

    def _has_restored(self, name: str, content: bytes) -> bool:
        try:
            state = decode(content, name)
            if state.get("trial") != self._identity:
                return False
            progress = Progress(**state["progress"])
            self._replicates.restore(state["trainings"])
        except (DataError, KeyError, TypeError, ValueError) as error:
            log.warning("trial %d: the checkpoint %s is passed over: %s", self._claim.number, name, error)
            self._replicates.break_off()
            self._replicates = self._new_replicates()
            return False
        self.progress, self._snapshot = progress, state
        log.info("trial %d goes on after epoch %d", self._claim.number, progress.epochs)
        return True

    def _new_replicates(self) -> Replicates:
        scales = self._claim.scales
        return Replicates(
            self._claim.seeds,
            lambda seed, on_step: self._workplace.training(scales, seed, on_step),
            self._slots,
            # Between epochs a training has its weights alone on a CPU, and all that a recorded step uses on a GPU.
            takes_turns=self._workplace.device.type != "cpu",
        )

    def _keep_lease(self) -> None:
        """Tell the database of progress when it is time, and hear what it asks for."""
        steps = self._replicates.steps
        has_moved = steps != self._steps or not self._is_restored
        if not has_moved or not self._claim.lease.is_due:
            return
        self._steps = steps
        order = self._claim.lease.keep(self.progress.epochs, self.progress.images_per_second)
        if order == "drain":
            self._interrupts.drain()
            raise Stopped("the worker is drained")
        if order is not None:
            raise Stopped("the study's device hours are spent" if order == "budget" else f"the study was {order}")
