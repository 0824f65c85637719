"""What a person does to a study and its trials; each change stands in the study's record, with who made it."""

import getpass
import logging
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from vsearch.curves import Curve
from vsearch.errors import DataError, InputError, shorten
from vsearch.search import attributes
from vsearch.search.first import first_curves
from vsearch.search.stored import StoredStudy, StudyState, enqueue, open_study, refreshed
from vsearch.search.trials import TrialResult, trial_results
from vsearch.storage import ending, exclusions
from vsearch.storage.audit import Entry, carry_out, write_study_attr
from vsearch.storage.checkpoints import CheckpointStore
from vsearch.storage.exclusions import Event

T = TypeVar("T")

CANCELLED = "cancelled"
MAX_REASON = 1000
"""Characters."""

log = logging.getLogger(__name__)


def who() -> str:
    """The user and the machine, `user@host`, for the record."""
    name = str(os.getuid()) if hasattr(os, "getuid") else "unknown"
    with suppress(KeyError, ImportError, OSError):  # a user without an entry in the system's list of users
        name = getpass.getuser()
    text = f"{name}@{socket.gethostname()}"
    return shorten("".join(mark if mark.isprintable() else "?" for mark in text), 256)


def stop(study: StoredStudy) -> bool:
    """Let running trials end, and begin no more; False if the study is stopped already.

    Raises:
        InputError: it was cancelled.
    """
    return _close(study, "stopped", "stop")


def pause(study: StoredStudy) -> bool:
    """Let workers put their trials back with their last epoch, and begin no more; False if it is paused already.

    Raises:
        InputError: it was cancelled.
    """
    return _close(study, "paused", "pause")


def resume(study: StoredStudy, **budget: float | None) -> StoredStudy:
    """Let workers take trials again, after any of the others, with another budget if one is given.

    Those of its first curves that were cancelled, or excluded, are queued again.

    Raises:
        InputError: the budget is out of its range.
    """
    with study.storage.exclusive(study.study_id):
        study = refreshed(study)
        spec = study.spec.with_changes(**budget)
        _enqueue_missing(study)
        changes = [f"{name} {getattr(study.spec, name)} -> {value}" for name, value in budget.items()]
        text, study_id = spec.to_json(), study.study_id
        carry_out(
            study.storage,
            Entry(study_id, None, who(), "resume", ", ".join(changes)),
            lambda connection: any(
                [
                    write_study_attr(connection, study_id, attributes.SPEC, text),
                    write_study_attr(connection, study_id, attributes.STATE, "open"),
                ]
            ),
        )
    return open_study(study.storage, study.name)


def cancel(study: StoredStudy, checkpoints: CheckpointStore) -> list[int]:
    """End a study's running and waiting trials at once, as failed ones that count for nothing; gives their numbers.

    Whoever trains one of them notices within seconds, and can write nothing to it.
    """
    detail, cancelled, study_id = f"the study was cancelled by {who()}", list[int](), study.study_id
    attrs = {attributes.REASON: CANCELLED, attributes.DETAIL: detail}

    with study.storage.exclusive(study_id):
        carry_out(
            study.storage,
            Entry(study_id, None, who(), "cancel", ""),
            lambda connection: any(
                [
                    write_study_attr(connection, study_id, attributes.STATE, CANCELLED),
                    _replace(cancelled, ending.end_open_trials(connection, study_id, CANCELLED, detail, attrs)),
                ]
            ),
        )
    _delete_checkpoints(study, checkpoints)
    return cancelled


def delete(study: StoredStudy, checkpoints: CheckpointStore, *, force: bool = False) -> None:
    """Remove a study for good, with its trials, its record and its checkpoints.

    Raises:
        InputError: workers train its trials, and `force` is not given.
    """
    with study.storage.exclusive(study.study_id):
        if not force:
            _check_untrained(study)
        study.storage.delete_study(study.study_id)
    _delete_checkpoints(study, checkpoints)


def exclude(study: StoredStudy, number: int, reason: str) -> StoredStudy:
    """Take an ended trial out of a study: the sampler, the pruner, `best` and the budget pass over it from now on.

    The baseline, or a curve of the paper, is queued again.

    Raises:
        InputError: there is no such trial, it has not ended, it counts for nothing already, or the reason is empty.
    """
    reason = _checked(reason)
    with study.storage.exclusive(study.study_id):
        _check_excludable(study, trial_of(study, number))

        def change(connection: exclusions.Connection) -> bool:
            exclusions.exclude(connection, study.study_id, number)
            return _write_excluded(connection, study.study_id)

        carry_out(study.storage, Entry(study.study_id, number, who(), "exclude", reason), change)
        study = refreshed(study)
        _enqueue_missing(study)
    return study


