"""Optuna's database storage with calls that are repeated when the connection fails, and change nothing twice."""

import threading
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from optuna.distributions import BaseDistribution
from optuna.exceptions import DuplicatedStudyError, UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from vsearch.errors import StorageError
from vsearch.storage.bulk import read_trials
from vsearch.storage.engine import Target
from vsearch.storage.failure import classify
from vsearch.storage.lock import WHOLE_DATABASE, claim_lock
from vsearch.storage.retry import Retry

P = ParamSpec("P")
T = TypeVar("T")


def _retried(method: Callable[Concatenate[RDBStorage, P], T]) -> Callable[Concatenate["RetryingStorage", P], T]:
    """Optuna's method, repeated while the database fails for a passing reason. Only for what may be done twice."""

    @wraps(method)
    def call(self: "RetryingStorage", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._retry.run(lambda: method(self, *args, **kwargs))

    return call


class RetryingStorage(RDBStorage):
    """Optuna's storage on a database that has its tables; each call waits up to `retry_seconds` for the database.

    Raises:
        StorageError: by every call, when the database stays away or refuses.
    """

    def __init__(self, target: Target, retry_seconds: float) -> None:
        begin = super().__init__
        Retry(target.location, retry_seconds).run(
            lambda: begin(
                target.url_template(), target.engine_settings(), skip_compatibility_check=True, skip_table_creation=True
            )
        )
        self.location = target.location
        self._retry = Retry(target.location, retry_seconds, after_failure=self.remove_session)
        self._lock = claim_lock(target, self.engine, self._retry)
        self._is_file = target.path is not None
        self._new_trial = threading.local()

    @contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        """Inside the block calls are repeated for so many seconds only; 0: each is tried once."""
        former, self._retry.seconds = self._retry.seconds, seconds
        try:
            yield
        finally:
            self._retry.seconds = former

    def _claiming(self) -> AbstractContextManager[None]:
        # PostgreSQL locks the rows by itself.
        return self._lock.hold(WHOLE_DATABASE) if self._is_file else nullcontext()

    def create_new_study(self, directions: Sequence[StudyDirection], study_name: str | None = None) -> int:
        """Optuna's method; a repeated call finds the study that the first one stored."""
        create = super().create_new_study
        was_taken = study_name is not None and any(study.study_name == study_name for study in self.get_all_studies())

        def create_again() -> int:
            try:
                return create(directions, study_name)
            except DuplicatedStudyError:
                if was_taken or study_name is None:
                    raise
                return self.get_study_id_from_name(study_name)

        return self._retry.run(lambda: create(directions, study_name), create_again)

    def delete_study(self, study_id: int) -> None:
        """Optuna's method; a repeated call accepts that the first one deleted the study."""
        delete = super().delete_study

        def delete_again() -> None:
            try:
                delete(study_id)
            except KeyError:
                return

        self._retry.run(lambda: delete(study_id), delete_again)

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        """Optuna's method; a repeated call accepts that the first one finished the trial."""
        store = super().set_trial_state_values

        def store_again() -> bool:
            try:
                return store(trial_id, state, values)
            except UpdateFinishedTrialError:
                stored = self.get_trial(trial_id)
                if stored.state == state and (values is None or list(values) == stored.values):
                    return True
                raise

        return self._retry.run(lambda: store(trial_id, state, values), store_again)

    # Optuna's cache calls the following private methods instead of the public ones, so these are the ones that must
    # repeat; there is no public place for it.

    def _create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> FrozenTrial:
        create = super()._create_new_trial
        self._new_trial.__dict__.clear()
        with self._claiming():
            return self._retry.run(lambda: create(study_id, template_trial))

    def _get_prepared_new_trial(self, study_id: int, template_trial: FrozenTrial | None, session: Session) -> Any:
        """Optuna's method, called inside the transaction; after a lost acknowledgement it finds the stored trial."""
        known = self._new_trial.__dict__
        if "trial_id" in known and not self._is_file:
            # PostgreSQL never gives an id twice, so what has this one is ours. (SQLite does, but loses no answers.)
            stored = session.get(known["model"], known["trial_id"])
            if stored is not None:
                return stored
        try:
            trial = super()._get_prepared_new_trial(study_id, template_trial, session)
        except DBAPIError as error:
            failure = classify(error)
            if failure is None or failure.is_transient:
                raise
        else:
            known.update(model=type(trial), trial_id=trial.trial_id)
            return trial
        # Optuna would try five times, up to 8 s, what cannot succeed.
        raise StorageError(f"database {self.location}: {failure.reason}")

    def _set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: BaseDistribution,
        previous_distribution: BaseDistribution | None,
    ) -> None:
        store = super()._set_trial_param
        self._retry.run(lambda: store(trial_id, param_name, param_value_internal, distribution, previous_distribution))

    def _get_trials(
        self,
        study_id: int,
        states: Container[TrialState] | None,
        included_trial_ids: set[int],
        trial_id_greater_than: int,
    ) -> list[FrozenTrial]:
        """What Optuna's method gives, without its ORM: 5,000 trials took it nine seconds."""

        def read() -> list[FrozenTrial]:
            with self.engine.connect() as connection:
                return read_trials(connection, study_id, states, included_trial_ids, trial_id_greater_than)

        return self._retry.run(read)

    _get_best_trial_id = _retried(RDBStorage._get_best_trial_id)

    # The rest of what Optuna calls; all of it may be done twice.

    set_study_user_attr = _retried(RDBStorage.set_study_user_attr)
    set_study_system_attr = _retried(RDBStorage.set_study_system_attr)
    get_study_id_from_name = _retried(RDBStorage.get_study_id_from_name)
    get_study_name_from_id = _retried(RDBStorage.get_study_name_from_id)
    get_study_directions = _retried(RDBStorage.get_study_directions)
    get_study_user_attrs = _retried(RDBStorage.get_study_user_attrs)
    get_study_system_attrs = _retried(RDBStorage.get_study_system_attrs)
    get_all_studies = _retried(RDBStorage.get_all_studies)
    set_trial_intermediate_value = _retried(RDBStorage.set_trial_intermediate_value)
    set_trial_user_attr = _retried(RDBStorage.set_trial_user_attr)
    set_trial_system_attr = _retried(RDBStorage.set_trial_system_attr)
    get_trial = _retried(RDBStorage.get_trial)
    get_trial_param = _retried(RDBStorage.get_trial_param)
    get_trial_user_attrs = _retried(RDBStorage.get_trial_user_attrs)
    get_trial_system_attrs = _retried(RDBStorage.get_trial_system_attrs)
    get_trial_id_from_study_id_trial_number = _retried(RDBStorage.get_trial_id_from_study_id_trial_number)
