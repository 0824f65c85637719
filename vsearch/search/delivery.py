"""Reports of finished epochs, kept until the database has them, and the pruner's word on each."""

import warnings
from collections import deque

from vsearch.search.claims import Claim
from vsearch.search.damage import reading


class Delivery:
    """The reports of one trial, delivered in order and each once, however long the database was away.

    Args:
        last_epoch: after which nothing is left to be saved by pruning.
    """

    def __init__(self, claim: Claim, last_epoch: int) -> None:
        self._trial, self._patience = claim.trial, claim.lease.patience
        self._may_be_pruned, self._last_epoch = claim.may_be_pruned, last_epoch
        self.pruned_at: int | None = None
        """The epoch after which the pruner gave the trial up."""
        self._storage, self._trial_id = claim.lease.storage, claim.trial_id
        self._stored = dict(claim.reported)
        self._waiting: deque[tuple[int, float]] = deque()
        self._unjudged: int | None = max(claim.reported, default=None)
        # The worker that reported it may have died before the pruner's word reached the database.
        self._doubtful = self._unjudged

    @property
    def is_done(self) -> bool:
        """Whether the database has every report, and the pruner has seen it."""
        return not self._waiting and self._unjudged is None

    def add(self, epoch: int, accuracy: float) -> None:
        """Queue the report of a finished epoch; one that the database has, of an earlier attempt, is passed over."""
        if epoch not in self._stored:
            self._stored[epoch] = accuracy
            self._waiting.append((epoch, accuracy))

    def deliver(self) -> int | None:
        """Deliver what waits, as far as the database is there; the epoch after which the pruner gives the trial up.

        Later reports are then dropped: in a study whose database had been there they would not exist.

        Raises:
            LeaseLost: another worker has the trial.
        """
        if self.is_done or not self._patience.is_worth_a_call:
            return None
        return self._patience.call(self._deliver)

    def _deliver(self) -> int | None:
        while not self.is_done:
            if self._unjudged is None:
                epoch, accuracy = self._waiting[0]
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # of a step that is stored: a report whose answer was lost
                    self._trial.report(accuracy, epoch)
                self._waiting.popleft()
                self._unjudged = epoch
            if self._doubtful == self._unjudged:
                self._storage.forget_rung(self._trial_id, self._stored[self._unjudged])
            self._doubtful = self._unjudged
            # Asked for the baseline too: its score then counts at the rung.
            with reading("a score at a rung"):  # the pruner compares those of all trials
                is_hopeless = self._trial.should_prune()
            epoch, self._unjudged, self._doubtful = self._unjudged, None, None
            if is_hopeless and self._may_be_pruned and epoch < self._last_epoch:
                self.pruned_at = epoch
                self._waiting.clear()
                return epoch
        return None
