"""When to stop adding seeds: a rule that reads intervals which stay right however often one looks.

A curve is decided once its interval lies on one side of zero, or below what is worthwhile, or once the seeds that are
left would hardly confirm it any more.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from vsearch.errors import InputError
from vsearch.statistics.checks import check_differences, check_resolution, error_rate
from vsearch.statistics.confidence import Floats, held, looks
from vsearch.statistics.futility import HOPELESS, hopeless_below, t_statistics
from vsearch.statistics.interval import Interval

Verdict = Literal["confirmed", "worse", "futile", "spent", "more"]
ORDER: tuple[Verdict, ...] = ("more", "confirmed", "spent", "futile", "worse")
"""The first of these that one of the candidates has is the study's."""


@dataclass(frozen=True)
class Decision:
    """What is known of one candidate after so many pairs."""

    verdict: Verdict
    """`confirmed` and `worse`: the interval excludes zero; `futile`: it ends below what is worthwhile, or more seeds
    are hopeless; `spent`: no seed is left; `more`: undecided."""
    reason: str
    """In words, with its numbers."""
    interval: Interval
    """Always valid, for all candidates together, in points."""
    pairs: int


@dataclass(frozen=True)
class NextStep:
    """What to do next: `more` while a candidate is undecided, else the best that was found of any."""

    verdict: Verdict
    reason: str
    decisions: Mapping[str, Decision]
    """By candidate."""

    @property
    def undecided(self) -> tuple[str, ...]:
        """The candidates that need more seeds; the others need none, whatever the rest of the study does."""
        return tuple(name for name, decision in self.decisions.items() if decision.verdict == "more")


class Looks(NamedTuple):
    """What is known of candidates at each look, `(sets, looks)` each: the verdicts, and the ends of the intervals."""

    verdicts: npt.NDArray[np.str_]
    lows: Floats
    highs: Floats


def looked(
    differences: Floats,
    pairs: npt.NDArray[np.int_],
    alpha: float,
    *,
    worthwhile: float,
    max_seeds: int,
    resolution: float = 0.0,
) -> Looks:
    """The rule itself, for many candidates of the same fate, whose differences are `(sets, pairs)`.

    Args:
        pairs: the looks: after how many of the pairs.
        alpha: the error of the interval of one candidate.
    """
    lows, highs = (ends[:, pairs - 1] for ends in held(*looks(differences, alpha, resolution)))
    bounds = np.array([hopeless_below(int(number), max_seeds, alpha) for number in pairs])
    is_hopeless = t_statistics(differences, resolution)[:, pairs - 1] < bounds
    is_spent = np.broadcast_to(pairs >= max_seeds, lows.shape)
    found = np.select(
        [lows > 0, highs < 0, (highs < worthwhile) | is_hopeless, is_spent],
        ["confirmed", "worse", "futile", "spent"],
        default="more",
    )
    return Looks(found, lows, highs)


def next_step(
    differences_by_candidate: Mapping[str, Sequence[float]],
    *,
    level: float = 0.95,
    worthwhile: float,
    max_seeds: int,
    resolution: float = 0.0,
) -> NextStep:
    """Whether more seeds are needed, for all candidates of a study together; it may be asked after every pair.

    Args:
        differences_by_candidate: in points, in the order of the seeds. ALL candidates, the decided ones too: the error
            is shared between them, and one that is left out would be counted as never tried.
        worthwhile: a candidate whose interval ends below this many points is given up.
        max_seeds: a candidate with so many pairs gets no more, and one that so many would hardly confirm is given up.

    Raises:
        InputError: no candidate, a difference that is not finite, a number out of its range.
    """
    if not differences_by_candidate:
        raise InputError("there is no candidate to decide about")
    if not 0 <= worthwhile < math.inf:
        raise InputError(f"worthwhile is {worthwhile:g}; it must be 0 points or more")
    if max_seeds < 2:
        raise InputError(f"max_seeds is {max_seeds}; give 2 or more")
    alpha = error_rate(level, len(differences_by_candidate))
    check_resolution(resolution)
    decisions = {
        name: _decide(np.asarray(check_differences(differences)), alpha, worthwhile, max_seeds, resolution)
        for name, differences in differences_by_candidate.items()
    }
    name = min(decisions, key=lambda name: ORDER.index(decisions[name].verdict))
    return NextStep(decisions[name].verdict, f"{name}: {decisions[name].reason}", decisions)


def _decide(differences: Floats, alpha: float, worthwhile: float, max_seeds: int, resolution: float) -> Decision:
    pairs = len(differences)
    found = looked(
        differences[None],
        np.array([pairs]),
        alpha,
        worthwhile=worthwhile,
        max_seeds=max_seeds,
        resolution=resolution,
    )
    interval = Interval(found.lows.item(), found.highs.item())
    verdict = next(known for known in ORDER if known == found.verdicts.item())
    return Decision(verdict, _reason(verdict, interval, pairs, worthwhile, max_seeds), interval, pairs)


def _reason(verdict: Verdict, interval: Interval, pairs: int, worthwhile: float, max_seeds: int) -> str:
    after = f"after {pairs} pairs the interval is {interval.low:+.2f} to {interval.high:+.2f} points"
    if not interval.is_finite:
        after = f"{pairs} pairs are too few for an interval"
    match verdict:
        case "confirmed":
            return f"{after}, all above zero"
        case "worse":
            return f"{after}, all below zero"
        case "futile" if interval.high < worthwhile:
            return f"{after}, all below the {worthwhile:g} that would be worthwhile"
        case "futile":
            chance = f"{HOPELESS:.0%}".replace("%", " %")
            return f"{after}, and with {max_seeds} seeds it would be confirmed with a probability below {chance}"
        case "spent":
            return f"{after}, which decides nothing, and no more than {max_seeds} seeds are allowed"
        case "more":
            return f"{after}, which decides nothing yet"
