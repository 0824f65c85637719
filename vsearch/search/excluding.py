"""Taking ended trials out of a study, and in again."""

from typing import Any

from vsearch.errors import InputError, shorten
from vsearch.search import attributes
from vsearch.search.control import CANCELLED, enqueue_missing, who
from vsearch.search.stored import StoredStudy, refreshed
from vsearch.search.trials import TrialResult, trial_of, trial_results
from vsearch.storage import ending, exclusions
from vsearch.storage.audit import Entry, carry_out, write_study_attr

MAX_REASON = 1000
"""Characters."""


def exclude(study: StoredStudy, number: int, reason: str) -> StoredStudy:
    """Take an ended trial out of a study: the sampler, the pruner, `best` and the budget pass over it from now on.

    The baseline, or a curve of the paper, is queued again.

    Raises:
        InputError: there is no such trial, it has not ended, it counts for nothing already, or the reason is empty.
    """
    reason = _checked(reason)

    def change(connection: Any) -> bool:
        exclusions.exclude(connection, study.study_id, number)
        return _tell_workers(connection, study.study_id)

    with study.storage.exclusive(study.study_id):
        _check_excludable(study, trial_of(study, number))
        carry_out(study.storage, Entry(study.study_id, number, who(), "exclude", reason), change)
        study = refreshed(study)
        enqueue_missing(study)
    return study


def include(study: StoredStudy, number: int) -> StoredStudy:
    """Take an excluded trial in again as it was; one that was queued in its place and has not begun is withdrawn.

    Raises:
        InputError: there is no such trial, or it is not excluded.
    """
    detail = f"trial {number} was included again"
    attrs = {attributes.REASON: CANCELLED, attributes.DETAIL: detail}
    replacements: list[int] = []

    def change(connection: Any) -> bool:
        exclusions.include(connection, study.study_id, number)
        ending.end_open_trials(connection, study.study_id, CANCELLED, detail, attrs, only=replacements)
        return _tell_workers(connection, study.study_id)

    with study.storage.exclusive(study.study_id):
        trial = trial_of(study, number)
        if trial.state != "excluded":
            raise InputError(f"trial {number} of {study.name} is not excluded: it is {trial.state}")
        replacements += _replacements(study, trial)
        carry_out(study.storage, Entry(study.study_id, number, who(), "include", ""), change)
    return refreshed(study)


def _checked(reason: str) -> str:
    plain = " ".join(reason.split())
    if not plain or not plain.isprintable() or len(plain) > MAX_REASON:
        raise InputError(f"the reason is {shorten(ascii(reason))}; give a sentence of 1 to {MAX_REASON} characters")
    return plain


def _check_excludable(study: StoredStudy, trial: TrialResult) -> None:
    which = f"trial {trial.number} of {study.name}"
    if trial.state in ("waiting", "running"):
        raise InputError(f"{which} is {trial.state}; only one that has ended can be excluded")
    if trial.state == "excluded":
        raise InputError(f"{which} is excluded already")
    if not trial.counts:
        raise InputError(f"{which} was cancelled; it counts for nothing already")


def _replacements(study: StoredStudy, trial: TrialResult) -> list[int]:
    """The trials that wait, without seeds as none has begun, to train that given curve again."""
    if trial.role == "search":
        return []
    known = (trial.role, trial.curve, trial.pair)
    same = [t for t in trial_results(study) if (t.role, t.curve, t.pair) == known]
    return [t.number for t in same if t.state == "waiting" and not t.seeds]


def _tell_workers(connection: Any, study_id: int) -> bool:
    """Their caches of ended trials know nothing of what was changed; they look at this list."""
    numbers = sorted(exclusions.excluded_states(connection, study_id))
    return write_study_attr(connection, study_id, attributes.EXCLUDED, numbers)
