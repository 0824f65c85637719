"""A worker's right to train a running trial: it lasts as long as training makes progress."""

import time

from vsearch.search import attributes
from vsearch.search.patience import Patience
from vsearch.spec.study import StudySpec
from vsearch.storage import Storage

LEASE_SECONDS = 120.0
"""Without progress for so long a trial is given to another worker."""
RENEWALS = 4
"""In the time of a lease; often enough that one slow call to the database loses nothing."""
LONGEST_BEAT_SECONDS = 10.0
"""How long a worker may take to notice what it is asked to do."""

ENDING_STATES = ("paused", "cancelled")
"""Of a study, in which workers put its trials back; `stopped` lets them end."""


class Lease:
    """The lease of one trial, taken by this process; renewed by progress alone, so that a hung worker loses it.

    Args:
        patience: with a database that is away, shared with other leases of the same worker.

    Raises:
        LeaseLost: by taking it, another worker holds the trial; by the other calls, it was given away meanwhile.
    """

    def __init__(
        self,
        storage: Storage,
        spec: StudySpec,
        study_id: int,
        trial_id: int,
        worker: str,
        seconds: float,
        device: str = "",
        patience: Patience | None = None,
    ) -> None:
        self.storage, self._spec, self._study_id = storage, spec, study_id
        self._trial_id, self._worker, self._seconds = trial_id, worker, seconds
        self.fence = storage.take_lease(study_id, trial_id, worker, seconds, device)
        """A number that grows each time the trial changes hands."""
        self.patience = patience or Patience(storage)
        self._beat = min(seconds / RENEWALS, LONGEST_BEAT_SECONDS)
        self._next = time.monotonic() + (0.0 if spec.max_device_hours is not None else self._beat)
        self._end = float("inf")

    @property
    def is_due(self) -> bool:
        """Whether progress should be told to the database, or the study's device hours may be spent."""
        now = time.monotonic()
        return now > self._end or (now > self._next and self.patience.is_worth_a_call)

    def renew(self, epoch: int = 0, speed: float = 0.0) -> None:
        """Let it last for its whole time from now.

        Args:
            epoch: finished epochs; `speed`: images/s of the last one.
        """
        self.storage.renew_lease(self._trial_id, self._seconds, epoch, speed)
        self._next = time.monotonic() + self._beat

    def keep(self, epoch: int, speed: float) -> str | None:
        """Renew it if the database is there; gives why the worker should put the trial back, None to go on."""
        if time.monotonic() > self._end:
            return "budget"
        return self.patience.call(lambda: self._renew_and_ask(epoch, speed))

    def _renew_and_ask(self, epoch: int, speed: float) -> str | None:
        self.renew(epoch, speed)
        if asked := self.storage.beat_worker(self._worker):
            return asked
        if self._spec.max_device_hours is not None:
            self._end = time.monotonic() + self._seconds_left(self._spec.max_device_hours * 3600)
        state = self.storage.study_attr(self._study_id, attributes.STATE)
        if time.monotonic() > self._end:
            return "budget"
        return state if state in ENDING_STATES else None

    def _seconds_left(self, budget: float) -> float:
        """Until the study's device hours are spent, if as many workers train as do now."""
        spent = self.storage.spent(self._study_id)
        return (budget - spent.device_seconds) / max(1, spent.running)
