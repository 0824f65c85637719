"""The answer in sentences, each no stronger than its numbers."""

import math

from vsearch.confirmation.outcome import LEVEL, Outcome, Row
from vsearch.errors import shorten
from vsearch.spec.datasets import dataset_info
from vsearch.spec.study import StudySpec
from vsearch.statistics import Interval

LONGEST_CURVE = 160


def verdict_sentence(outcome: Outcome) -> str:
    """Verdict, difference, interval and number of pairs of the winner; and what could have been found at all."""
    row = outcome.winner
    if row is None or row.difference is None or row.decisive is None:
        return "not shown: no seed has finished with both the baseline and another curve yet."
    where, pairs = judged_by(outcome.spec), _pairs(row.difference.n)
    match row.verdict:
        case "confirmed":
            text = f"confirmed: {named(row)} beats the plain network on {where} by {signed(row.difference.mean)} points"
        case "worse":
            text = f"worse: {named(row)} loses {abs(row.difference.mean):.2f} points to the plain network on {where}"
        case _:
            by = signed(row.difference.mean)
            text = f"not shown: {named(row)} differs from the plain network on {where} by {by} points"
    return f"{text} ({_interval(outcome.spec, row)}; {pairs}){_because(outcome, row)}."


def shape_sentence(outcome: Outcome) -> str:
    """Whether it is the shape that does it; empty where no control has been compared."""
    if outcome.subject is None or not outcome.shape:
        return ""
    beaten = [row.label for row in outcome.shape if row.interval.low > 0]
    level = [row.label for row in outcome.shape if row.interval.low <= 0]
    name = outcome.subject.label
    if not level:
        return f"The shape matters: {name} beats each of its controls ({', '.join(beaten)})."
    numbers = ", ".join(
        f"{signed(row.difference.mean)} points from {row.label} ({between(row.interval)})"
        for row in outcome.shape
        if row.label in level
    )
    also = f", though it beats {', '.join(beaten)}" if beaten else ""
    return f"That the shape matters is not shown{also}: {name} differs by {numbers}."


def progress_sentence(outcome: Outcome) -> str:
    """How much of the plan is missing; empty where nothing is."""
    if not outcome.missing:
        return ""
    total = outcome.spec.trials
    return f"So far: {total - outcome.missing} of {total} trainings have ended."


def named(row: Row) -> str:
    """`trial 12, Triangle(peak=1.3, floor=0.8)`."""
    return f"{row.label}, {shorten(str(row.curve), LONGEST_CURVE)},"


def judged_by(spec: StudySpec) -> str:
    """`the test images of CIFAR-10`."""
    info = dataset_info(spec.dataset)
    return f"the {spec.evaluated_on} images of {spec.dataset if info is None else info.title}"


def seeds_in_words(spec: StudySpec) -> str:
    """`8 seeds`; `up to 8 seeds` where some curves are decided and got no more."""
    seeds = f"{spec.seeds_per_curve} seed{'' if spec.seeds_per_curve == 1 else 's'}"
    return f"up to {seeds}" if any(item.seeds is not None for item in spec.planned) else seeds


def signed(points: float) -> str:
    """`+0.42`; a rounded zero has no sign."""
    return f"{points:+.2f}" if round(points, 2) else "0.00"


def between(interval: Interval) -> str:
    """`-0.31 to +0.71`; in words where nothing is known yet."""
    return f"{signed(interval.low)} to {signed(interval.high)}" if interval.is_finite else "no interval yet"


def _interval(spec: StudySpec, row: Row) -> str:
    assert row.decisive is not None
    assert row.difference is not None
    if not row.decisive.is_finite:
        return "too few pairs for an interval"
    number = row.difference.comparisons
    kinds = [f"for {number} curves together"] if number > 1 else []
    kinds += ["valid however often one looks"] if spec.sequential else []
    kind = f", {', '.join(kinds)}" if kinds else ""
    return f"{LEVEL:.0%} interval {between(row.decisive)}{kind}".replace("%", " %")


def _pairs(number: int) -> str:
    return "1 pair of trainings" if number == 1 else f"{number} pairs of trainings"


def _because(outcome: Outcome, row: Row) -> str:
    """What keeps the verdict from being more."""
    assert row.difference is not None
    if row.diverged:
        return f"; {row.diverged} of its {outcome.spec.seeds_of(row.planned)} trainings diverged, so nothing is claimed"
    if row.verdict != "not shown":
        return ""
    if not math.isfinite(row.difference.detectable):
        return "; one pair tells nothing of the noise, so train more seeds"
    if outcome.spec.sequential:
        return ""
    return (
        f"; with so few seeds at this noise a true difference below {row.difference.detectable:.2f} points "
        "would be missed more often than one time in five"
    )
