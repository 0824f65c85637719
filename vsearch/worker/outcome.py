"""How a trial ended, and what is kept of it."""

import hashlib
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from optuna.trial import TrialState

from vsearch.search import attributes
from vsearch.training.loop import EpochRecord
from vsearch.worker.workplace import Workplace, commit, device_name, versions


@dataclass(frozen=True)
class Outcome:
    """How a trial ended."""

    state: TrialState
    reason: str
    """One of `attributes.REASONS`."""
    detail: str = ""
    value: float | None = None


@dataclass
class Progress:
    """What a trial has done so far; goes into its checkpoint and, at its end, into its attributes.

    Raises:
        TypeError: a checkpoint that vsearch did not write holds something else.
    """

    train_losses: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    """Validation accuracy of each epoch, the mean over the replicates: what is reported."""
    accuracies: list[float] = field(default_factory=list)
    """Of the last epoch, one per replicate."""
    seed_scores: list[list[float]] = field(default_factory=list)
    """The same of each epoch; shorter in a checkpoint of an older vsearch."""
    seconds: float = 0.0
    images_per_second: float = 0.0
    broken: str = ""
    """Why the last epoch's numbers are none, and are not reported."""
    exploded: str = ""
    """Why going on is of no use, though the numbers are finite."""

    def __post_init__(self) -> None:
        lists = (self.train_losses, self.validation_losses, self.scores, self.accuracies, *self.seed_scores)
        numbers = [self.seconds, self.images_per_second]
        for values in lists:
            if not isinstance(values, list):
                raise TypeError("the progress of a trial is no list of numbers")
            numbers += values
        lengths = ({*map(len, lists[:3])}, {*map(len, self.seed_scores)})
        if not all(isinstance(number, int | float) for number in numbers) or max(map(len, lengths)) > 1:
            raise TypeError("the progress of a trial is no row of numbers for each of its epochs")
        if not isinstance(self.broken, str) or not isinstance(self.exploded, str):
            raise TypeError("the progress of a trial has no reasons in words")

    @property
    def epochs(self) -> int:
        """Finished epochs."""
        return len(self.scores)

    def add(self, records: list[EpochRecord]) -> None:
        """Count one epoch of every replicate."""
        self.train_losses.append(fmean(record.train_loss for record in records))
        self.validation_losses.append(fmean(record.validation_loss for record in records))
        self.accuracies = [record.validation_accuracy for record in records]
        self.seed_scores.append(self.accuracies)
        self.scores.append(fmean(self.accuracies))
        self.seconds += sum(record.seconds for record in records)
        self.images_per_second = fmean(record.images_per_second for record in records)

    def attrs(self, epochs: int) -> dict[str, Any]:
        """The attributes of a trial that counts up to `epochs`, of which it may have trained more."""
        attrs: dict[str, Any] = {
            attributes.EPOCHS: epochs,
            attributes.SECONDS: round(self.seconds, 3),
            attributes.IMAGES_PER_SECOND: round(self.images_per_second, 1),
            attributes.TRAIN_LOSSES: [finite(loss) for loss in self.train_losses[:epochs]],
            attributes.VALIDATION_LOSSES: [finite(loss) for loss in self.validation_losses[:epochs]],
        }
        if len(self.accuracies) > 1 and len(self.seed_scores) == self.epochs:
            attrs[attributes.SEED_CURVES] = [list(curve) for curve in zip(*self.seed_scores[:epochs], strict=True)]
        return attrs | ({attributes.ACCURACIES: self.accuracies} if epochs == self.epochs else {})


def where_trained(workplace: Workplace, threads: int) -> dict[str, Any]:
    """The attributes that say on what and with what a trial was trained; `threads` of the CPU."""
    attrs: dict[str, Any] = {
        attributes.DEVICE: device_name(workplace.device),
        attributes.PRECISION: workplace.precision,
        attributes.THREADS: threads,
        attributes.VERSIONS: versions(workplace.device),
        attributes.SPLIT: workplace.data.split_digest,
        attributes.SPEC_DIGEST: spec_digest(workplace),
    }
    code = commit()
    return attrs if code is None else attrs | {attributes.COMMIT: code}


def spec_digest(workplace: Workplace) -> str:
    """SHA-256 of the spec without its budget, which may grow while a trial waits."""
    return hashlib.sha256(workplace.spec.without_budget().to_json().encode()).hexdigest()


def finite(loss: float) -> float | None:
    """A loss to six digits; None for NaN and infinity, which JSON does not have."""
    return float(f"{loss:.6g}") if abs(loss) < float("inf") else None
