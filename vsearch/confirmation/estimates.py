"""How good curves probably are, given their noisy scores and their neighbours: a Gaussian process over scales."""

import warnings
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FIT_ON = 300
"""Curves from which the process takes its length, height and noise, evenly spread over the trials' numbers; n³ work."""
MOST = 3_000
"""The latest curves, on which estimates rest; earlier ones are left out, which a sampler has left behind too."""
FEWEST = 4
"""Below this there are no neighbours to learn from, and the estimate is the score."""
_LENGTHS = (0.1, 0.5)
"""Root mean square difference of scales over which curves may stay alike; knobs range over about 1. Longer ones make
the process a plane that has its best curve at an end of the space, shorter ones let it follow the noise: with 0.02 to 5
the picks of simulated studies with weak effects were worse than the raw maximum (studies/LOG.md, 2026-11-25)."""


class Scored(NamedTuple):
    """Curves and what they scored; points throughout."""

    scales: Floats
    """`(curves, blocks)`."""
    scores: Floats
    """`(curves,)`, the mean over a curve's trainings."""
    trainings: Floats
    """`(curves,)`, how many."""
    noise: float | None
    """Standard deviation of one training; None to fit it."""
    least_noise: float
    """It is not fitted as smaller than that."""


class Estimates(NamedTuple):
    """Of each curve, in points."""

    means: Floats
    sds: Floats


def estimate(scored: Scored) -> Estimates:
    """The posterior mean and standard deviation of each curve's true accuracy.

    Curves below `low_end` keep their score and teach nothing of the others: one height and one length cannot describe
    both a plateau at 93 points and a cliff to 10.
    """
    noise = scored.noise if scored.noise is not None else scored.least_noise
    means, sds = scored.scores.copy(), noise / np.sqrt(scored.trainings)
    sane = scored.scores >= low_end(scored)
    if sane.sum() >= FEWEST and np.ptp(scored.scores[sane]) > 0:
        means[sane], sds[sane] = _posterior(
            scored._replace(scales=scored.scales[sane], scores=scored.scores[sane], trainings=scored.trainings[sane])
        )
    return Estimates(means, sds)


def low_end(scored: Scored) -> float:
    """The score below which all are equally bad: three times as far below the upper quartile as the best lies above it.

    At least 5 deviations of the noise, so that it never touches what luck alone does. The upper quartile holds as long
    as a quarter of the trainings went well.
    """
    upper, best = np.quantile(scored.scores, [0.75, 1.0])
    noise = scored.noise if scored.noise is not None else scored.least_noise
    return float(upper - max(3 * (best - upper), 5 * noise))


def _posterior(scored: Scored) -> Estimates:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
    from threadpoolctl import threadpool_limits

    center = np.average(scored.scores, weights=scored.trainings)
    scores = scored.scores - center
    x = scored.scales / np.sqrt(scored.scales.shape[1])  # distances are root mean square differences of scales
    height = float(np.var(scores))
    kernel = ConstantKernel(height, (1e-4 * height, 1e3 * height)) * RBF(0.3, _LENGTHS)
    if scored.noise is None:
        least = max(scored.least_noise**2, 1e-6 * height)
        kernel += WhiteKernel(max(height / 4, 1.1 * least), (least, max(10 * height, 2 * least)))
        alpha = np.full(len(scores), 1e-9 * height)
    else:
        alpha = scored.noise**2 / scored.trainings
    chosen = np.unique(np.linspace(0, len(scores) - 1, FIT_ON).round().astype(int))
    # Matrices this small are slower on several threads: a hundred times beside other work on two cores.
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)  # a parameter at its bound is an answer
        fitted = GaussianProcessRegressor(kernel, alpha=alpha[chosen]).fit(x[chosen], scores[chosen]).kernel_
        process = GaussianProcessRegressor(fitted, alpha=alpha, optimizer=None).fit(x, scores)
        means, sds = process.predict(x, return_std=True)
    white = fitted.k2.noise_level if scored.noise is None else 0.0
    of_center = (white if scored.noise is None else scored.noise**2) / scored.trainings.sum()
    return Estimates(center + means, np.sqrt(np.maximum(sds**2 - white, 0.0) + of_center))
