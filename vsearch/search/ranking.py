"""The best curve of a study, and how far its search score may be believed."""

import math
from collections import Counter
from dataclasses import dataclass
from statistics import fmean, variance

from vsearch.errors import VsearchError
from vsearch.search import attributes
from vsearch.search.trials import TrialResult


@dataclass(frozen=True)
class Best:
    """The finished trial with the highest objective, beside the baseline of its study."""

    trial: TrialResult
    baseline: TrialResult | None
    ranked: tuple[TrialResult, ...]
    """All finished trials, best first."""
    noise: "SeedNoise | None"

    @property
    def difference(self) -> float | None:
        """Accuracy above the baseline's, in points (percent)."""
        return self.difference_of(self.trial)

    def difference_of(self, trial: TrialResult) -> float | None:
        """Another trial's accuracy above the baseline's, in points (percent); None without either."""
        if self.baseline is None or self.baseline.accuracy is None or trial.accuracy is None:
            return None
        return 100 * (trial.accuracy - self.baseline.accuracy)


@dataclass(frozen=True)
class SeedNoise:
    """How much the accuracy of one and the same curve varies from seed to seed."""

    points: float
    """Standard deviation of one training, in points (percent)."""
    degrees_of_freedom: int


def best(trials: list[TrialResult]) -> Best:
    """The best finished trial of a study.

    Raises:
        VsearchError: no trial has finished.
    """
    finished = [trial for trial in trials if trial.is_finished and trial.accuracy is not None]
    if not finished:
        states = Counter(trial.state for trial in trials)
        counts = ", ".join(f"{number} {state}" for state, number in sorted(states.items())) or "none was begun"
        reasons = next((f"; the last reason: {trial.detail}" for trial in reversed(trials) if trial.detail), "")
        raise VsearchError(f"no trial has finished ({counts}), so there is no best curve{reasons}")
    ranked = sorted(finished, key=lambda trial: (-(trial.accuracy or 0.0), trial.number))
    baseline = next((trial for trial in finished if trial.role == "baseline"), None)
    return Best(ranked[0], baseline, tuple(ranked), seed_noise(finished))


def seed_noise(finished: list[TrialResult]) -> SeedNoise | None:
    """The noise pooled over the curves that were trained with several seeds; None where no curve was."""
    groups: dict[str, list[float]] = {}
    for trial in finished:
        if (key := trial.attributes.get(attributes.SCALES_KEY)) is not None:
            groups.setdefault(key, []).extend(trial.accuracies)
    repeated = [scores for scores in groups.values() if len(scores) > 1]
    freedom = sum(len(scores) - 1 for scores in repeated)
    if not freedom:
        return None
    pooled = fmean(
        [variance(scores) for scores in repeated for _ in range(len(scores) - 1)],
    )
    return SeedNoise(100 * math.sqrt(pooled), freedom)
