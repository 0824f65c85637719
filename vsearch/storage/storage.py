"""The storage that the rest of vsearch uses: opening, claims of trials, and reads that load no trials."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, NoReturn

from optuna.trial import TrialState

from vsearch.errors import StorageError
from vsearch.storage import attempts, claims, exclusions, pictures, queries, workers
from vsearch.storage.attempts import Spent
from vsearch.storage.engine import target_of
from vsearch.storage.exclusions import Event
from vsearch.storage.filesystem import check_file
from vsearch.storage.leasing import LeasingStorage
from vsearch.storage.pictures import Drawing
from vsearch.storage.queries import StudySummary, Tally
from vsearch.storage.retry import Retry
from vsearch.storage.schema import check_revision, prepare_tables
from vsearch.storage.url import parse_url
from vsearch.storage.workers import WorkerRow


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
        raise StorageError(
            "tables in use are not changed; make a backup, stop all workers and run: vsearch storage upgrade"
        )

    def exclusive(self, study_id: int) -> AbstractContextManager[None]:
        """Run the body of `with` while no other process or thread is in the same study's `exclusive`.

        On SQLite it also keeps others from creating and claiming trials. Re-entrant in a thread. Keep it short: on
        PostgreSQL the lock is lost with its connection, and after 60 s (`idle_in_transaction_session_timeout`).

        Raises:
            StorageError: the lock cannot be had in time.
        """
        return self._lock.hold(study_id)

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        """Optuna's method; a waiting trial is handed to exactly one claimant, and a repeated `tell` succeeds."""
        if state == TrialState.RUNNING and values is None:
            return self._claim(trial_id)
        return super().set_trial_state_values(trial_id, state, values)

    def study_names(self) -> list[str]:
        """The names of all studies, oldest first."""
        return self.in_transaction(queries.study_names)

    def summaries(self) -> list[StudySummary]:
        """One summary per study, oldest first, in five queries."""
        return self.in_transaction(queries.summaries)

    def tally(self, study_id: int) -> Tally:
        """How many trials are done, run, wait and failed, in a time that does not grow with those that are done."""
        return self.in_transaction(lambda connection: queries.tally(connection, study_id))

    def count_trials_with_attr(self, study_id: int, key: str, value: Any, *, with_failed: bool = True) -> int:
        """The number of trials whose user attribute `key` equals `value` (as JSON)."""
        return self.in_transaction(
            lambda connection: queries.count_trials_with_attr(connection, study_id, key, value, with_failed=with_failed)
        )

    def spent(self, study_id: int) -> Spent:
        """What a study has spent so far, lost attempts included."""
        return self.in_transaction(lambda connection: attempts.spent(connection, study_id))

    def held_seconds(self, study_id: int) -> dict[int, float]:
        """The time for which workers held each trial of a study, lost attempts included, by the trial's number."""
        return self.in_transaction(lambda connection: attempts.held_seconds(connection, study_id))

    def is_next_begun(self, study_id: int) -> bool | None:
        """Whether the trial that waits first has been trained before; None if none waits."""
        return self.in_transaction(lambda connection: attempts.next_waiting(connection, study_id))

    def enter_worker(self, worker: str, host: str, pid: int, device: str) -> None:
        """Note that a worker has started."""
        self.in_transaction(lambda connection: workers.enter(connection, worker, host, pid, device))

    def beat_worker(self, worker: str) -> str:
        """Note a worker's sign of life; what it is asked to do (`drain`), empty for nothing."""
        return self.in_transaction(lambda connection: workers.beat(connection, worker))

    def leave_worker(self, worker: str) -> None:
        """Forget a worker that has ended."""
        self.in_transaction(lambda connection: workers.leave(connection, worker))

    def drain_workers(self, host_or_worker: str) -> list[str]:
        """Ask a worker, or all workers of a host, to end; gives their names."""
        return self.in_transaction(lambda connection: workers.drain(connection, host_or_worker))

    def workers(self) -> list[WorkerRow]:
        """The workers that have not ended in order, oldest first."""
        return self.in_transaction(workers.all_workers)

    def count_excluded(self, study_id: int) -> int:
        """The number of trials that were excluded from a study."""
        return self.in_transaction(lambda connection: exclusions.count(connection, study_id))

    def excluded_states(self, study_id: int) -> dict[int, TrialState]:
        """The numbers of the trials that were excluded from a study, and the states in which they ended."""
        return self.in_transaction(lambda connection: exclusions.excluded_states(connection, study_id))

    def excluded_counts(self) -> dict[int, int]:
        """The number of excluded trials of each study that has any, by the study's id."""
        return self.in_transaction(exclusions.counts)

    def events(self, study_id: int) -> list[Event]:
        """What people did to a study and its trials, oldest first."""
        return self.in_transaction(lambda connection: exclusions.events(connection, study_id))

    def drawing(self, study_id: int) -> Drawing:
        """When the pictures of a study were last drawn."""
        return self.in_transaction(lambda connection: pictures.drawing(connection, study_id))

    def take_drawing(self, study_id: int, holder: str, lease_seconds: float) -> bool:
        """Get the right to draw a study's pictures; False if somebody else has it, or the study is gone."""
        return self.in_transaction(lambda connection: pictures.take(connection, study_id, holder, lease_seconds))

    def release_drawing(self, study_id: int, holder: str) -> None:
        """Give the right to draw back without having drawn."""
        self.in_transaction(lambda connection: pictures.release(connection, study_id, holder))

    def write_drawing(
        self,
        study_id: int,
        holder: str,
        state: str,
        seconds: float,
        change: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    ) -> bool:
        """Exchange all that a dashboard keeps of a study in one transaction: see `pictures.write`."""
        return self.in_transaction(
            lambda connection: pictures.write(connection, study_id, holder, state, seconds, change)
        )

    def trial_ids(self, study_id: int) -> dict[int, int]:
        """The ids of a study's trials by their numbers."""
        return self.in_transaction(lambda connection: pictures.trial_ids(connection, study_id))

    def study_attr(self, study_id: int, key: str) -> Any:
        """One user attribute of a study, without reading the others; None if it is not set."""
        return self.in_transaction(lambda connection: queries.study_attr(connection, study_id, key))

    def attr_of_studies(self, key: str) -> dict[int, str]:
        """One user attribute of all studies that have it, by their ids, as JSON text that nobody has checked."""
        return self.in_transaction(lambda connection: queries.attr_of_studies(connection, key))

    def _claim(self, trial_id: int) -> bool:
        started = datetime.now(UTC).replace(tzinfo=None)
        self._fences.pop(trial_id, None)
        with self._claiming():
            found = self.in_transaction(lambda connection: claims.claim_waiting(connection, trial_id, started))
        return self._check_state(trial_id, found) == TrialState.WAITING


def open_storage(url: str, *, create: bool = True, retry_seconds: float = 60) -> Storage:
    """The storage at `url`; with `create`, a database that holds no studies yet gets its tables.

    `retry_seconds`: for how long each call waits for a database that does not answer or is locked.

    Raises:
        InputError: `url` is not a SQLite file's or a PostgreSQL database's.
        StorageError: the database cannot be reached or used, or is missing and `create` is False.
    """
    return Storage(url, create=create, retry_seconds=retry_seconds)
