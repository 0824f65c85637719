"""How sure a planned study is of one of its curves, and which of its trainings stands for the curve."""

from collections.abc import Sequence

from vsearch.errors import InputError, VsearchError, unknown_name
from vsearch.export.values import Certainty
from vsearch.search.trials import TrialResult
from vsearch.spec.datasets import dataset_info
from vsearch.spec.planned import PlannedCurve
from vsearch.spec.study import StudySpec
from vsearch.statistics import Interval, confidence_sequence, paired_difference


def finished_trials(trials: Sequence[TrialResult], label: str) -> list[TrialResult]:
    """The trials of a planned curve that count and have a test accuracy, by the number of their seed."""
    found = [trial for trial in trials if trial.label == label and trial.is_finished and trial.accuracy is not None]
    return sorted(found, key=lambda trial: trial.pair or 0)


def certainty_of(spec: StudySpec, trials: Sequence[TrialResult], label: str) -> Certainty | None:
    """A curve against the baseline of the same seeds; None without a pair.

    The interval holds for all candidates of the plan together, and where the number of seeds depended on the results,
    also under that.
    """
    baseline = next(item.label for item in spec.planned if item.role == "baseline")
    plain = {trial.pair: trial.accuracy for trial in finished_trials(trials, baseline)}
    differences = [
        trial.accuracy - accuracy
        for trial in finished_trials(trials, label)
        if trial.accuracy is not None and (accuracy := plain.get(trial.pair)) is not None
    ]
    if not differences or label == baseline:
        return None
    info = dataset_info(spec.dataset)
    images = spec.validation_images or (info.test_images if info else None)
    found = paired_difference(
        differences,
        comparisons=max(1, sum(item.role == "candidate" for item in spec.planned)),
        resolution=1 / images if images else 0.0,
    )
    interval = found.simultaneous
    if spec.sequential:
        interval = confidence_sequence(
            differences, comparisons=found.comparisons, resolution=1 / images if images else 0.0
        )
    return Certainty(found.mean, interval.low, interval.high, found.n, _verdict(interval))


def _verdict(interval: Interval) -> str:
    if interval.low > 0:
        return "confirmed: better than the plain network"
    if interval.high < 0:
        return "worse than the plain network"
    return "not shown: zero lies in the interval"


def choose_curve(spec: StudySpec, trials: Sequence[TrialResult], which: str) -> PlannedCurve:
    """The planned curve of that label or role; for empty text the candidate whose interval lies highest.

    Raises:
        InputError: there is no such curve.
        VsearchError: no candidate has a training.
    """
    if which:
        return _named(spec, which)
    trained = [item for item in spec.planned if item.role == "candidate" and finished_trials(trials, item.label)]
    if not trained:
        raise VsearchError(f"no candidate of {spec.name} has a finished training yet; let a worker train it first")

    def lowest(item: PlannedCurve) -> float:
        certainty = certainty_of(spec, trials, item.label)
        return float("-inf") if certainty is None else certainty.low

    return max(trained, key=lowest)  # of equals the first, which the search believed in most


def _named(spec: StudySpec, which: str) -> PlannedCurve:
    found = [item for item in spec.planned if which in (item.label, item.role)]
    exact = [item for item in found if item.label == which]
    if len(found) == 1 or exact:
        return (exact or found)[0]
    if found:
        labels = ", ".join(repr(item.label) for item in found)
        raise InputError(f"{spec.name} has several curves of the role {which!r}; name one of {labels}")
    raise unknown_name(f"curve of {spec.name}", which, [item.label for item in spec.planned])


def choose_trial(trials: Sequence[TrialResult], label: str, seed_index: int | None) -> tuple[TrialResult, str]:
    """The training of a curve with median test accuracy, of two the lower, or that of a given seed; and why, in words.

    Raises:
        InputError: no finished training has that seed.
        VsearchError: there is no finished training.
    """
    finished = finished_trials(trials, label)
    if not finished:
        raise VsearchError(f"no training of {label!r} has finished yet; let a worker train it first")
    count = "its only training" if len(finished) == 1 else f"of {len(finished)} trainings of this curve"
    if seed_index is None:
        ranked = sorted(finished, key=lambda trial: (trial.accuracy or 0.0, trial.pair or 0))
        why = "" if len(finished) == 1 else " the one of median test accuracy, not the luckiest"
        return ranked[(len(ranked) - 1) // 2], count + why
    for trial in finished:
        if trial.pair == seed_index:
            return trial, f"{count}, the one with seed number {seed_index}, which was asked for"
    there = ", ".join(str(trial.pair) for trial in finished)
    raise InputError(f"{label!r} has no finished training with seed number {seed_index}; there are {there}")
