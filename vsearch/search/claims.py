"""Claiming trials: exact budgets, and no curve trained twice with the same seed."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from vsearch.curves import Curve, from_dict, shape
from vsearch.errors import LeaseLost
from vsearch.search import attributes
from vsearch.search.budget import may_begin
from vsearch.search.damage import check_attributes
from vsearch.search.lease import LEASE_SECONDS, Lease
from vsearch.search.patience import Patience
from vsearch.search.planned import seed_of
from vsearch.search.space import choice_space, family_space, parameter_name
from vsearch.search.stored import StoredStudy
from vsearch.spec.seeds import derive_seed
from vsearch.spec.study import StudySpec
from vsearch.storage.attempts import LOST
from vsearch.storage.claims import Limit


@dataclass(frozen=True)
class Claim:
    """A trial that a worker may train now."""

    trial: optuna.Trial
    trial_id: int
    curve: Curve
    scales: tuple[float, ...]
    seeds: tuple[int, ...]
    role: str
    reported: dict[int, float]
    """The accuracy of each epoch that earlier attempts have reported."""
    lease: Lease
    is_planned: bool = False
    """Whether it belongs to a plan, which prunes nothing."""

    @property
    def number(self) -> int:
        """The trial's number in its study."""
        return self.trial.number

    @property
    def may_be_pruned(self) -> bool:
        """The baseline may not: every curve is compared with it. Neither may what a plan asks for."""
        return self.role != "baseline" and not self.is_planned


def claim_trial(
    study: StoredStudy,
    worker: str,
    lease_seconds: float = LEASE_SECONDS,
    device: str = "",
    patience: Patience | None = None,
) -> Claim | None:
    """The next trial of a study for a worker, or None if the study is stopped or its trials are all taken.

    Waiting trials come first (the baseline, trials put back). The whole claim is done under the study's lock: the
    budget is exact over all workers, and so is the number of times that a curve was met before. The worker then holds
    the trial for `lease_seconds` without progress.
    """
    with study.storage.exclusive(study.study_id):
        if study.state != "open" or not may_begin(study):
            return None
        trial = study.optuna_study.ask()
        trial_id = study.storage.get_trial_id_from_study_id_trial_number(study.study_id, trial.number)
        lease = None
        try:
            # Before anything of the trial is read or written: the study's lock may be lost with its connection.
            lease = Lease(study.storage, study.spec, study.study_id, trial_id, worker, lease_seconds, device, patience)
            return _claim(study, trial, trial_id, lease, worker)
        except LeaseLost:
            return None  # somebody else was faster
        except BaseException:
            with suppress(LeaseLost, UpdateFinishedTrialError):  # adopted meanwhile by another worker, or even ended
                if lease is not None:
                    lease.renew()
                _put_back(study, trial_id, "preempted", "the claim broke off", {})
            raise


def put_back(
    study: StoredStudy, claim: Claim, reason: str, detail: str = "", attrs: Mapping[str, Any] | None = None
) -> bool:
    """Let a trial that is held here wait again, to go on as the same trial; False if it failed for good instead.

    It fails, and gets `attrs`, if the reason is one of the study's `retry` and it was the last of its `max_attempts`.

    Raises:
        LeaseLost: another worker has it.
    """
    with study.storage.exclusive(study.study_id):
        claim.lease.renew()
        return _put_back(study, claim.trial_id, reason, detail, attrs or {})


def put_back_lost(study: StoredStudy, is_dead: Callable[[str], bool] = lambda _: False) -> list[tuple[int, bool]]:
    """Running trials whose lease ran out, or whose worker is known to be dead, wait again.

    So do those that nobody holds: a claim broke off between its two first steps. Gives their numbers, and whether they
    wait: one that was lost `max_attempts` times at the same epoch fails.
    """
    lost = []
    with study.storage.exclusive(study.study_id):
        for lease in study.storage.running_leases(study.study_id):
            if lease.seconds_left <= 0 or is_dead(lease.worker):
                detail = f"the worker {lease.worker} is gone or stood still" if lease.fence else ""
                lost.append((lease.number, _put_back(study, lease.trial_id, LOST, detail, {})))
    return lost


def _put_back(study: StoredStudy, trial_id: int, reason: str, detail: str, attrs: Mapping[str, Any]) -> bool:
    spec = study.spec
    attempts = spec.max_attempts if reason in spec.retry else 1
    limit = Limit(spec.retry, attempts, {attributes.REASON: reason, attributes.DETAIL: detail, **attrs})
    is_crash = reason in spec.retry or reason == LOST
    left = study.storage.put_back(trial_id, reason, detail, limit if is_crash else None, attributes.SEEDS)
    return left == TrialState.WAITING


