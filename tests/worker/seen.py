"""What tests see of a study's trials."""

from vsearch.search.stored import StoredStudy
from vsearch.storage import Storage


def curves(study: StoredStudy) -> list[dict[int, float]]:
    """What each trial has reported: score by epoch."""
    return [dict(trial.intermediate_values) for trial in study.optuna_study.get_trials()]


def states(study: StoredStudy) -> list[str]:
    """Optuna's state of each trial."""
    return [trial.state.name for trial in study.optuna_study.get_trials()]


def reasons(study: StoredStudy, number: int) -> list[str]:
    """How each attempt at a trial ended."""
    return [attempt.reason for attempt in study.storage.attempts(study.optuna_study.trials[number]._trial_id)]


def seconds_left(storage: Storage) -> dict[int, float]:
    """Of each lease, by the trial's number."""
    return {lease.number: lease.seconds_left for lease in storage.running_leases()}
