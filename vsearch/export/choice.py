"""Which curve of a planned study is taken, which of its trainings stands for it, and how sure the study is of it."""

from collections.abc import Sequence

from vsearch.confirmation.outcome import Outcome, Row
from vsearch.confirmation.sentences import progress_sentence, shape_sentence
from vsearch.errors import InputError, VsearchError, unknown_name
from vsearch.export.values import Certainty
from vsearch.search.trials import TrialResult
from vsearch.spec.planned import PlannedCurve
from vsearch.spec.study import StudySpec


def finished_trials(trials: Sequence[TrialResult], label: str) -> list[TrialResult]:
    """The trials of a planned curve that count and have a test accuracy, by the number of their seed."""
    found = [trial for trial in trials if trial.label == label and trial.is_finished and trial.accuracy is not None]
    return sorted(found, key=lambda trial: trial.pair or 0)


def certainty_of(outcome: Outcome, label: str) -> Certainty | None:
    """A curve against the baseline of the same seeds, as the study's outcome has it; None without a pair."""
    row = next(row for row in outcome.rows if row.label == label)
    if row.difference is None or row.decisive is None:
        return None
    interval, is_subject = row.decisive, outcome.subject is not None and outcome.subject.label == label
    notes = [progress_sentence(outcome), shape_sentence(outcome) if is_subject else "", _diverged(row)]
    return Certainty(
        row.difference.mean / 100,
        interval.low / 100,
        interval.high / 100,
        row.difference.n,
        _VERDICTS[row.verdict] if row.is_claim else "none: it is a control, of which nothing is claimed",
        _kind(outcome, row),
        tuple(note for note in notes if note),
    )


_VERDICTS = {
    "confirmed": "confirmed: better than the plain network",
    "worse": "worse than the plain network",
    "not shown": "not shown: that it is better than the plain network does not follow from these trainings",
}


def _kind(outcome: Outcome, row: Row) -> str:
    number = row.difference.comparisons if row.difference else 1
    kinds = [f"for {number} curves together"] if number > 1 else []
    return ", ".join(kinds + ["valid however often one looks"] * outcome.spec.sequential)


def _diverged(row: Row) -> str:
    return f"{row.diverged} of its trainings diverged; the pairs that are left are the lucky ones." * bool(row.diverged)


def choose_curve(outcome: Outcome, trials: Sequence[TrialResult], which: str) -> PlannedCurve:
    """The planned curve of that label or role; for empty text the winner, as `Outcome.winner` has it.

    Raises:
        InputError: there is no such curve.
        VsearchError: nothing has been trained that could be chosen.
    """
    if which:
        return _named(outcome.spec, which)
    if outcome.winner is not None:
        return outcome.winner.planned
    trained = [row.planned for row in outcome.claims if finished_trials(trials, row.label)]
    if not trained:
        raise VsearchError(f"no candidate of {outcome.spec.name} has a finished training yet; train it first")
    return trained[0]


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
        return ranked[(len(ranked) - 1) // 2], count + _why(len(ranked))
    for trial in finished:
        if trial.pair == seed_index:
            return trial, f"{count}, the one with seed number {seed_index}, which was asked for"
    there = ", ".join(str(trial.pair) for trial in finished)
    raise InputError(f"{label!r} has no finished training with seed number {seed_index}; there are {there}")


def _why(number: int) -> str:
    if number == 1:
        return ""
    which = "median test accuracy" if number % 2 else "the lower of the two middle test accuracies"
    return f" the one of {which}, not the luckiest"