def _claim(study: StoredStudy, trial: optuna.Trial, trial_id: int, lease: Lease, worker: str) -> Claim:
    stored = study.storage.get_trial(trial_id)
    curve = _curve(study.spec, trial, stored)
    scales = curve.scales(study.spec.num_blocks)
    seeds = _seeds(study, stored, scales)
    attrs = _attrs(stored, curve, scales, seeds)
    study.storage.write_attrs(trial_id, attrs | {attributes.WORKER: worker})
    role = (stored.user_attrs | attrs)[attributes.ROLE]
    reported = dict(stored.intermediate_values)
    return Claim(trial, trial_id, curve, scales, seeds, role, reported, lease, bool(study.spec.planned))


def _curve(spec: StudySpec, trial: optuna.Trial, stored: FrozenTrial) -> Curve:
    """The curve of a trial: recorded by an earlier claim, given when it was enqueued, or suggested now.

    A given one inside the ranges is also suggested, so that the sampler learns from it.
    """
    if attributes.SEEDS not in stored.user_attrs:
        if "fixed_params" not in stored.system_attrs:
            return _suggested_curve(spec, trial)
        if stored.system_attrs["fixed_params"]:
            _suggested_curve(spec, trial)
    return from_dict(stored.user_attrs[attributes.CURVE])


def _suggested_curve(spec: StudySpec, trial: optuna.Trial) -> Curve:
    family = spec.families[0]
    for name, distribution in choice_space(spec).items():
        family = str(_suggest(trial, name, distribution))
    suggested = {name: _suggest(trial, name, dist) for name, dist in family_space(spec, family).items()}
    names = {parameter_name(spec, family, knob.name): knob.name for knob in spec.search_knobs[family]}
    return spec.build_curve(family, {names[name]: value for name, value in suggested.items()})


def _suggest(trial: optuna.Trial, name: str, distribution: optuna.distributions.BaseDistribution) -> float | str:
    if isinstance(distribution, optuna.distributions.CategoricalDistribution):
        return str(trial.suggest_categorical(name, distribution.choices))
    assert isinstance(distribution, optuna.distributions.FloatDistribution)
    return trial.suggest_float(name, distribution.low, distribution.high, log=distribution.log)


def _seeds(study: StoredStudy, stored: FrozenTrial, scales: tuple[float, ...]) -> tuple[int, ...]:
    """The same seeds for every curve, so that curves are compared in pairs; fresh ones for a curve met before.

    A trial that failed, was cancelled or was excluded leaves its seeds to the next of its curve.
    """
    if attributes.SEEDS in stored.user_attrs:
        check_attributes(stored.user_attrs)
        if len(stored.user_attrs[attributes.SEEDS]) != study.spec.replicates:
            raise ValueError(f"it has other than {study.spec.replicates} seeds")
        return tuple(stored.user_attrs[attributes.SEEDS])
    if study.spec.planned:
        check_attributes(stored.user_attrs)
        return (seed_of(study.spec, stored.user_attrs[attributes.PAIR]),)
    key = scales_key(scales)
    met = study.storage.count_trials_with_attr(study.study_id, attributes.SCALES_KEY, key, with_failed=False)
    first = met * study.spec.replicates
    return tuple(derive_seed("training", study.spec.seed, first + r) for r in range(study.spec.replicates))


def _attrs(stored: FrozenTrial, curve: Curve, scales: tuple[float, ...], seeds: tuple[int, ...]) -> dict[str, Any]:
    """What is recorded of a trial when it is first taken; nothing where that was done before."""
    if attributes.SEEDS in stored.user_attrs:
        return {attributes.ROLE: stored.user_attrs.get(attributes.ROLE, "search")}
    product = shape.product(scales)
    return {
        attributes.ROLE: stored.user_attrs.get(attributes.ROLE, "search"),
        attributes.CURVE: stored.user_attrs.get(attributes.CURVE, curve.to_dict()),
        attributes.SCALES: [round(scale, 6) for scale in scales],
        attributes.SCALES_KEY: scales_key(scales),
        attributes.MEAN: round(shape.mean(scales), 6),
        attributes.GEOMETRIC_MEAN: round(shape.geometric_mean(scales), 6),
        attributes.PRODUCT: float(f"{product:.6g}") if product < float("inf") else None,
        attributes.SEEDS: list(seeds),
    }


def scales_key(scales: tuple[float, ...]) -> str:
    """Text that two curves share if their scales agree to 1e-4."""
    return " ".join(f"{round(scale, 4) + 0.0:.4f}" for scale in scales)  # -0.0 + 0.0 is 0.0
