"""The sampler of a study, rebuilt from its spec by every worker."""

from collections.abc import Sequence
from typing import Any

from optuna import Study, load_study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, GPSampler, QMCSampler, RandomSampler, TPESampler
from optuna.storages import InMemoryStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from vsearch.search.first import first_curves
from vsearch.search.grid import GridSampler
from vsearch.search.space import FAMILY, choice_space, family_space, whole_space
from vsearch.spec.seeds import derive_seed
from vsearch.spec.study import StudySpec


class CurveSampler(BaseSampler):
    """One of Optuna's samplers over the search space of a spec, with random state from (study seed, trial number).

    Two workers so never repeat each other's suggestions, and a resumed study goes on as if it had not stopped. The
    search space comes from the spec and not from past trials: a curve from outside the ranges (the baseline, the
    paper's) does not narrow it. Where a study has several families, the family is chosen first and then the knobs of
    that family alone.
    """

    def __init__(self, spec: StudySpec) -> None:
        self._spec = spec
        self._inner: BaseSampler = _sampler(spec, 0)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Begin the random stream that belongs to this trial."""
        self._inner = _sampler(self._spec, trial.number)
        self._inner.before_trial(study, trial)

    def infer_relative_search_space(
        self,
        study: Study,  # noqa: ARG002
        trial: FrozenTrial,
    ) -> dict[str, BaseDistribution]:
        """The whole space of the spec; nothing for a trial whose curve is given."""
        if trial.params or "fixed_params" in trial.system_attrs:
            return {}
        return {name: dist for name, dist in whole_space(self._spec).items() if not dist.single()}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Knob values of one family, and the family where there are several."""
        if not search_space:
            return {}
        if isinstance(self._inner, GridSampler):
            return self._inner.sample_relative(study, trial, search_space)
        chosen: dict[str, Any] = {}
        family = self._spec.families[0]
        for name, distribution in choice_space(self._spec).items():
            chosen = self._modelled(study, trial, {name: distribution})
            if name not in chosen:
                chosen = {name: self._inner.sample_independent(study, trial, name, distribution)}
            family = chosen[FAMILY]
        space = {name: dist for name, dist in family_space(self._spec, family).items() if name in search_space}
        return chosen | self._modelled(study, trial, space)

    def _modelled(self, study: Study, trial: FrozenTrial, space: dict[str, BaseDistribution]) -> dict[str, Any]:
        if space and isinstance(self._inner, GPSampler):
            study, trial = _trials_within(study, space)
        return self._inner.sample_relative(study, trial, space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """One knob by itself: the first trials of a study."""
        return self._inner.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        """Let the inner sampler take note."""
        self._inner.after_trial(study, trial, state, values)


def _trials_within(study: Study, space: dict[str, BaseDistribution]) -> tuple[Study, FrozenTrial]:
    """A copy in memory of the trials that have every parameter of `space`, and a new trial there.

    The Gaussian process fails at a trial that lacks one: of another family, or a given curve outside the ranges.
    """
    storage = InMemoryStorage()
    study_id = storage.create_new_study([StudyDirection.MAXIMIZE], "within")
    within = load_study(study_name="within", storage=storage, sampler=RandomSampler())
    for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.RUNNING)):
        if all(name in trial.params for name in space):
            within.add_trial(trial)
    return within, storage.get_trial(storage.create_new_trial(study_id))


def _sampler(spec: StudySpec, number: int) -> BaseSampler:
    seed = derive_seed("sampler", spec.seed, number) % 2**32
    match spec.sampler:
        case "random":
            return RandomSampler(seed=seed)
        case "gp":
            return GPSampler(seed=seed, n_startup_trials=spec.startup_trials)
        # One sequence over the whole study: its position is in the storage, its seed is fixed.
        case "qmc":
            return QMCSampler(
                scramble=True,
                seed=derive_seed("sampler", spec.seed) % 2**32,
                independent_sampler=RandomSampler(seed=seed),
                warn_independent_sampling=False,
            )
        case "grid":
            return GridSampler(spec, given=len(first_curves(spec)))
        case _:
            return TPESampler(seed=seed, n_startup_trials=spec.startup_trials, multivariate=True, constant_liar=True)
