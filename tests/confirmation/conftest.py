"""Planned studies on a real storage whose trials end with given accuracies."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from vsearch.curves import BASELINE, Constant, Curve, Levels, Triangle
from vsearch.search import attributes
from vsearch.search.claims import claim_trial
from vsearch.search.stored import StoredStudy, create_study
from vsearch.spec import StudySpec
from vsearch.spec.planned import PlannedCurve
from vsearch.storage import Storage, open_storage

Score = Callable[[str, int], float | None]
Ended = Callable[..., StoredStudy]

WINNER = Triangle(peak=1.3, floor=0.8)
PLAN = (
    PlannedCurve("baseline", "baseline", BASELINE),
    PlannedCurve("candidate", "trial 7", WINNER),
    PlannedCurve("candidate", "trial 3", Triangle(peak=1.2, floor=0.9)),
    PlannedCurve("control", "constant-mean", Constant(1.1)),
    PlannedCurve("control", "reversed", Levels((0.8, 1.3, 1.2))),
)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    former = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(former)


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    """A storage on a new SQLite file."""
    opened = open_storage(f"sqlite:///{tmp_path / 'studies.db'}")
    yield opened
    opened.close()


def spec_of_plan(planned: tuple[PlannedCurve, ...] = PLAN, seeds: int = 5, **changes: Any) -> StudySpec:
    """The spec of a confirmation on digits."""
    values: dict[str, Any] = {"dataset": "digits", "depth": 8, "epochs": 4, "pruner": "none", "name": "planned"}
    values |= {"purpose": "confirmation", "evaluated_on": "test", "parent": "search"}
    return StudySpec(("triangle",), planned=planned, trials=seeds * len(planned), **values | changes)


@pytest.fixture
def plan() -> Callable[..., StudySpec]:
    """`plan(curves, seeds, …)`: the spec of a confirmation on digits."""
    return spec_of_plan


@pytest.fixture
def ended(storage: Storage) -> Ended:
    """`ended(spec, score)`: a study whose trials ended with `score(label, pair)`; None lets one diverge."""

    def make(spec: StudySpec, score: Score, *, only: int | None = None) -> StoredStudy:
        study = create_study(storage, spec)
        done = 0
        while (only is None or done < only) and (claim := claim_trial(study, "w")) is not None:
            stored = storage.get_trial(claim.trial_id).user_attrs
            value = score(stored[attributes.LABEL], stored[attributes.PAIR])
            state, reason = (TrialState.FAIL, "diverged") if value is None else (TrialState.COMPLETE, "finished")
            storage.end_trial(claim.trial_id, state, value, reason, "", {attributes.REASON: reason})
            done += 1
        return study

    return make


@pytest.fixture
def winner() -> Curve:
    """The curve of the first candidate."""
    return WINNER
