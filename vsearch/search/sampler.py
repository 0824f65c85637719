"""The sampler of a study, rebuilt from its spec by every worker."""

from collections.abc import Sequence
from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, GPSampler, GridSampler, QMCSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from vsearch.search.space import FAMILY, choice_space, family_space, grid, whole_space
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
        if trial.params or "fixed_params" in trial.system_attrs or isinstance(self._inner, GridSampler):
            return {}
        return {name: dist for name, dist in whole_space(self._spec).items() if not dist.single()}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Knob values of one family, and the family where there are several."""
        if not search_space:
            return {}
        chosen: dict[str, Any] = {}
        family = self._spec.families[0]
        for name, distribution in choice_space(self._spec).items():
            chosen = self._inner.sample_relative(study, trial, {name: distribution})
            if name not in chosen:
                chosen = {name: self._inner.sample_independent(study, trial, name, distribution)}
            family = chosen[FAMILY]
        space = {name: dist for name, dist in family_space(self._spec, family).items() if name in search_space}
        return chosen | self._inner.sample_relative(study, trial, space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """One knob by itself: the first trials of a study, and the grid."""
        return self._inner.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        """Let the inner sampler take note (the grid's would stop a loop that is not Optuna's)."""
        if not isinstance(self._inner, GridSampler):
            self._inner.after_trial(study, trial, state, values)


def _sampler(spec: StudySpec, number: int) -> BaseSampler:
    seed = derive_seed("sampler", spec.seed, number) % 2**32
    match spec.sampler:
        case "random":
            return RandomSampler(seed=seed)
        case "gp":
            return GPSampler(seed=seed, n_startup_trials=spec.startup_trials)
        # These two are one sequence over the whole study: their position is in the storage, their seed is fixed.
        case "qmc":
            return QMCSampler(
                scramble=True,
                seed=derive_seed("sampler", spec.seed) % 2**32,
                independent_sampler=RandomSampler(seed=seed),
                warn_independent_sampling=False,
            )
        case "grid":
            return GridSampler(grid(spec), seed=derive_seed("sampler", spec.seed) % 2**32)
        case _:
            return TPESampler(seed=seed, n_startup_trials=spec.startup_trials, multivariate=True, constant_liar=True)
