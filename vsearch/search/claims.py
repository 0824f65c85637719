"""Claiming trials: exact budgets, and no curve trained twice with the same seed."""

from collections.abc import Callable
from dataclasses import dataclass

import optuna
from optuna.trial import TrialState

from vsearch.curves import Curve, from_dict, shape
from vsearch.errors import LeaseLost
from vsearch.search import attributes
from vsearch.search.lease import LEASE_SECONDS, Lease
from vsearch.search.space import choice_space, family_space, parameter_name
from vsearch.search.stored import StoredStudy
from vsearch.spec.seeds import derive_seed
from vsearch.spec.study import StudySpec


@dataclass(frozen=True)
class Claim:
    """A trial that a worker may train now."""

    trial: optuna.Trial
    trial_id: int
    curve: Curve
    scales: tuple[float, ...]
    seeds: tuple[int, ...]
    role: str
    lease: Lease

    @property
    def number(self) -> int:
        """The trial's number in its study."""
        return self.trial.number

    @property
    def may_be_pruned(self) -> bool:
        """The baseline may not: every curve is compared with it."""
        return self.role != "baseline"


def claim_trial(study: StoredStudy, worker: str, lease_seconds: float = LEASE_SECONDS) -> Claim | None:
    """The next trial of a study for a worker, or None if the study is stopped or its trials are all taken.

    Waiting trials come first (the baseline, trials put back). The whole claim is done under the study's lock: the
    number of trials is exact over all workers, and so is the number of times that a curve was met before. The worker
    then holds the trial for `lease_seconds` without progress.
    """
    with study.storage.exclusive(study.study_id):
        if study.state != "open" or not _may_begin(study):
            return None
        try:
            return _claim(study, study.optuna_study.ask(), worker, lease_seconds)
        except LeaseLost:
            return None  # the study's lock was lost with its connection, and somebody else was faster
        except BaseException:
            put_back_lost(study)
            raise


def put_back(study: StoredStudy, claim: Claim) -> None:
    """Let a trial that is held here wait again, to go on as the same trial.

    Raises:
        LeaseLost: another worker has it.
    """
    with study.storage.exclusive(study.study_id):
        claim.lease.renew()
        study.storage.put_back(claim.trial_id)


def put_back_lost(study: StoredStudy, is_dead: Callable[[str], bool] = lambda _: False) -> list[int]:
    """Running trials whose lease ran out, or whose worker is known to be dead, wait again; gives their numbers.

    So do those that nobody holds: a claim takes its lease before it lets go of the study's lock, and broke off.
    """
    with study.storage.exclusive(study.study_id):
        leases = study.storage.running_leases(study.study_id)
        lost = [lease for lease in leases if lease.seconds_left <= 0 or is_dead(lease.worker)]
        for lease in lost:
            study.storage.put_back(lease.trial_id, is_lost=lease.fence > 0)
    return [lease.number for lease in lost]


def _claim(study: StoredStudy, trial: optuna.Trial, worker: str, lease_seconds: float) -> Claim:
    trial_id = study.storage.get_trial_id_from_study_id_trial_number(study.study_id, trial.number)
    is_given = "fixed_params" in study.storage.get_trial(trial_id).system_attrs
    curve = _given_curve(study, trial, trial_id) if is_given else _suggested_curve(study.spec, trial)
    scales = curve.scales(study.spec.num_blocks)
    seeds = _seeds(study, trial, scales)
    _record(trial, curve, scales, seeds, worker)
    lease = Lease(study.storage, study.study_id, trial_id, worker, lease_seconds)
    return Claim(trial, trial_id, curve, scales, seeds, trial.user_attrs.get(attributes.ROLE, "search"), lease)


def is_exhausted(study: StoredStudy) -> bool:
    """Whether no trial of the study can begin any more, now or after running ones were put back."""
    counts = study.storage.count_states(study.study_id)
    done = counts.get(TrialState.COMPLETE, 0) + counts.get(TrialState.PRUNED, 0)
    failed = counts.get(TrialState.FAIL, 0)
    return study.state != "open" or done >= study.spec.trials or failed >= study.spec.max_failed


def _may_begin(study: StoredStudy) -> bool:
    """Finished and pruned trials count, and running ones may become either; failed ones do not count."""
    counts = study.storage.count_states(study.study_id)
    taken = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)
    is_budget_left = sum(counts.get(state, 0) for state in taken) < study.spec.trials
    return is_budget_left and counts.get(TrialState.FAIL, 0) < study.spec.max_failed


def _given_curve(study: StoredStudy, trial: optuna.Trial, trial_id: int) -> Curve:
    """The enqueued curve of a trial; one inside the ranges is also suggested, so that the sampler learns from it."""
    if study.storage.get_trial(trial_id).system_attrs["fixed_params"]:
        _suggested_curve(study.spec, trial)
    return from_dict(trial.user_attrs[attributes.CURVE])


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


def _seeds(study: StoredStudy, trial: optuna.Trial, scales: tuple[float, ...]) -> tuple[int, ...]:
    """The same seeds for every curve, so that curves are compared in pairs; fresh ones for a curve met before."""
    stored = trial.user_attrs.get(attributes.SEEDS)
    if stored is not None:
        return tuple(stored)
    met = study.storage.count_trials_with_attr(study.study_id, attributes.SCALES_KEY, scales_key(scales))
    if attributes.SCALES_KEY in trial.user_attrs:  # of this trial, whose first claim broke off: it met itself
        met -= 1
    first = met * study.spec.replicates
    return tuple(derive_seed("training", study.spec.seed, first + r) for r in range(study.spec.replicates))


def _record(trial: optuna.Trial, curve: Curve, scales: tuple[float, ...], seeds: tuple[int, ...], worker: str) -> None:
    if attributes.SEEDS not in trial.user_attrs:
        _record_curve(trial, curve, scales)
        trial.set_user_attr(attributes.SEEDS, list(seeds))
    trial.set_user_attr(attributes.WORKER, worker)


def _record_curve(trial: optuna.Trial, curve: Curve, scales: tuple[float, ...]) -> None:
    if attributes.ROLE not in trial.user_attrs:
        trial.set_user_attr(attributes.ROLE, "search")
        trial.set_user_attr(attributes.CURVE, curve.to_dict())
    trial.set_user_attr(attributes.SCALES, [round(scale, 6) for scale in scales])
    trial.set_user_attr(attributes.SCALES_KEY, scales_key(scales))
    trial.set_user_attr(attributes.MEAN, round(shape.mean(scales), 6))
    trial.set_user_attr(attributes.GEOMETRIC_MEAN, round(shape.geometric_mean(scales), 6))
    product = shape.product(scales)
    trial.set_user_attr(attributes.PRODUCT, float(f"{product:.6g}") if product < float("inf") else None)


def scales_key(scales: tuple[float, ...]) -> str:
    """Text that two curves share if their scales agree to 1e-4."""
    return " ".join(f"{round(scale, 4) + 0.0:.4f}" for scale in scales)  # -0.0 + 0.0 is 0.0
