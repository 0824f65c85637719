"""How a sequential study can be expected to end, and after how many seeds: simulated, before anything is spent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vsearch.statistics.checks import error_rate
from vsearch.statistics.sequential import ORDER, Verdict, looked

SIMULATIONS = 4000
"""Studies; a share has a standard error of 0.8 % at most."""


@dataclass(frozen=True)
class Prospects:
    """What becomes of simulated studies whose curves have given true differences to the baseline."""

    shares: Mapping[Verdict, float]
    """Of the studies by how they end: `confirmed` where one curve is, else `spent` where one is undecided, else
    `futile` or `worse`."""
    seeds: float
    """Mean seeds until every curve is decided: those of the baseline."""
    seeds_of: tuple[float, ...]
    """Mean seeds of each curve, which gets no more once it is decided."""
    most_seeds: int
    """Nine of ten studies need no more."""


def prospects(
    effects: Sequence[float],
    sd: float,
    *,
    worthwhile: float,
    max_seeds: int,
    first: int,
    step: int,
    level: float = 0.95,
) -> Prospects:
    """Simulate studies that begin with `first` seeds and add `step` at a time until each curve is decided.

    Args:
        effects: the true difference of each curve to the baseline, in points.
        sd: of one training from seed to seed, in points; the baseline's luck is in all differences of its seed.
    """
    rng = np.random.default_rng(0)
    alpha = error_rate(level, len(effects))
    seeds = np.array([first, *range(first + step, max_seeds, step), max_seeds] if first < max_seeds else [first])
    shape = (SIMULATIONS, int(seeds[-1]))
    base = rng.normal(0.0, sd, shape)
    ended, needed = [], []
    for effect in effects:
        differences = rng.normal(effect, sd, shape) - base
        found = looked(differences, seeds, alpha, worthwhile=worthwhile, max_seeds=max_seeds).verdicts
        end = (found != "more").argmax(axis=1)[:, None]
        ended.append(np.take_along_axis(found, end, axis=1)[:, 0])
        needed.append(seeds[end[:, 0]])
    codes = np.min([[ORDER.index(verdict) for verdict in curve.tolist()] for curve in ended], axis=0)
    shares = {verdict: float(np.mean(codes == code)) for code, verdict in enumerate(ORDER)}
    last = np.max(needed, axis=0)
    most = int(np.quantile(last, 0.9, method="inverted_cdf"))
    return Prospects(shares, float(last.mean()), tuple(float(curve.mean()) for curve in needed), most)
