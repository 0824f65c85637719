"""Planned studies on a real storage whose trials end with given accuracies; simulated studies with known truth."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from optuna.trial import TrialState

from vsearch.curves import BASELINE, Constant, Curve, Levels, Ramp, Triangle
from vsearch.search import attributes
from vsearch.search.claims import claim_trial, scales_key
from vsearch.search.stored import StoredStudy, create_study
from vsearch.search.trials import TrialResult
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
def _quiet(quiet_optuna: None) -> None:
    """Every test here makes trials."""


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


BLOCKS = 15
SEED_NOISE = 0.25
"""Points, of one training of ResNet-32 on CIFAR (FIELD.md)."""
VALIDATION_IMAGES = 5_000


@dataclass(frozen=True)
class Simulated:
    """A study and what nobody would know of it."""

    trials: tuple[TrialResult, ...]
    truths: tuple[float, ...]
    """The true accuracy of each trial's curve, in points."""


def make_trial(
    number: int, curve: Curve | None, accuracies: Sequence[float], *, role: str = "search", state: str = "finished"
) -> TrialResult:
    """A trial as it is read from a storage; accuracies in [0, 1], one per seed."""
    scales = () if curve is None else tuple(round(scale, 6) for scale in curve.scales(BLOCKS))
    mean = sum(accuracies) / len(accuracies) if accuracies else None
    return TrialResult(
        number=number,
        state=state,
        role=role,
        reason="",
        detail="",
        curve=curve,
        scales=scales,
        knobs={},
        accuracy=mean,
        accuracies=tuple(accuracies),
        seed_curves=(),
        seeds=tuple(range(len(accuracies))),
        epochs=8,
        learning_curve=(),
        seconds=60.0,
        images_per_second=500.0,
        started=None,
        ended=None,
        attributes={attributes.SCALES_KEY: scales_key(scales)} if scales else {},
    )


def true_accuracy(scales: Sequence[float], spread: float = 1.0) -> float:
    """Points: smooth in mean, hump and tilt, highest (93) near the paper's curves, some points lower over the space."""
    row, axis = np.asarray(scales), np.linspace(-1, 1, len(scales))
    mean, hump, tilt = row.mean(), 8 * (row * (1 / 3 - axis**2)).mean(), 3 * (row * axis).mean()
    return float(93 - spread * (6 * (mean - 1.03) ** 2 + 1.2 * (hump - 0.35) ** 2 + (tilt + 0.1) ** 2))


Knobs = tuple[str, tuple[float, ...]]


def _random_knobs(rng: np.random.Generator) -> Knobs:
    if rng.random() < 0.6:
        return "triangle", (rng.uniform(1.0, 1.6), rng.uniform(0.5, 1.0), rng.uniform(1, 15))
    return "ramp", (rng.uniform(0.5, 1.6), rng.uniform(0.5, 1.6))


def _near(knobs: Knobs, rng: np.random.Generator) -> Knobs:
    """As TPE draws: near a good one, each knob by an eighth of its range."""
    family, values = knobs
    ranges = ((1.0, 1.6), (0.5, 1.0), (1.0, 15.0)) if family == "triangle" else ((0.5, 1.6),) * 2
    moved = (
        float(np.clip(value + rng.normal(0, 0.12) * (high - low), low, high))
        for value, (low, high) in zip(values, ranges, strict=True)
    )
    return family, tuple(moved)


def _curve(knobs: Knobs) -> Curve:
    family, values = knobs
    if family == "triangle":
        return Triangle(*values)
    return Ramp(max(values), min(values), "falling" if values[0] > values[1] else "rising")


def simulate(seed: int, trials: int, *, clustered: bool, spread: float = 1.0) -> Simulated:
    """A study of one seed per curve: the baseline, then random curves or, from a third on, mostly near the best four.

    Curves with a mean scale above 1.35 diverge to 10 % with probability 0.7.
    """
    rng = np.random.default_rng([seed, trials])
    knobs: list[Knobs] = [("", ())]
    curves: list[Curve] = [BASELINE]
    while len(curves) < trials:
        if clustered and len(curves) >= trials // 3 and rng.random() < 0.8:
            scores = [true_accuracy(curve.scales(BLOCKS), spread) + rng.normal(0, 0.44) for curve in curves[1:]]
            knobs.append(_near(knobs[1 + rng.choice(np.argsort(scores)[::-1][:4])], rng))
        else:
            knobs.append(_random_knobs(rng))
        curves.append(_curve(knobs[-1]))
    truths = [true_accuracy(curve.scales(BLOCKS), spread) for curve in curves]
    for number, curve in enumerate(curves):
        if sum(curve.scales(BLOCKS)) / BLOCKS > 1.35 and rng.random() < 0.7:
            truths[number] = 10.0
    of_seed = np.clip(rng.normal(truths, SEED_NOISE), 0, 100)
    accuracies = rng.binomial(VALIDATION_IMAGES, of_seed / 100) / VALIDATION_IMAGES
    results = (
        make_trial(number, curve, [float(accuracy)], role="search" if number else "baseline")
        for number, (curve, accuracy) in enumerate(zip(curves, accuracies, strict=True))
    )
    return Simulated(tuple(results), tuple(truths))


@pytest.fixture
def trial() -> Callable[..., TrialResult]:
    """`trial(number, curve, accuracies)`: see `make_trial`."""
    return make_trial


@pytest.fixture
def simulated() -> Callable[..., Simulated]:
    """`simulated(seed, trials, clustered=True)`: see `simulate`."""
    return simulate
