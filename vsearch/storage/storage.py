"""The storage that the rest of vsearch uses: opening, claims of trials, and reads that load no trials."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, NoReturn

from optuna.trial import TrialState

from vsearch.errors import StorageError
from vsearch.storage import claims, queries
from vsearch.storage.engine import target_of
from vsearch.storage.filesystem import check_file
from vsearch.storage.leasing import LeasingStorage
from vsearch.storage.queries import StudySummary
from vsearch.storage.retry import Retry
from vsearch.storage.schema import check_revision, prepare_tables
from vsearch.storage.url import parse_url


class Storage(LeasingStorage):
    """An Optuna storage on SQLite or PostgreSQL whose calls wait out a lost or busy database.

    Hand it to Optuna (`optuna.load_study(storage=storage)`), which puts its own cache before it. A call that stays
    without success, or cannot have any, raises `StorageError`; a repeated call changes nothing twice.
    """

    def __init__(self, url: str, *, create: bool = True, retry_seconds: float = 60) -> None:
        target = target_of(parse_url(url))
        if target.path:
            check_file(target.path, create=create)
        prepare_tables(target, Retry(target.location, retry_seconds), create=create)
        super().__init__(target, retry_seconds)
        self._retry.run(lambda: check_revision(self, target.location))

    def __repr__(self) -> str:
        return f"Storage({self.location!r})"

    def __getstate__(self) -> NoReturn:
        """Refuse: what a pickle holds, passwords included, ends up in files and logs."""
        raise TypeError("a Storage cannot be pickled; call open_storage(url) in the other process")

    def close(self) -> None:
        """Close this thread's session and all idle connections; the storage may be used again."""
        self.remove_session()
        self.engine.dispose()

    def upgrade(self) -> None:
        """Refuse: tables are changed by a person, after a backup.

        Raises:
            StorageError: always.
        """
        raise StorageError("vsearch changes no tables; make a backup and run: optuna storage upgrade --storage URL")

    def exclusive(self, study_id: int) -> AbstractContextManager[None]:
        """Run the body of `with` while no other process or thread is in the same study's `exclusive`.

        On SQLite it also keeps others from creating and claiming trials. Re-entrant in a thread. Keep it short: on
        PostgreSQL the lock is lost with its connection, and after 60 s (`idle_in_transaction_session_timeout`).

        Raises:
            StorageError: the lock cannot be had in time.
        """
        return self._lock.hold(study_id)

    def put_back(self, trial_id: int, *, is_lost: bool = False) -> None:
        """Make a running trial wait again with its number, parameters, attributes and reports, for the next `ask`.

        Whoever held it cannot write to it any more; `is_lost` counts that its worker was lost. A trial that waits
        already stays as it is.

        Raises:
            KeyError: there is no such trial.
            optuna.exceptions.UpdateFinishedTrialError: it is finished.
        """
        found = self._in_transaction(lambda connection: claims.put_back(connection, trial_id, is_lost=is_lost))
        self._fences.pop(trial_id, None)
        self._check_state(trial_id, found)

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        """Optuna's method; a waiting trial is handed to exactly one claimant, and a repeated `tell` succeeds."""
        if state == TrialState.RUNNING and values is None:
            return self._claim(trial_id)
        return super().set_trial_state_values(trial_id, state, values)

    def study_names(self) -> list[str]:
        """The names of all studies, oldest first."""
        return self._in_transaction(queries.study_names)

    def summaries(self) -> list[StudySummary]:
        """One summary per study, oldest first, in five queries."""
        return self._in_transaction(queries.summaries)

    def count_states(self, study_id: int) -> dict[TrialState, int]:
        """The number of trials in each of the five states, zeros included; all zero if there is no such study."""
        return self._in_transaction(lambda connection: queries.count_states(connection, study_id))

    def count_trials_with_attr(self, study_id: int, key: str, value: Any) -> int:
        """The number of trials, of any state, whose user attribute `key` equals `value` (as JSON)."""
        return self._in_transaction(lambda connection: queries.count_trials_with_attr(connection, study_id, key, value))

    def _claim(self, trial_id: int) -> bool:
        started = datetime.now(UTC).replace(tzinfo=None)
        self._fences.pop(trial_id, None)
        with self._claiming():
            found = self._in_transaction(lambda connection: claims.claim_waiting(connection, trial_id, started))
        return self._check_state(trial_id, found) == TrialState.WAITING

    def _check_state(self, trial_id: int, state: TrialState | None) -> TrialState:
        if state is None:
            raise KeyError(f"there is no trial with id {trial_id}")
        self.check_trial_is_updatable(trial_id, state)
        return state


def open_storage(url: str, *, create: bool = True, retry_seconds: float = 60) -> Storage:
    """The storage at `url`; with `create`, a database that holds no studies yet gets its tables.

    `retry_seconds`: for how long each call waits for a database that does not answer or is locked.

    Raises:
        InputError: `url` is not a SQLite file's or a PostgreSQL database's.
        StorageError: the database cannot be reached or used, or is missing and `create` is False.
    """
    return Storage(url, create=create, retry_seconds=retry_seconds)
