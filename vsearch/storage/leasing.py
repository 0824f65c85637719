"""Optuna's storage with leases: only the worker that holds a running trial writes to it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy
from optuna.trial import FrozenTrial, TrialState

from vsearch.errors import LeaseLost
from vsearch.storage import leases
from vsearch.storage.engine import Target, let_go
from vsearch.storage.leases import LeaseRow
from vsearch.storage.lock import WHOLE_DATABASE
from vsearch.storage.retrying import RetryingStorage

T = TypeVar("T")


class LeasingStorage(RetryingStorage):
    """Writes to a trial that was taken here carry its fence, and are refused once another worker has the trial.

    Trials that were not taken through `take_lease` are written as in any other storage of Optuna.
    """

    def __init__(self, target: Target, retry_seconds: float) -> None:
        super().__init__(target, retry_seconds)
        self._fences: dict[int, int] = {}

    def take_lease(self, study_id: int, trial_id: int, worker: str, seconds: float) -> int:
        """Hold a running trial that nobody holds; gives its fence, a number that grows with each taking.

        Raises:
            LeaseLost: another worker holds it, or it does not run.
        """
        fence = self._in_transaction(lambda connection: leases.take(connection, study_id, trial_id, worker, seconds))
        if fence is None:
            raise LeaseLost(f"trial {trial_id} is not free to be taken")
        self._fences[trial_id] = fence
        return fence

    def renew_lease(self, trial_id: int, seconds: float) -> None:
        """Let the lease of a trial that was taken here last for so many seconds from now.

        Raises:
            LeaseLost: another worker has taken the trial meanwhile, or it was put back.
        """
        fence = self._fences.get(trial_id, 0)
        if not self._in_transaction(lambda connection: leases.renew(connection, trial_id, fence, seconds)):
            raise self._lost(trial_id)

    def running_leases(self, study_id: int | None = None) -> list[LeaseRow]:
        """The leases of running trials, of one study or of all; without a lease a trial appears with fence 0."""
        return self._in_transaction(lambda connection: leases.running(connection, study_id))

    def _create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> FrozenTrial:
        trial = super()._create_new_trial(study_id, template_trial)
        self._fences.pop(trial._trial_id, None)  # SQLite gives the id of a deleted trial again
        return trial

    def delete_study(self, study_id: int) -> None:
        """Optuna's method; the leases of its trials go with it."""
        super().delete_study(study_id)
        self._in_transaction(lambda connection: leases.forget_study(connection, study_id))

    def set_trial_intermediate_value(self, trial_id: int, step: int, intermediate_value: float) -> None:
        """Optuna's method, for the holder of the trial."""
        with self._fenced(trial_id):
            super().set_trial_intermediate_value(trial_id, step, intermediate_value)

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Optuna's method, for the holder of the trial."""
        with self._fenced(trial_id):
            super().set_trial_user_attr(trial_id, key, value)

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Optuna's method, for the holder of the trial."""
        with self._fenced(trial_id):
            super().set_trial_system_attr(trial_id, key, value)

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        """Optuna's method, for the holder of the trial; a final state ends the lease."""
        with self._fenced(trial_id):
            changed = super().set_trial_state_values(trial_id, state, values)
        if state.is_finished():
            self._fences.pop(trial_id, None)
        return changed

    @contextmanager
    def _fenced(self, trial_id: int) -> Iterator[None]:
        """Inside the block nobody takes the trial away.

        Raises:
            LeaseLost: somebody has done so before.
        """
        fence = self._fences.get(trial_id)
        if fence is None:
            yield
        elif self._is_file:
            with self._lock.hold(WHOLE_DATABASE):
                if not self._in_transaction(lambda connection: leases.is_held(connection, trial_id, fence)):
                    raise self._lost(trial_id)
                yield
        else:
            connection = self._retry.run(lambda: self._share_lease(trial_id, fence))
            try:
                yield
            finally:
                let_go(connection)

    def _share_lease(self, trial_id: int, fence: int) -> sqlalchemy.Connection:
        """A connection whose transaction keeps the row of the lease as it is."""
        connection = self.engine.connect()
        try:
            if not leases.is_held(connection, trial_id, fence):
                raise self._lost(trial_id)
        except BaseException:
            connection.close()
            raise
        return connection

    def _lost(self, trial_id: int) -> LeaseLost:
        self._fences.pop(trial_id, None)
        return LeaseLost(f"trial {trial_id} was given to another worker; what this one found is dropped")

    def _in_transaction(self, work: Callable[[sqlalchemy.Connection], T]) -> T:
        """The result of `work`, which must bear being done twice."""

        def attempt() -> T:
            with self.engine.begin() as connection:
                return work(connection)

        return self._retry.run(attempt)
