"""What a planned study shows: each curve against the baseline, in pairs, and no more than the data allow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from vsearch.curves import Curve
from vsearch.search.trials import TrialResult
from vsearch.spec.planned import PlannedCurve
from vsearch.spec.study import StudySpec
from vsearch.statistics import Interval, PairedDifference, confidence_sequence, paired_difference

LEVEL = 0.95
"""Of all intervals."""

Verdict = Literal["confirmed", "not shown", "worse"]


@dataclass(frozen=True)
class Row:
    """One curve of a plan; differences in points (percent), accuracies in [0, 1]."""

    planned: PlannedCurve
    accuracies: Mapping[int, float]
    """By the number of the seed, of the trainings that finished."""
    diverged: int
    """Trainings whose loss became no number."""
    missing: int
    """Trainings that the plan asks for and that have not ended, or failed for a reason that is not the curve's."""
    differences: tuple[float, ...]
    """To the baseline, of each seed that both finished, in the order of the seeds."""
    difference: PairedDifference | None
    """What those tell; None for the baseline and where there is none."""
    decisive: Interval | None
    """What the verdict is read from: corrected for all comparisons, and valid under looking where seeds were added."""
    search_lead: float | None = None
    """To the baseline, in the search that the curve comes from, in points."""

    @property
    def label(self) -> str:
        """Its name in the study."""
        return self.planned.label

    @property
    def role(self) -> str:
        """One of `vsearch.spec.planned.ROLES`."""
        return self.planned.role

    @property
    def curve(self) -> Curve:
        """The curve itself."""
        return self.planned.curve

    @property
    def is_claim(self) -> bool:
        """Whether the study asks if it beats the baseline: controls serve another question."""
        return self.planned.is_claim

    @property
    def mean(self) -> float | None:
        """Mean accuracy of the finished trainings."""
        return sum(self.accuracies.values()) / len(self.accuracies) if self.accuracies else None

    @property
    def shrinkage(self) -> float | None:
        """Lead in the search less the confirmed one, in points: what luck had added."""
        if self.search_lead is None or self.difference is None:
            return None
        return self.search_lead - self.difference.mean

    @property
    def verdict(self) -> Verdict:
        """A curve of which a training diverged is never confirmed: the pairs that are left are the lucky ones."""
        if self.decisive is None:
            return "not shown"
        if self.decisive.low > 0:
            return "not shown" if self.diverged else "confirmed"
        return "worse" if self.decisive.high < 0 else "not shown"


@dataclass(frozen=True)
class ShapeRow:
    """The subject less one of its controls, in points; the interval is not corrected: all controls must be beaten."""

    label: str
    difference: PairedDifference
    interval: Interval


@dataclass(frozen=True)
class Outcome:
    """What a planned study shows so far."""

    spec: StudySpec
    rows: tuple[Row, ...]
    """In the order of the plan."""
    shape: tuple[ShapeRow, ...]
    """The subject against its controls."""

    @property
    def baseline(self) -> Row:
        """The plain network."""
        return next(row for row in self.rows if row.role == "baseline")

    @property
    def claims(self) -> tuple[Row, ...]:
        """The curves that are asked about; all of them count as comparisons."""
        return tuple(row for row in self.rows if row.is_claim)

    @property
    def subject(self) -> Row | None:
        """The first of them, chosen before any was trained: the one whose controls are trained."""
        return self.claims[0] if self.claims else None

    @property
    def winner(self) -> Row | None:
        """The curve with the largest mean difference, confirmed ones before others; None before any pair is there."""
        compared = [row for row in self.claims if row.difference is not None]
        return max(compared, key=lambda row: (row.verdict == "confirmed", _mean(row)), default=None)

    @property
    def verdict(self) -> Verdict:
        """Of the winner."""
        return "not shown" if self.winner is None else self.winner.verdict

    @property
    def missing(self) -> int:
        """Trainings of the plan that have no result yet."""
        return sum(row.missing for row in self.rows)

    @property
    def is_shape(self) -> bool | None:
        """Whether the subject beats each of its controls; None where the plan has none, or no pair is there."""
        if not self.shape:
            return None
        return all(row.interval.low > 0 for row in self.shape)


