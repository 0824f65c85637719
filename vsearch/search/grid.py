"""The grid of a study: each point once, over all families together, without ever listing the points.

Optuna's own grid sampler holds the product of all knobs of all families in memory: 10 knobs of 5 values are ten
million points, and points that differ only in the knobs of a family that was not chosen are the same curve.
"""

import math
from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from vsearch.search.space import FAMILY, choice_space, family_space
from vsearch.spec.seeds import derive_seed
from vsearch.spec.study import StudySpec

GOLDEN = (math.sqrt(5) - 1) / 2

Value = float | str


class GridSampler(BaseSampler):
    """The points of a study's grid in a fixed order that depends on its seed and spreads the first ones out.

    The first trials of a study are given curves; the trial after them takes point 0, and so on. After the last point
    those whose trials failed are tried again, and then the order begins anew (its curves are then replicates).
    """

    def __init__(self, spec: StudySpec, given: int) -> None:
        self._spec, self._given = spec, given
        self._axes = {name: axes(family_space(spec, name), spec.grid_points) for name in spec.families}
        self.size = sum(_size(found) for found in self._axes.values())
        self._start = derive_seed("grid", spec.seed) % self.size
        self._stride = _stride(self.size)

    def point(self, index: int) -> dict[str, Value]:
        """The parameters of point `index` in 0 … `size` - 1, with the family where the study has several."""
        rest = (self._start + index * self._stride) % self.size
        for family, found in self._axes.items():
            if rest < _size(found):
                return ({FAMILY: family} if choice_space(self._spec) else {}) | _decode(found, rest)
            rest -= _size(found)
        raise AssertionError("the index lies in the grid")

    def infer_relative_search_space(
        self,
        study: Study,  # noqa: ARG002
        trial: FrozenTrial,  # noqa: ARG002
    ) -> dict[str, BaseDistribution]:
        """Nothing: the search space comes from the spec."""
        return {}

    def sample_relative(
        self,
        study: Study,
        trial: FrozenTrial,
        search_space: dict[str, BaseDistribution],  # noqa: ARG002
    ) -> dict[str, Any]:
        """The point of this trial."""
        index = trial.number - self._given
        if 0 <= index < self.size:
            return self.point(index)
        return _failed_point(study) or self.point(index % self.size)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """One value of the trial's point, for a trial that was put back with half its parameters."""
        point = self.sample_relative(study, trial, {})
        return point.get(param_name, axes({param_name: param_distribution}, self._spec.grid_points)[param_name][0])


def axes(space: dict[str, BaseDistribution], points: int) -> dict[str, list[Value]]:
    """For each parameter its values: every choice, or `points` numbers at equal distances with both ends."""
    values: dict[str, list[Value]] = {}
    for name, distribution in space.items():
        if isinstance(distribution, CategoricalDistribution):
            values[name] = [str(choice) for choice in distribution.choices]
        elif isinstance(distribution, FloatDistribution):
            values[name] = _spaced(distribution, points)
    return values


def _spaced(distribution: FloatDistribution, points: int) -> list[Value]:
    low, high = distribution.low, distribution.high
    inner = [step / (points - 1) for step in range(1, points - 1)]
    if distribution.log:
        return [low, *(low * (high / low) ** share for share in inner), high]
    return [low, *(low + (high - low) * share for share in inner), high]


def _size(found: dict[str, list[Value]]) -> int:
    return math.prod(len(values) for values in found.values())


def _decode(found: dict[str, list[Value]], index: int) -> dict[str, Value]:
    point = {}
    for name, values in found.items():
        index, digit = divmod(index, len(values))
        point[name] = values[digit]
    return point


def _stride(size: int) -> int:
    """A step near the golden section that meets every index once before it comes back."""
    step = max(1, round(size * GOLDEN))
    while math.gcd(step, size) != 1:
        step += 1
    return step


def _failed_point(study: Study) -> dict[str, Value] | None:
    """The first point whose trial failed and that no other trial has taken up since."""
    trials = study.get_trials(deepcopy=False)
    taken = [trial.params for trial in trials if trial.state != TrialState.FAIL]
    failed = [trial.params for trial in trials if trial.state == TrialState.FAIL and trial.params]
    return next((params for params in failed if params not in taken), None)
