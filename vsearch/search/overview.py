"""All studies of a storage at a glance, without loading their trials."""

from typing import NamedTuple

from optuna.trial import TrialState

from vsearch.errors import InputError
from vsearch.search import attributes
from vsearch.spec.read import spec_from_json
from vsearch.storage import Storage


class Overview(NamedTuple):
    """One study in a list."""

    name: str
    state: str
    """`open`, `stopped`, `done`, `failed` (too many failed trials), or `foreign`: this vsearch cannot read it."""
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


def overviews(storage: Storage) -> list[Overview]:
    """Every study, in the order in which they were made."""
    rows = []
    for summary in storage.summaries():
        counts = {state: summary.counts.get(state, 0) for state in TrialState}
        state, trials = _budget(summary.user_attrs, counts)
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
                best=summary.best_value,
                best_trial=summary.best_number,
            )
        )
    return rows


def _budget(user_attrs: dict[str, str], counts: dict[TrialState, int]) -> tuple[str, int]:
    try:
        spec = spec_from_json(user_attrs[attributes.SPEC])
    except (KeyError, InputError):
        return "foreign", 0
    if counts[TrialState.COMPLETE] + counts[TrialState.PRUNED] >= spec.trials:
        return "done", spec.trials
    if counts[TrialState.FAIL] >= spec.max_failed:
        return "failed", spec.trials
    return user_attrs.get(attributes.STATE, "open"), spec.trials
