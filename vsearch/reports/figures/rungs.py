"""Pruning honesty: how well an early accuracy ranks the curves as the last one does."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

from vsearch.reports.chart import COLOURS, GREY, Axis, Chart, Line, Panel, Points, Rule
from vsearch.reports.study_data import StudyData
from vsearch.reports.wording import counted
from vsearch.search.trials import TrialResult

LEAST_TRIALS, LEAST_FOR_INTERVAL = 3, 5
Z_95 = NormalDist().inv_cdf(0.975)


class RungCorrelation(NamedTuple):
    """Spearman's rank correlation between the accuracies at one epoch and the final ones."""

    epoch: int
    n: int
    """Finished trials whose accuracy at that epoch is known."""
    correlation: float | None
    low: float | None
    """Ends of the 95 % interval; None below five trials, and at a correlation of 1 or -1."""
    high: float | None
    reason: str = ""
    """Why there is no correlation."""


class RungsInfo(NamedTuple):
    """One correlation for each rung of a study."""

    study: str
    epochs: int
    rungs: tuple[RungCorrelation, ...]
    is_compared: bool
    """False where the pruner has no rungs: the epochs are then 1, 2, 4 …"""
    finished: int
    pruned: int


def rungs_info(data: StudyData) -> RungsInfo:
    """The rank correlation at each rung below the last epoch, over finished trials.

    Where the pruner has no rungs: at the epochs 1, 2, 4, 8 … below the last.
    """
    last = data.spec.epochs
    epochs = data.spec.rungs or tuple(2**power for power in range(last.bit_length()) if 2**power < last)
    return RungsInfo(
        data.name,
        last,
        tuple(_at_epoch(data.finished, epoch) for epoch in epochs),
        bool(data.spec.rungs),
        len(data.finished),
        sum(trial.state == "pruned" for trial in data.trials),
    )


def _at_epoch(finished: tuple[TrialResult, ...], epoch: int) -> RungCorrelation:
    known = [trial for trial in finished if len(trial.learning_curve) >= epoch]
    pairs = [(trial.learning_curve[epoch - 1], trial.accuracy or 0.0) for trial in known]
    pairs = [pair for pair in pairs if all(map(math.isfinite, pair))]
    early, final = tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)
    if len(pairs) < LEAST_TRIALS:
        return _unknown(epoch, len(pairs), f"{counted(len(pairs), 'finished trial')}; it takes {LEAST_TRIALS}")
    if len(set(final)) == 1:
        return _unknown(epoch, len(pairs), "all final accuracies are equal")
    if len(set(early)) == 1:
        return _unknown(epoch, len(pairs), "all accuracies at that epoch are equal")
    from scipy.stats import spearmanr

    correlation = float(spearmanr(early, final).statistic)
    return RungCorrelation(epoch, len(pairs), correlation, *interval(correlation, len(pairs)))


def _unknown(epoch: int, n: int, reason: str) -> RungCorrelation:
    return RungCorrelation(epoch, n, None, None, None, reason)


def interval(correlation: float, n: int) -> tuple[float, float] | tuple[None, None]:
    """The 95 % interval of a rank correlation over `n` trials; Nones below five trials, and at 1 and -1.

    Fisher's z with the variance (1 + r²/2) / (n - 3). Source: Bonett and Wright 2000.
    """
    if n < LEAST_FOR_INTERVAL or abs(correlation) > 1 - 1e-9:
        return None, None
    reach = Z_95 * math.sqrt((1 + correlation**2 / 2) / (n - 3))
    middle = math.atanh(correlation)
    return math.tanh(middle - reach), math.tanh(middle + reach)


def rungs_chart(info: RungsInfo) -> Chart:
    """The correlations with their intervals over the epochs of the rungs."""
    known = [rung for rung in info.rungs if rung.correlation is not None]
    what = "rung" if info.is_compared else "epoch"
    marks = (_intervals(known), _correlations(known), Rule(0, "no relation", dash="dot")) if known else ()
    panel = Panel(
        Axis(
            f"Epoch of the {what}",
            is_log=True,
            low=(info.rungs[0].epoch if info.rungs else 1) / 1.3,
            high=(info.rungs[-1].epoch if info.rungs else 1) * 1.3,
            ticks=tuple((rung.epoch, str(rung.epoch)) for rung in info.rungs),
        ),
        Axis(
            "Rank correlation with the final accuracy", low=min([-0.05, *(_lowest(rung) for rung in known)]), high=1.05
        ),
        marks,
        empty="" if known else _empty(info),
    )
    title = "Do early accuracies rank curves as the final ones do?"
    return Chart("rungs", title, (panel,), _alternative(info), _note(info))


def _intervals(known: list[RungCorrelation]) -> Line:
    sure = [rung for rung in known if rung.low is not None]
    x = tuple(float(rung.epoch) for rung in sure for _ in range(3))
    y = tuple(end for rung in sure for end in (rung.low, rung.high, None))
    return Line(x, y, "95 % interval" if sure else "", GREY, width=2)


def _correlations(known: list[RungCorrelation]) -> Points:
    return Points(
        tuple(float(rung.epoch) for rung in known),
        tuple(rung.correlation or 0.0 for rung in known),
        "Spearman's rank correlation",
        COLOURS[0],
        size=10,
        hover=tuple(_words(rung) for rung in known),
    )


def _lowest(rung: RungCorrelation) -> float:
    return min(rung.correlation or 0.0, 1.0 if rung.low is None else rung.low) - 0.05


def _words(rung: RungCorrelation) -> str:
    if rung.correlation is None:
        return f"epoch {rung.epoch}: not known ({rung.reason})"
    span = "" if rung.low is None or rung.high is None else f", 95 % interval {rung.low:.2f} to {rung.high:.2f}"
    return f"epoch {rung.epoch}: {rung.correlation:.2f}{span}, n = {rung.n}"


def _empty(info: RungsInfo) -> str:
    if not info.rungs:
        return f"No epoch before the last ({info.epochs}) at which trials could be compared."
    return f"No correlation yet: {info.rungs[-1].reason}."


def _alternative(info: RungsInfo) -> str:
    if not info.rungs:
        return _empty(info)
    listed = "; ".join(map(_words, info.rungs))
    return (
        f"Rank correlation (Spearman) between the accuracy at an epoch and the final accuracy after {info.epochs} "
        f"epochs: {listed}. 1 means that the epoch ranks the curves as the end does, 0 that it says nothing."
    )


def _note(info: RungsInfo) -> str:
    where = "" if info.is_compared else "The pruner compares at no fixed rungs; these epochs are examples. "
    if not info.pruned:
        return f"{where}Over {counted(info.finished, 'finished trial')}; none was pruned, so none is missing."
    return (
        f"{where}Over {counted(info.finished, 'finished trial')}. The {info.pruned} pruned are missing, and they were "
        "not missing by chance: among survivors the correlation is usually weaker than among all, and whether a pruned "
        "curve would have won cannot be seen here."
    )
