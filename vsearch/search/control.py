"""What a person does to a study: each change stands in the study's record, with who made it."""

import getpass
import logging
import os
import socket
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

from vsearch.errors import DataError, InputError, shorten
from vsearch.search import attributes
from vsearch.search.first import first_curves
from vsearch.search.planned import enqueue_planned, missing_trials, with_seeds
from vsearch.search.stored import StoredStudy, StudyState, enqueue, open_study, refreshed
from vsearch.search.trials import trial_results
from vsearch.spec.study import StudySpec
from vsearch.storage import ending
from vsearch.storage.audit import Entry, carry_out, write_study_attr
from vsearch.storage.checkpoints import CheckpointStore

CANCELLED = "cancelled"
"""The state of a cancelled study, and the reason of its trials."""
SHOWN_LEASES = 8

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

    Those of its first curves of which cancelling left nothing are queued again; of a plan, whatever is missing.

    Raises:
        InputError: the budget is out of its range.
    """
    return _go_on(
        study,
        lambda spec: spec.with_changes(**budget),
        lambda spec: ", ".join(f"{name} {getattr(spec, name)} -> {value}" for name, value in budget.items()),
    )


def more_seeds(study: StoredStudy, seeds: int, settled: Collection[str] | None = None) -> StoredStudy:
    """Let a planned study go on with so many seeds for each curve; its intervals stay valid under that.

    Args:
        settled: labels of curves that get no more; None: those that got no more before.

    Raises:
        InputError: the seeds are out of their range, or fewer than there are.
    """
    no_more = f", no more for {', '.join(sorted(settled))}" if settled else ""
    return _go_on(
        study,
        lambda spec: with_seeds(spec, seeds, settled),
        lambda spec: f"seeds {spec.seeds_per_curve} -> {seeds}{no_more}",
    )


def _go_on(
    study: StoredStudy, changed: Callable[[StudySpec], StudySpec], detail: Callable[[StudySpec], str]
) -> StoredStudy:
    """Let workers take trials of a study with a changed spec; `detail` tells the record what changes in a spec."""
    with study.storage.exclusive(study.study_id):
        study = refreshed(study)
        spec = _counted_on(study, changed(study.spec))
        text = spec.to_json()
        enqueue_missing(study, spec)

        def change(connection: Any) -> bool:
            has_changed = write_study_attr(connection, study.study_id, attributes.SPEC, text)
            return write_study_attr(connection, study.study_id, attributes.STATE, "open") or has_changed

        carry_out(study.storage, Entry(study.study_id, None, who(), "resume", detail(study.spec)), change)
    return open_study(study.storage, study.name)


def cancel(study: StoredStudy, checkpoints: CheckpointStore) -> list[int]:
    """End a study's running and waiting trials at once, as failed ones that count for nothing; gives their numbers.

    Whoever trains one of them notices within seconds, and can write nothing to it.
    """
    cancelled: list[int] = []
    author, study_id = who(), study.study_id
    detail = f"the study was cancelled by {author}"
    attrs = {attributes.REASON: CANCELLED, attributes.DETAIL: detail}

    def change(connection: Any) -> bool:
        has_changed = write_study_attr(connection, study_id, attributes.STATE, CANCELLED)
        cancelled[:] = ending.end_open_trials(connection, study_id, CANCELLED, detail, attrs)
        return has_changed or bool(cancelled)

    with study.storage.exclusive(study_id):
        carry_out(study.storage, Entry(study_id, None, author, "cancel", ""), change)
    _delete_checkpoints(study, checkpoints)
    return cancelled


def delete(study: StoredStudy, checkpoints: CheckpointStore, *, force: bool = False) -> None:
    """Remove a study for good, with its trials, its record and its checkpoints.

    Raises:
        InputError: workers train its trials, and `force` is not given.
    """
    with study.storage.exclusive(study.study_id):
        if not force:
            check_untrained(study)
        study.storage.delete_study(study.study_id)
    _delete_checkpoints(study, checkpoints)


def check_untrained(study: StoredStudy) -> None:
    """Make sure that nobody trains a trial of the study.

    Raises:
        InputError: workers hold leases; says which, and how to end that.
    """
    leases = [row for row in study.storage.running_leases(study.study_id) if row.fence and row.seconds_left > 0]
    if leases:
        trained = ", ".join(f"trial {row.number} by {row.worker}" for row in leases[:SHOWN_LEASES])
        more = f" and {len(leases) - SHOWN_LEASES} more" if len(leases) > SHOWN_LEASES else ""
        raise InputError(
            f"{study.name} is being trained ({trained}{more}); let that end with: vsearch study stop {study.name}, "
            f"end it at once with: vsearch study cancel {study.name}, or say --force"
        )


def enqueue_missing(study: StoredStudy, spec: StudySpec | None = None) -> None:
    """Queue what a study must have and has not: of its first curves, or of its plan.

    Cancelled and excluded trials do not count. In a plan neither do failed ones, unless they diverged: that is a
    result.

    Args:
        spec: its spec as it will be stored; by default as it is.
    """
    spec = spec or study.spec
    trials = [trial for trial in trial_results(study) if trial.counts]
    if spec.planned:
        kept = [trial for trial in trials if trial.state != "failed" or trial.reason == "diverged"]
        there = [(trial.label, trial.pair) for trial in kept if trial.pair is not None]
        enqueue_planned(study.optuna_study, missing_trials(spec, there))
        return
    known = [(trial.role, trial.curve) for trial in trials]
    for role, family, curve in first_curves(spec):
        if (role, curve) not in known:
            enqueue(study.optuna_study, spec, role, family, curve)


def _counted_on(study: StoredStudy, spec: StudySpec) -> StudySpec:
    """The spec; of a plan that gets more seeds when some of it is known, as one that was looked into."""
    is_longer = bool(spec.planned) and spec.trials > study.spec.trials
    if not is_longer or not any(trial.is_finished for trial in trial_results(study)):
        return spec
    return spec.with_changes(sequential=True)


def _close(study: StoredStudy, state: StudyState, action: str) -> bool:
    with study.storage.exclusive(study.study_id):
        if study.state == CANCELLED:
            raise InputError(f"{study.name} was cancelled; let it go on with: vsearch study resume {study.name}")
        return carry_out(
            study.storage,
            Entry(study.study_id, None, who(), action, ""),
            lambda connection: write_study_attr(connection, study.study_id, attributes.STATE, state),
        )


def _delete_checkpoints(study: StoredStudy, checkpoints: CheckpointStore) -> None:
    try:
        checkpoints.delete_study(study.name, study.study_id)
    except DataError as error:
        log.warning("the checkpoints of %s stay: %s", study.name, error)
