"""The contrast: the same scripted trials by Optuna alone, with all that it offers against lost workers."""

import signal
import sys
import time
import warnings
from pathlib import Path
from types import FrameType
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.study import MaxTrialsCallback
from optuna.trial import TrialState

from chaos_parts.ledger import Ledger, LedgerRDBStorage
from chaos_parts.scripted import true_curve
from vsearch.search.pruner import build_pruner
from vsearch.search.space import family_space, parameter_name
from vsearch.spec.read import spec_from_json
from vsearch.spec.study import StudySpec
from vsearch.storage import parse_url

SEED = 0
"""Of every scripted training here."""
HEARTBEAT_SECONDS, GRACE_SECONDS = 1, 3


def suggest(trial: optuna.Trial, name: str, distribution: BaseDistribution) -> Any:
    """One parameter from a distribution of a study of vsearch."""
    if isinstance(distribution, CategoricalDistribution):
        return trial.suggest_categorical(name, distribution.choices)
    assert isinstance(distribution, FloatDistribution)
    return trial.suggest_float(name, distribution.low, distribution.high, log=distribution.log)


def scales_of(spec: StudySpec, params: dict[str, Any]) -> tuple[float, ...]:
    """The scales of a suggestion for the only family of a study."""
    (family,) = spec.families
    names = {parameter_name(spec, family, knob.name): knob.name for knob in spec.search_knobs[family]}
    curve = spec.build_curve(family, {names[name]: value for name, value in params.items()})
    return tuple(round(scale, 6) for scale in curve.scales(spec.num_blocks))


def open_plainly(url: str, kind: type[RDBStorage] = RDBStorage) -> RDBStorage:
    """A storage of Optuna's with heartbeats, and with connections that are tested before use."""
    engine = {"pool_pre_ping": True, "pool_size": 2} if parse_url(url).get_backend_name() != "sqlite" else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return kind(
            parse_url(url).render_as_string(hide_password=False),
            engine_kwargs=engine,
            heartbeat_interval=HEARTBEAT_SECONDS,
            grace_period=GRACE_SECONDS,
            heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(),
        )


def create_plainly(url: str, spec: StudySpec) -> int:
    """Store an empty study for the workers; gives its id."""
    storage = open_plainly(url)
    study = optuna.create_study(storage=storage, study_name=spec.name, direction="maximize")
    storage.engine.dispose()
    return study._study_id


def serve_plainly(order: dict[str, str], settings: dict[str, Any]) -> int:
    """Be a worker that calls `study.optimize`; gives its exit code."""

    def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
        signal.signal(number, end)
    spec = spec_from_json(settings["spec"])
    storage = open_plainly(settings["storage"], LedgerRDBStorage)
    assert isinstance(storage, LedgerRDBStorage)
    storage.ledger = Ledger(Path(settings["ledgers"]) / f"{order['name']}.ledger", order["name"])
    study = optuna.load_study(
        study_name=spec.name, storage=storage, sampler=optuna.samplers.RandomSampler(), pruner=build_pruner(spec)
    )
    storage.ledger.note("ready")
    space = family_space(spec, spec.families[0])

    def objective(trial: optuna.Trial) -> float:
        params = {name: suggest(trial, name, distribution) for name, distribution in space.items()}
        scales, value = scales_of(spec, params), 0.0
        trial.set_user_attr("scales", scales)
        trial.set_user_attr("seeds", [SEED])
        for epoch, value in enumerate(true_curve(scales, SEED, spec.epochs), start=1):
            time.sleep(settings["epoch_seconds"])
            trial.report(value, epoch)
            if trial.should_prune() and epoch < spec.epochs:
                raise optuna.TrialPruned
        return value

    states = (TrialState.COMPLETE, TrialState.PRUNED)
    study.optimize(objective, callbacks=[MaxTrialsCallback(spec.trials, states=states)])
    return 0
