"""Studies for figures: built from values where the numbers matter, in a real storage where reading them does."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from vsearch.curves import BASELINE, Constant, Curve, Triangle, parse_curve
from vsearch.reports.study_data import StudyData
from vsearch.search import attributes
from vsearch.search.claims import scales_key
from vsearch.search.trials import TrialResult
from vsearch.spec import StudySpec
from vsearch.spec.planned import PlannedCurve

MakeTrial = Callable[..., TrialResult]
MakeData = Callable[..., StudyData]


def build_trial(
    number: int,
    accuracy: float | None,
    curve: Curve | str | None = "constant value=1",
    *,
    state: str = "finished",
    role: str = "search",
    learning_curve: Iterable[float] | None = None,
    accuracies: Iterable[float] = (),
    num_blocks: int = 15,
    seconds: float = 60.0,
    **changes: Any,
) -> TrialResult:
    """A trial as it is read from a storage; `accuracy` alone stands for a learning curve of one epoch."""
    if isinstance(curve, str):
        family, *knobs = curve.split()
        curve = parse_curve(family, dict(knob.split("=", 1) for knob in knobs))
    epochs = tuple(learning_curve) if learning_curve is not None else (() if accuracy is None else (accuracy,))
    scales = () if curve is None else tuple(round(scale, 6) for scale in curve.scales(num_blocks))
    attrs = {} if curve is None else {attributes.SCALES_KEY: scales_key(scales)}
    values = {
        "number": number,
        "state": state,
        "role": role,
        "reason": {"waiting": "", "running": "", "failed": "error"}.get(state, state),
        "detail": "",
        "curve": curve,
        "scales": scales,
        "knobs": {} if curve is None else dict(curve.knob_values()),
        "accuracy": accuracy,
        "accuracies": tuple(accuracies) or (() if accuracy is None else (accuracy,)),
        "seed_curves": (),
        "seeds": (1,),
        "epochs": len(epochs),
        "learning_curve": epochs,
        "seconds": seconds,
        "images_per_second": 500.0,
        "started": None,
        "ended": None,
        "attributes": attrs,
    }
    return TrialResult(**{**values, **changes})


def build_data(*trials: TrialResult, state: str = "open", **spec: Any) -> StudyData:
    """A study with these trials; without Optuna's own study."""
    plain: dict[str, Any] = {"families": ("triangle",), "dataset": "cifar10", "depth": 32, "epochs": 8, "first_rung": 2}
    held = {trial.number: trial.seconds for trial in trials}
    return StudyData(StudySpec(**{**plain, **spec}), 1, state, trials, held)


@pytest.fixture
def trial() -> MakeTrial:
    """`trial(number, accuracy, "triangle peak=1.3 floor=0.8")`: see `build_trial`."""
    return build_trial


@pytest.fixture
def data() -> MakeData:
    """`data(trial, …, depth=56, families=("ramp",))`: see `build_data`."""
    return build_data


PLAN = (
    PlannedCurve("baseline", "baseline", BASELINE),
    PlannedCurve("candidate", "trial 7", Triangle(peak=1.3, floor=0.8)),
    PlannedCurve("candidate", "trial 3", Triangle(peak=1.2, floor=0.9)),
    PlannedCurve("control", "constant-mean", Constant(1.033)),
    PlannedCurve("control", "reversed", Triangle(peak=1.3, floor=0.8, apex=6)),
)
GAINS = {"trial 7": 0.02, "trial 3": 0.001, "constant-mean": 0.004}


def told_score(label: str, pair: int) -> float | None:
    """Scores in which `trial 7` beats all others by far, with a little noise that is not the same for each curve."""
    return 0.8 + 0.01 * pair + GAINS.get(label, 0.0) + 0.0005 * ((3 * pair + len(label)) % 5)


def build_plan_data(
    score: Callable[[str, int], float | None] = told_score,
    seeds: int = 5,
    planned: tuple[PlannedCurve, ...] = PLAN,
    *,
    trained: int | None = None,
    state: str = "open",
    search: tuple[TrialResult, ...] = (),
    has_parent: bool = True,
    **spec: Any,
) -> StudyData:
    """A planned study whose first `trained` trainings (all by default) ended with these scores; None: diverged."""
    plain: dict[str, Any] = {"dataset": "cifar10", "depth": 32, "epochs": 8, "pruner": "none", "name": "planned"}
    plain |= {"purpose": "confirmation", "evaluated_on": "test", "parent": "search"}
    pairs = [(item, pair) for pair in range(seeds) for item in planned if item.seeds is None or pair < item.seeds]
    known = len(pairs) if trained is None else trained
    trials = tuple(_told(number, item, pair, score, number < known) for number, (item, pair) in enumerate(pairs))
    made = StudySpec(("triangle",), planned=planned, trials=len(pairs), **{**plain, **spec})
    return StudyData(made, 2, state, trials, {}, search=search, has_parent=has_parent)


def _told(
    number: int, item: PlannedCurve, pair: int, score: Callable[[str, int], float | None], is_over: bool
) -> TrialResult:
    value = score(item.label, pair) if is_over else None
    attrs = {attributes.LABEL: item.label, attributes.PAIR: pair}
    state = "waiting" if not is_over else "failed" if value is None else "finished"
    epochs = () if value is None else (0.5 * value, value)
    reason = "diverged" if state == "failed" else state
    return build_trial(
        number, value, item.curve, state=state, role=item.role, learning_curve=epochs, attributes=attrs, reason=reason
    )


@pytest.fixture
def plan_data() -> MakeData:
    """`plan_data(score, seeds, planned, trained=…, purpose=…)`: see `build_plan_data`."""
    return build_plan_data
