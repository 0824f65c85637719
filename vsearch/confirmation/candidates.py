"""Which curves of a study deserve confirmation: those that are probably good, not those that were lucky.

The highest of many noisy scores is high by luck first. Each score is therefore replaced by an estimate of the curve's
true accuracy that also knows what similar curves scored: the posterior mean of a Gaussian process over the scales. A
lucky curve among mediocre neighbours shrinks towards them, one among good neighbours keeps its place, and a curve that
was trained several times is believed the more.

In 400 simulated studies of 40 trials (triangles and ramps, seed noise 0.25 points, 5,000 validation images; designs as
random search and as TPE makes them) the pick was truly better than the raw maximum, by 0.07 to 0.09 points on
average of the 0.16 to 0.19 that the best trial would have given, and its estimate was 0.07 to 0.11 points too high,
where the score of the raw maximum was 0.82 to 0.85 too high. With 15 trials it was hardly better (studies/LOG.md,
2026-11-25).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vsearch.confirmation.estimates import MOST, Estimates, Scored, estimate
from vsearch.curves import Curve
from vsearch.errors import InputError, VsearchError
from vsearch.search import attributes, ranking
from vsearch.search.ranking import SeedNoise
from vsearch.search.trials import TrialResult

NEAR = 0.02
"""Curves whose scales differ by less than this at every block are one candidate: half of a knob's usual last digit."""
_ENOUGH_FREEDOM = 4
"""Degrees of freedom from which the seeds' own spread is taken for the noise; below it is fitted."""
_PLAIN_NOISE = 0.1
"""Points; the noise is not fitted as smaller where the number of validation images is not known."""


@dataclass(frozen=True)
class Candidate:
    """A curve that deserves confirmation."""

    number: int
    """Of the first trial that trained it."""
    curve: Curve
    scales: tuple[float, ...]
    score: float
    """Validation accuracy in [0, 1], the mean over all its trainings."""
    estimate: float
    """Of its true validation accuracy; not held to [0, 1]."""
    sd: float
    """Standard deviation of the estimate, in points."""
    trainings: int
    """Seeds that the score is a mean of."""

    @property
    def shrinkage(self) -> float:
        """Score less estimate, in points: what was probably luck."""
        return 100 * (self.score - self.estimate)


@dataclass(frozen=True)
class _Pool:
    """All finished trials of one curve."""

    trials: tuple[TrialResult, ...]

    @property
    def scores(self) -> list[float]:
        return [score for trial in self.trials for score in (trial.accuracies or (trial.accuracy or 0.0,))]

    @property
    def is_candidate(self) -> bool:
        """Searched, or the paper's, and not the plain network."""
        roles = {trial.role for trial in self.trials}
        return "baseline" not in roles and bool(roles & {"search", "paper"}) and self.trials[0].curve is not None


def ranked_candidates(
    trials: Sequence[TrialResult], *, top: int, validation_images: int | None = None
) -> list[Candidate]:
    """The curves of a study that are probably the best, best first: `top` of them, or fewer where there are no more.

    Only finished trials count; the baseline is among the neighbours and no candidate. The noise is that of curves
    trained with several seeds where it is known well enough, else it is fitted.

    Args:
        validation_images: that a score is reckoned from; the fitted noise is at least half of their binomial variance.

    Raises:
        VsearchError: no trial has finished, or none but the baseline.
        InputError: `top` is less than 1.
    """
    if top < 1:
        raise InputError(f"top is {top}; ask for 1 candidate or more")
    finished = [trial for trial in ranking.best(list(trials)).ranked if trial.scales]
    pools = _pooled(finished)
    if not any(pool.is_candidate for pool in pools):
        raise VsearchError("no trial but the baseline has finished, so there is no curve to confirm")
    noise = ranking.seed_noise(finished)
    found = _estimates(pools, noise, validation_images)
    rows = [
        _candidate(pool, mean, sd)
        for pool, mean, sd in zip(pools, found.means, found.sds, strict=True)
        if pool.is_candidate
    ]
    # Of equal estimates, as where all curves seem alike, the better score leads, and then the earlier trial.
    rows.sort(key=lambda row: (-round(row.estimate, 8), -row.score, row.number))
    return _distinct(rows, top)


def _pooled(finished: Sequence[TrialResult]) -> list[_Pool]:
    """By the first trial's number; the latest ones, where there are more than can be reckoned with."""
    pools: dict[str, list[TrialResult]] = {}
    for trial in sorted(finished, key=lambda trial: trial.number):
        key = trial.attributes.get(attributes.SCALES_KEY) or repr([round(scale, 4) for scale in trial.scales])
        pools.setdefault(key, []).append(trial)
    return [_Pool(tuple(trials)) for trials in pools.values()][-MOST:]


def _estimates(pools: Sequence[_Pool], noise: SeedNoise | None, validation_images: int | None) -> Estimates:
    import numpy as np

    scores = [pool.scores for pool in pools]
    means = np.asarray([100 * np.mean(of_pool) for of_pool in scores])
    least = _PLAIN_NOISE
    if validation_images is not None:
        rate = min(max(float(means.max()) / 100, 0.0), 1 - 1 / validation_images)
        # The images are the same for all curves: networks that err on the same ones differ by less than the binomial.
        least = 100 * math.sqrt(rate * (1 - rate) / validation_images / 2)
    is_known = noise is not None and noise.points > 0 and noise.degrees_of_freedom >= _ENOUGH_FREEDOM
    return estimate(
        Scored(
            scales=np.asarray([pool.trials[0].scales for pool in pools]),
            scores=means,
            trainings=np.asarray([float(len(of_pool)) for of_pool in scores]),
            noise=noise.points if noise is not None and is_known else None,
            least_noise=least,
        )
    )


def _candidate(pool: _Pool, mean: float, sd: float) -> Candidate:
    first, scores = pool.trials[0], pool.scores
    assert first.curve is not None
    score = sum(scores) / len(scores)
    return Candidate(first.number, first.curve, first.scales, score, float(mean) / 100, float(sd), len(scores))


def _distinct(rows: Sequence[Candidate], top: int) -> list[Candidate]:
    """The first `top` of which none is nearly the same curve as one before it."""
    chosen: list[Candidate] = []
    for row in rows:
        if len(chosen) < top and not any(_is_near(row.scales, other.scales) for other in chosen):
            chosen.append(row)
    return chosen


def _is_near(one: Sequence[float], other: Sequence[float]) -> bool:
    return len(one) == len(other) and max(abs(a - b) for a, b in zip(one, other, strict=True)) < NEAR
