"""Studies for figures: built from values where the numbers matter, in a real storage where reading them does."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from vsearch.curves import Curve, parse_curve
from vsearch.reports.study_data import StudyData
from vsearch.search import attributes
from vsearch.search.claims import scales_key
from vsearch.search.trials import TrialResult
from vsearch.spec import StudySpec

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
