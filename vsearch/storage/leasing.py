"""Optuna's storage with leases: only the worker that holds a running trial writes to it."""

import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy
from optuna.distributions import BaseDistribution
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.orm import Session

from vsearch.errors import LeaseLost, StorageError
from vsearch.storage import attempts, claims, ending, leases
from vsearch.storage.attempts import Attempt
from vsearch.storage.claims import Limit
from vsearch.storage.engine import Target
from vsearch.storage.leases import LeaseRow
from vsearch.storage.retrying import RetryingStorage

T = TypeVar("T")

DELETE_TRIES = 5


class LeasingStorage(RetryingStorage):
    """Writes to a trial that was taken here carry its fence, and are refused once another worker has the trial.

    Trials that were not taken through `take_lease` are written as in any other storage of Optuna.
    """

    def __init__(self, target: Target, retry_seconds: float) -> None:
        super().__init__(target, retry_seconds)
        self._fences: dict[int, int] = {}
        self._writing = threading.local()
        check = weakref.WeakMethod(self._before_commit)  # SQLAlchemy keeps listeners for ever

        def before_commit(session: Session) -> None:
            if (checked := check()) is not None:
                checked(session)

        sqlalchemy.event.listen(self.scoped_session, "before_commit", before_commit)

    def in_transaction(self, work: Callable[[sqlalchemy.Connection], T]) -> T:
        """The result of `work`, which must bear being done twice.

        Raises:
            StorageError: the database refuses, or stays away for as long as calls are repeated.
        """

        def attempt() -> T:
            with self.engine.begin() as connection:
                return work(connection)

        return self._retry.run(attempt)

    def take_lease(self, study_id: int, trial_id: int, worker: str, seconds: float, device: str = "") -> int:
        """Hold a running trial that nobody holds; gives its fence, a number that grows with each taking.

        Raises:
            LeaseLost: another worker holds it, or it does not run.
        """
        fence = self.in_transaction(
            lambda connection: leases.take(connection, study_id, trial_id, worker, seconds, device)
        )
        if fence is None:
            raise LeaseLost(f"trial {trial_id} is not free to be taken")
        self._fences[trial_id] = fence
        return fence

    def renew_lease(self, trial_id: int, seconds: float, epoch: int = 0, speed: float = 0.0) -> None:
        """Let the lease of a trial that was taken here last for so many seconds from now.

        Args:
            epoch: finished epochs, for who looks at the workers; `speed`: images/s of the last one.

        Raises:
            LeaseLost: another worker has taken the trial meanwhile, or it was put back.
        """
        fence = self._fences.get(trial_id, 0)
        if not self.in_transaction(lambda connection: leases.renew(connection, trial_id, fence, seconds, epoch, speed)):
            raise _lost(trial_id)

    def running_leases(self, study_id: int | None = None) -> list[LeaseRow]:
        """The leases of running trials, of one study or of all; without a lease a trial appears with fence 0."""
        return self.in_transaction(lambda connection: leases.running(connection, study_id))

    def attempts(self, trial_id: int) -> list[Attempt]:
        """Each time that a worker took a trial, first to last."""
        return self.in_transaction(lambda connection: attempts.of_trial(connection, trial_id))

    def put_back(
        self,
        trial_id: int,
        reason: str,
        detail: str = "",
        limit: Limit | None = None,
        claimed_attr: str | None = None,
    ) -> TrialState:
        """Make a running trial wait again with its number, parameters, attributes and reports, for the next `ask`.

        Whoever held it cannot write to it any more; its attempt ended for that reason. A trial that waits already stays
        as it is. One that crashed as often as `limit` says fails instead: FAIL is given in place of WAITING. One
        without the user attribute `claimed_attr`, whose claim broke off, loses its parameters.

        Raises:
            KeyError: there is no such trial.
            optuna.exceptions.UpdateFinishedTrialError: it had ended before.
        """
        found = self.in_transaction(
            lambda connection: claims.put_back(connection, trial_id, reason, detail, limit, claimed_attr)
        )
        if found == TrialState.FAIL and limit is not None:
            return found
        return self._check_state(trial_id, found)

    def forget_rung(self, trial_id: int, value: float) -> None:
        """Let the pruner judge a trial that is held here at its last rung again, if it reached that with this value.

        Raises:
            LeaseLost: another worker has it.
        """

        def forget(connection: sqlalchemy.Connection) -> None:
            self._check_fence(connection, trial_id)
            claims.forget_rung(connection, trial_id, value)

        self.in_transaction(forget)

    def write_attrs(self, trial_id: int, attrs: Mapping[str, Any]) -> None:
        """Set many user attributes of an open trial at once, for its holder.

        Raises:
            LeaseLost: it was taken here, and another worker has it by now.
            KeyError, optuna.exceptions.UpdateFinishedTrialError: there is no such trial, or it has ended.
        """

        def write(connection: sqlalchemy.Connection) -> None:
            state = ending.state_of(connection, trial_id)
            self._check_fence(connection, trial_id)
            self._check_state(trial_id, state)
            ending.write_attrs(connection, trial_id, attrs)

        self.in_transaction(write)

    def end_trial(
        self,
        trial_id: int,
        state: TrialState,
        value: float | None,
        reason: str,
        detail: str = "",
        attrs: Mapping[str, Any] | None = None,
    ) -> None:
        """Give a trial that was taken here its last attributes and its final state, in one transaction.

        Raises:
            LeaseLost: another worker has it by now.
        """
        fence = self._fences.get(trial_id, 0)

        def end(connection: sqlalchemy.Connection) -> None:
            found = ending.state_of(connection, trial_id)
            if found == state and ending.has_ended_so(connection, trial_id, fence, reason):
                return  # our own call, whose answer was lost
            self._check_fence(connection, trial_id, fence)
            ending.write_attrs(connection, trial_id, attrs or {})
            ending.end_trial(connection, trial_id, state, value, reason, detail)

        self.in_transaction(end)
        self._fences.pop(trial_id, None)

    def _create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> FrozenTrial:
        trial = super()._create_new_trial(study_id, template_trial)
        self._fences.pop(trial._trial_id, None)  # SQLite gives the id of a deleted trial again
        return trial

    def delete_study(self, study_id: int) -> None:
        """Optuna's method; the leases of its trials go before it, so that no worker writes to them meanwhile.

        Raises:
            StorageError: somebody else went on writing to it; it is still there.
        """
        for _ in range(DELETE_TRIES):
            self.in_transaction(lambda connection: leases.forget_study(connection, study_id))
            super().delete_study(study_id)
            if not self._has_study(study_id):
                break  # of a row that was written meanwhile Optuna says nothing, and deletes nothing
        else:
            raise StorageError(f"study {study_id} is still there: others write to it; stop them, and delete it again")
        self.in_transaction(lambda connection: leases.forget_study(connection, study_id))

    def _has_study(self, study_id: int) -> bool:
        try:
            self.get_study_name_from_id(study_id)
        except KeyError:
            return False
        return True

    def _set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: BaseDistribution,
        previous_distribution: BaseDistribution | None,
    ) -> None:
        with self._fenced(trial_id):
            super()._set_trial_param(trial_id, param_name, param_value_internal, distribution, previous_distribution)

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
        with self._fenced(trial_id, state.name.lower() if state.is_finished() else None):
            changed = super().set_trial_state_values(trial_id, state, values)
        if state.is_finished():
            self._fences.pop(trial_id, None)
        return changed

    @contextmanager
    def _fenced(self, trial_id: int, end: str | None = None) -> Iterator[None]:
        """Inside the block what Optuna commits is committed only if the trial is still held here.

        Raises:
            LeaseLost: another worker has it.
        """
        if trial_id not in self._fences:
            yield
            return
        self._writing.trial = (trial_id, end)
        try:
            yield
        except UpdateFinishedTrialError:
            raise LeaseLost(f"trial {trial_id} was ended by somebody else; what this worker found is dropped") from None
        except KeyError:
            raise LeaseLost(f"trial {trial_id} was deleted; what this worker found is dropped") from None
        finally:
            self._writing.trial = None

    def _before_commit(self, session: Session) -> None:
        """Called in Optuna's transaction: the check and the write succeed or fail together."""
        trial_id, end = getattr(self._writing, "trial", None) or (None, None)
        if trial_id is None or not session.in_transaction():
            return
        session.flush()  # on SQLite the write comes first: it keeps others from changing the lease
        connection = session.connection()
        if end is not None and ending.has_ended_so(connection, trial_id, self._fences.get(trial_id, 0), end):
            return
        self._check_fence(connection, trial_id)
        if end is not None:
            leases.end(connection, trial_id, end)

    def _check_fence(self, connection: sqlalchemy.Connection, trial_id: int, fence: int | None = None) -> None:
        fence = self._fences.get(trial_id) if fence is None else fence
        if fence is not None and not leases.is_held(connection, trial_id, fence):
            raise _lost(trial_id)

    def _check_state(self, trial_id: int, state: TrialState | None) -> TrialState:
        if state is None:
            raise KeyError(f"there is no trial with id {trial_id}")
        self.check_trial_is_updatable(trial_id, state)
        return state


def _lost(trial_id: int) -> LeaseLost:
    return LeaseLost(f"trial {trial_id} was given to another worker; what this one found is dropped")
