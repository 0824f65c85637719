"""All studies of a storage at a glance, without loading their trials."""

from typing import NamedTuple

from optuna.trial import TrialState

from vsearch.errors import InputError
from vsearch.search import attributes
from vsearch.search.damage import is_number, reading
from vsearch.spec.read import spec_from_json
from vsearch.storage import Storage, StudySummary


class Overview(NamedTuple):
    """One study in a list."""

    name: str
    state: str
    """`open`, `stopped`, `paused`, `cancelled`, `done`, `failed` (too many failed trials), or `foreign`: this vsearch
    cannot read it."""
    trials: int
    """The budget: finished and pruned trials."""
    running: int
    finished: int
    pruned: int
    failed: int
    waiting: int
    best: float | None
    """Highest validation accuracy of a finished trial, in [0, 1]."""
    best_trial: int | None
    excluded: int
    """By a person; not among the failed ones."""


def overviews(storage: Storage) -> list[Overview]:
    """Every study, in the order in which they were made."""
    rows = []
    all_excluded = storage.excluded_counts()
    with reading("a study"):
        summaries = storage.summaries()
    for summary in summaries:
        excluded = all_excluded.get(summary.study_id, 0)
        counts = {state: summary.counts.get(state, 0) for state in TrialState}
        counts[TrialState.FAIL] -= excluded
        state, trials = _budget(storage, summary, counts)
        rows.append(
            Overview(
                name=summary.name,
                state=state,
                trials=trials,
                running=counts[TrialState.RUNNING],
                finished=counts[TrialState.COMPLETE],
                pruned=counts[TrialState.PRUNED],
                failed=counts[TrialState.FAIL],
                waiting=counts[TrialState.WAITING],
                best=summary.best_value if is_number(summary.best_value) else None,
                best_trial=summary.best_number,
                excluded=excluded,
            )
        )
    return rows


def _budget(storage: Storage, summary: StudySummary, counts: dict[TrialState, int]) -> tuple[str, int]:
    try:
        spec = spec_from_json(summary.user_attrs[attributes.SPEC])
    except (KeyError, InputError):
        return "foreign", 0
    if spec.name != summary.name:
        return "foreign", 0
    is_over = not counts[TrialState.WAITING] and not counts[TrialState.RUNNING] if spec.planned else False
    if is_over or counts[TrialState.COMPLETE] + counts[TrialState.PRUNED] >= spec.trials:
        return "done", spec.trials
    if counts[TrialState.FAIL] >= spec.max_failed:  # seldom, so that the next query is too
        cancelled = storage.count_trials_with_attr(summary.study_id, attributes.REASON, "cancelled")
        if counts[TrialState.FAIL] - cancelled >= spec.max_failed:
            return "failed", spec.trials
    return str(summary.user_attrs.get(attributes.STATE, "open")), spec.trials
