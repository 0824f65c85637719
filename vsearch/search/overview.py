"""All studies of a storage at a glance, without loading their trials."""

from typing import NamedTuple

from optuna.trial import TrialState

from vsearch.errors import InputError
from vsearch.search import attributes
from vsearch.search.damage import is_number, reading
from vsearch.spec.read import spec_from_json
from vsearch.spec.study import StudySpec
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
    """Highest validation accuracy of a finished trial, in [0, 1]; None for a planned study, whose single accuracies
    are compared in pairs alone."""
    best_trial: int | None
    excluded: int
    """By a person; not among the failed ones."""
    purpose: str = "search"
    """Or one of `vsearch.spec.planned.PURPOSES`; empty for a foreign study."""
    parent: str = ""
    """The study that a planned one comes from."""


def overviews(storage: Storage) -> list[Overview]:
    """Every study, in the order in which they were made."""
    all_excluded = storage.excluded_counts()
    with reading("a study"):
        summaries = storage.summaries()
    return [_overview(storage, summary, all_excluded.get(summary.study_id, 0)) for summary in summaries]


def _overview(storage: Storage, summary: StudySummary, excluded: int) -> Overview:
    counts = {state: summary.counts.get(state, 0) for state in TrialState}
    counts[TrialState.FAIL] -= excluded
    spec = _spec(summary)
    is_search = spec is None or not spec.planned
    return Overview(
        name=summary.name,
        state="foreign" if spec is None else _state(storage, summary, spec, counts),
        trials=0 if spec is None else spec.trials,
        running=counts[TrialState.RUNNING],
        finished=counts[TrialState.COMPLETE],
        pruned=counts[TrialState.PRUNED],
        failed=counts[TrialState.FAIL],
        waiting=counts[TrialState.WAITING],
        best=summary.best_value if is_search and is_number(summary.best_value) else None,
        best_trial=summary.best_number if is_search else None,
        excluded=excluded,
        purpose="" if spec is None else spec.purpose,
        parent="" if spec is None else spec.parent,
    )


def _spec(summary: StudySummary) -> StudySpec | None:
    try:
        spec = spec_from_json(summary.user_attrs[attributes.SPEC])
    except (KeyError, InputError):
        return None
    return spec if spec.name == summary.name else None


def _state(storage: Storage, summary: StudySummary, spec: StudySpec, counts: dict[TrialState, int]) -> str:
    is_over = not counts[TrialState.WAITING] and not counts[TrialState.RUNNING] if spec.planned else False
    if is_over or counts[TrialState.COMPLETE] + counts[TrialState.PRUNED] >= spec.trials:
        return "done"
    if counts[TrialState.FAIL] >= spec.max_failed:  # seldom, so that the next query is too
        cancelled = storage.count_trials_with_attr(summary.study_id, attributes.REASON, "cancelled")
        if counts[TrialState.FAIL] - cancelled >= spec.max_failed:
            return "failed"
    return str(summary.user_attrs.get(attributes.STATE, "open"))