def include(study: StoredStudy, number: int) -> StoredStudy:
    """Take an excluded trial in again as it was; a trial that was queued in its place and waits is withdrawn.

    Raises:
        InputError: there is no such trial, or it is not excluded.
    """
    with study.storage.exclusive(study.study_id):
        trial = trial_of(study, number)
        if trial.state != "excluded":
            raise InputError(f"trial {number} of {study.name} is not excluded: it is {trial.state}")
        detail = f"trial {number} was included again"
        attrs = {attributes.REASON: CANCELLED, attributes.DETAIL: detail}
        replacements = _replacements(study, trial)

        def change(connection: exclusions.Connection) -> bool:
            exclusions.include(connection, study.study_id, number)
            ending.end_open_trials(connection, study.study_id, CANCELLED, detail, attrs, only=replacements)
            return _write_excluded(connection, study.study_id)

        carry_out(study.storage, Entry(study.study_id, number, who(), "include", ""), change)
    return refreshed(study)


def events(study: StoredStudy) -> list[Event]:
    """What people did to a study and its trials, oldest first."""
    return study.storage.events(study.study_id)


def trial_of(study: StoredStudy, number: int) -> TrialResult:
    """One trial of a study.

    Raises:
        InputError: there is none of that number.
    """
    trials = trial_results(refreshed(study))
    if not 0 <= number < len(trials):
        there = f"it has trials 0 to {len(trials) - 1}" if trials else "it has no trials"
        raise InputError(f"{study.name} has no trial {shorten(str(number), 20)}; {there}")
    return trials[number]


def _close(study: StoredStudy, state: StudyState, action: str) -> bool:
    with study.storage.exclusive(study.study_id):
        if study.state == CANCELLED:
            raise InputError(f"{study.name} was cancelled; let it go on with: vsearch study resume {study.name}")
        return carry_out(
            study.storage,
            Entry(study.study_id, None, who(), action, ""),
            lambda connection: write_study_attr(connection, study.study_id, attributes.STATE, state),
        )


def _check_untrained(study: StoredStudy) -> None:
    leases = [row for row in study.storage.running_leases(study.study_id) if row.fence and row.seconds_left > 0]
    if leases:
        trained = ", ".join(f"trial {row.number} by {row.worker}" for row in leases[:8])
        raise InputError(
            f"{study.name} is being trained ({trained}{' …' if len(leases) > 8 else ''}); end that first with: "
            f"vsearch study cancel {study.name}, or say --force"
        )


def _check_excludable(study: StoredStudy, trial: TrialResult) -> None:
    if trial.state in ("waiting", "running"):
        raise InputError(f"trial {trial.number} of {study.name} is {trial.state}; only a trial that has ended is excluded")
    if trial.state == "excluded":
        raise InputError(f"trial {trial.number} of {study.name} is excluded already")
    if trial.reason == CANCELLED:
        raise InputError(f"trial {trial.number} of {study.name} was cancelled; it counts for nothing already")


def _checked(reason: str) -> str:
    plain = " ".join(reason.split())
    if not plain or not plain.isprintable() or len(plain) > MAX_REASON:
        raise InputError(f"the reason is {shorten(ascii(reason))}; give a sentence of 1 to {MAX_REASON} characters")
    return plain


def _enqueue_missing(study: StoredStudy) -> None:
    """Queue those of the study's first curves again that nothing is left of."""
    there = [(trial.role, trial.curve) for trial in trial_results(study) if _counts(trial)]
    for role, family, curve in first_curves(study.spec):
        if (role, curve) not in there:
            enqueue(study.optuna_study, study.spec, role, family, curve)


def _replacements(study: StoredStudy, trial: TrialResult) -> list[int]:
    """The trials that wait, never begun, to train a given curve in place of that trial."""
    if trial.role == "search":
        return []
    of_curve: Callable[[Curve | None], bool] = lambda curve: curve == trial.curve  # noqa: E731
    trials = trial_results(refreshed(study))
    return [t.number for t in trials if t.state == "waiting" and t.role == trial.role and of_curve(t.curve) and not t.seeds]


def _counts(trial: TrialResult) -> bool:
    return trial.state != "excluded" and trial.reason != CANCELLED


def _write_excluded(connection: exclusions.Connection, study_id: int) -> bool:
    """Tell running workers: their caches of ended trials know of none of this."""
    numbers = sorted(exclusions.excluded_states(connection, study_id))
    return write_study_attr(connection, study_id, attributes.EXCLUDED, numbers)


def _delete_checkpoints(study: StoredStudy, checkpoints: CheckpointStore) -> None:
    try:
        checkpoints.delete_study(study.name, study.study_id)
    except DataError as error:
        log.warning("the checkpoints of %s stay: %s", study.name, error)


def _replace(target: list[int], found: list[int]) -> bool:
    target[:] = found
    return bool(found)
