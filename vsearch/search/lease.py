"""A worker's right to train a running trial: it lasts as long as training makes progress."""

import time

from vsearch.storage import Storage

LEASE_SECONDS = 120.0
"""Without progress for so long a trial is given to another worker."""
_RENEWALS = 4
"""In the time of a lease; often enough that one slow call to the database loses nothing."""


class Lease:
    """The lease of one trial, taken by this process; renewed by progress alone, so that a hung worker loses it.

    Raises:
        LeaseLost: by taking it, another worker holds the trial; by the other calls, it was given away meanwhile.
    """

    def __init__(self, storage: Storage, study_id: int, trial_id: int, worker: str, seconds: float) -> None:
        self._storage, self._trial_id, self._seconds = storage, trial_id, seconds
        self.fence = storage.take_lease(study_id, trial_id, worker, seconds)
        """A number that grows each time the trial changes hands."""
        self._renewed = time.monotonic()

    @property
    def is_due(self) -> bool:
        """Whether progress since the last renewal should be told to the database."""
        return time.monotonic() - self._renewed > self._seconds / _RENEWALS

    def renew(self) -> None:
        """Let it last for its whole time from now."""
        self._storage.renew_lease(self._trial_id, self._seconds)
        self._renewed = time.monotonic()
