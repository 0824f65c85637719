"""The trials of a study as values: what was trained, what came out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from vsearch.curves import Curve, from_dict
from vsearch.errors import InputError, shorten
from vsearch.search import attributes
from vsearch.search.damage import check_attributes, is_number, reading
from vsearch.search.stored import StoredStudy, refreshed


@dataclass(frozen=True)
class TrialResult:
    """One trial of a study."""

    number: int
    state: str
    """One of `STATES`."""
    role: str
    reason: str
    detail: str
    curve: Curve | None
    """None before a worker has taken the trial."""
    scales: tuple[float, ...]
    knobs: dict[str, float | str]
    accuracy: float | None
    """Validation accuracy (of a study that is judged by the test split, test accuracy) in [0, 1], the mean over the
    seeds: the objective of a finished trial, the last of others. Kept for an excluded one."""
    accuracies: tuple[float, ...]
    """Of each seed."""
    seed_curves: tuple[tuple[float, ...], ...]
    """Validation accuracy after each epoch, of each seed; empty where there was one seed, or an older vsearch."""
    seeds: tuple[int, ...]
    epochs: int
    learning_curve: tuple[float, ...]
    """Validation accuracy after each epoch that was reported."""
    seconds: float
    images_per_second: float
    started: datetime | None
    ended: datetime | None
    attributes: dict[str, Any]

    @property
    def label(self) -> str:
        """What its curve is called in a planned study; empty in a search."""
        return str(self.attributes.get(attributes.LABEL, ""))

    @property
    def pair(self) -> int | None:
        """The number of its seed in a planned study, from 0; None in a search."""
        return self.attributes.get(attributes.PAIR)

    @property
    def is_finished(self) -> bool:
        """Trained to its last epoch."""
        return self.state == "finished"

    @property
    def counts(self) -> bool:
        """False for what a person excluded or cancelled: it is as if it had never been."""
        return self.state != "excluded" and self.reason != "cancelled"

    def row(self) -> dict[str, Any]:
        """A flat row for a table or a data frame."""
        return {
            "number": self.number,
            "state": self.state,
            "role": self.role,
            **({} if self.pair is None else {"label": self.label, "pair": self.pair}),
            "reason": self.reason,
            "detail": self.detail,
            "accuracy": self.accuracy,
            "epochs": self.epochs,
            "curve": None if self.curve is None else self.curve.to_json(),
            "mean_scale": self.attributes.get(attributes.MEAN),
            "geometric_mean_scale": self.attributes.get(attributes.GEOMETRIC_MEAN),
            "product_of_scales": self.attributes.get(attributes.PRODUCT),
            "seeds": list(self.seeds),
            "accuracies": list(self.accuracies),
            "seconds": self.seconds,
            "images_per_second": self.images_per_second,
            "device": self.attributes.get(attributes.DEVICE),
            "precision": self.attributes.get(attributes.PRECISION),
            "threads": self.attributes.get(attributes.THREADS),
            **{f"version.{name}": number for name, number in self.attributes.get(attributes.VERSIONS, {}).items()},
            "commit": self.attributes.get(attributes.COMMIT),
            "spec_digest": self.attributes.get(attributes.SPEC_DIGEST),
            "split_digest": self.attributes.get(attributes.SPLIT),
            "weights_digests": self.attributes.get(attributes.WEIGHTS_DIGESTS),
            "worker": self.attributes.get(attributes.WORKER),
            "started": None if self.started is None else self.started.isoformat(),
            "ended": None if self.ended is None else self.ended.isoformat(),
            **{f"knob.{name}": value for name, value in self.knobs.items()},
        }


_STATES = {
    TrialState.WAITING: "waiting",
    TrialState.RUNNING: "running",
    TrialState.COMPLETE: "finished",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}


STATES = (*_STATES.values(), "excluded")
"""Of trials; `excluded` by a person after they had ended."""


def trial_results(study: StoredStudy) -> list[TrialResult]:
    """Every trial of a study, by number.

    Raises:
        DamagedRow: a row of one holds what vsearch cannot have written.
    """
    excluded = study.storage.excluded_states(study.study_id)
    study = refreshed(study)
    with reading(f"a trial of {study.name}"):
        trials = study.optuna_study.get_trials(deepcopy=False)
    results = []
    for trial in trials:
        with reading(f"trial {trial.number} of {study.name}"):
            results.append(_result(trial, excluded.get(trial.number)))
    return results


def trial_of(study: StoredStudy, number: int) -> TrialResult:
    """One trial of a study.

    Raises:
        InputError: there is none of that number.
    """
    trials = trial_results(study)
    if not 0 <= number < len(trials) or trials[number].number != number:
        there = f"it has trials 0 to {len(trials) - 1}" if trials else "it has none yet"
        raise InputError(f"{study.name} has no trial {shorten(str(number), 20)}; {there}")
    return trials[number]


def _result(trial: FrozenTrial, excluded: TrialState | None) -> TrialResult:
    """`excluded`: the state in which an excluded trial ended."""
    attrs = trial.user_attrs
    check_attributes(attrs)
    steps = sorted(trial.intermediate_values)
    learning_curve = tuple(trial.intermediate_values[step] for step in steps)
    curve = attrs.get(attributes.CURVE)
    if not all(map(is_number, (*learning_curve, *(trial.values or ())))):
        raise TypeError("its accuracies are no numbers")
    if not all(isinstance(value, str) or is_number(value) for value in trial.params.values()):
        raise TypeError(f"its knobs are {shorten(repr(trial.params))}")
    is_complete = TrialState.COMPLETE in (trial.state, excluded)
    return TrialResult(
        number=trial.number,
        state="excluded" if excluded is not None else _STATES[trial.state],
        role=attrs.get(attributes.ROLE, "search"),
        reason=attrs.get(attributes.REASON, ""),
        detail=attrs.get(attributes.DETAIL, ""),
        curve=None if curve is None else from_dict(curve),
        scales=tuple(attrs.get(attributes.SCALES, ())),
        knobs=dict(trial.params),
        accuracy=trial.value if is_complete else (learning_curve[-1] if steps else None),
        accuracies=tuple(attrs.get(attributes.ACCURACIES, ())),
        seed_curves=tuple(map(tuple, attrs.get(attributes.SEED_CURVES, ()))),
        seeds=tuple(attrs.get(attributes.SEEDS, ())),
        epochs=steps[-1] if steps else 0,
        learning_curve=learning_curve,
        seconds=float(attrs.get(attributes.SECONDS, 0.0)),
        images_per_second=float(attrs.get(attributes.IMAGES_PER_SECOND, 0.0)),
        started=trial.datetime_start,
        ended=trial.datetime_complete,
        attributes=attrs,
    )