def outcome(
    spec: StudySpec, trials: Sequence[TrialResult], search: Sequence[TrialResult] = (), *, studies: int = 1
) -> Outcome:
    """What the trials of a planned study show.

    Args:
        search: the trials of the study it comes from, for the shrinkage; none where that is gone.
        studies: that are read together, as the cells of a matrix are; the intervals are corrected for all of them.
    """
    by_label = {item.label: [trial for trial in trials if trial.label == item.label] for item in spec.planned}
    scores = {label: _accuracies(found) for label, found in by_label.items()}
    comparisons = studies * max(1, sum(item.is_claim for item in spec.planned))
    base = scores[next(item.label for item in spec.planned if item.role == "baseline")]
    rows = []
    for item in spec.planned:
        own = scores[item.label]
        pairs = [] if item.role == "baseline" else paired(own, base)
        number = comparisons if item.is_claim else 1
        difference = _difference(spec, pairs, number)
        diverged = sum(trial.reason == "diverged" and trial.counts for trial in by_label[item.label])
        rows.append(
            Row(
                item,
                own,
                diverged,
                max(0, spec.seeds_of(item) - len(own) - diverged),
                tuple(pairs),
                difference,
                None if difference is None else decisive_interval(spec, pairs, difference),
                _search_lead(item.curve, search) if item.is_claim else None,
            )
        )
    return Outcome(spec, tuple(rows), _shape(spec, rows))


def paired(own: Mapping[int, float], other: Mapping[int, float]) -> list[float]:
    """The differences in points of the seeds that both have, in the order of the seeds."""
    return [100 * (own[pair] - other[pair]) for pair in sorted(own.keys() & other.keys())]


def resolution(spec: StudySpec) -> float:
    """The smallest step of a difference, in points: one image; 0 where a folder's images are not counted."""
    return 100 / spec.evaluation_images if spec.evaluation_images else 0.0


def decisive_interval(spec: StudySpec, pairs: Sequence[float], difference: PairedDifference) -> Interval:
    """The interval that a verdict may be read from."""
    if not spec.sequential:
        return difference.simultaneous
    return confidence_sequence(pairs, level=LEVEL, comparisons=difference.comparisons, resolution=resolution(spec))


def _difference(spec: StudySpec, pairs: Sequence[float], comparisons: int) -> PairedDifference | None:
    if not pairs:
        return None
    return paired_difference(pairs, level=LEVEL, comparisons=comparisons, resolution=resolution(spec))


def _accuracies(trials: Sequence[TrialResult]) -> dict[int, float]:
    finished = [trial for trial in trials if trial.is_finished]
    return {trial.pair: trial.accuracy for trial in finished if trial.pair is not None and trial.accuracy is not None}


def _shape(spec: StudySpec, rows: Sequence[Row]) -> tuple[ShapeRow, ...]:
    subject = next((row for row in rows if row.is_claim), None)
    found = []
    for row in rows:
        pairs = paired(subject.accuracies, row.accuracies) if subject and row.role == "control" else []
        difference = _difference(spec, pairs, 1)
        if difference is not None:
            found.append(ShapeRow(row.label, difference, decisive_interval(spec, pairs, difference)))
    return tuple(found)


def _search_lead(curve: Curve, search: Sequence[TrialResult]) -> float | None:
    """The best score that the search gave the curve, less that of its baseline."""
    scores = [(trial.role, trial.curve, trial.accuracy) for trial in search if trial.is_finished]
    base = next((accuracy for role, _, accuracy in scores if role == "baseline"), None)
    own = max((accuracy for _, found, accuracy in scores if found == curve and accuracy is not None), default=None)
    return None if base is None or own is None else 100 * (own - base)


def _mean(row: Row) -> float:
    return row.difference.mean if row.difference else 0.0
