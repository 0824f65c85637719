"""Training one claimed trial: epochs, reports, pruning, checkpoints."""

import hashlib
import logging
import os
import time
import warnings
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from optuna.trial import TrialState

from vsearch.errors import DataError
from vsearch.search import attributes
from vsearch.search.claims import Claim
from vsearch.training.checkpoint import load_checkpoint, save_checkpoint
from vsearch.training.divergence import diverged
from vsearch.training.loop import EpochRecord, Training
from vsearch.worker.interrupts import Interrupts, Stopped
from vsearch.worker.workplace import Workplace, commit, device_name, versions

log = logging.getLogger("vsearch.worker")

CHECKPOINT_SECONDS = 30.0
"""The most training that a killed worker loses, beside the epoch in progress."""


@dataclass(frozen=True)
class Outcome:
    """How a trial ended."""

    state: TrialState
    reason: str
    detail: str = ""
    value: float | None = None


@dataclass
class Progress:
    """What a trial has done so far; goes into its checkpoint and, at its end, into its attributes."""

    train_losses: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)
    """Of the last epoch, one per replicate."""
    seconds: float = 0.0
    images_per_second: float = 0.0

    def add(self, records: list[EpochRecord]) -> None:
        """Count one epoch of every replicate."""
        self.train_losses.append(fmean(record.train_loss for record in records))
        self.validation_losses.append(fmean(record.validation_loss for record in records))
        self.accuracies = [record.validation_accuracy for record in records]
        self.seconds += sum(record.seconds for record in records)
        self.images_per_second = fmean(record.images_per_second for record in records)


class TrialTraining:
    """The replicates of one trial, trained side by side epoch for epoch, so that each report is a mean over all."""

    def __init__(self, claim: Claim, workplace: Workplace, interrupts: Interrupts) -> None:
        self._claim, self._workplace, self._interrupts = claim, workplace, interrupts
        self._trainings = self._new_trainings()
        self.progress = Progress()
        self._path = checkpoint_path(workplace, claim.number)
        self._restore()
        self._snapshot = self._state()
        self._saved_at = time.monotonic()

    def run(self) -> Outcome:
        """Train until the trial ends.

        Raises:
            Stopped: the worker was asked to stop; the last finished epoch is in the checkpoint.
            LeaseLost: another worker has the trial; neither its reports nor its checkpoint are touched.
        """
        try:
            while len(self.progress.train_losses) < self._workplace.spec.epochs:
                outcome = self._epoch()
                if outcome is not None:
                    return outcome
        except Stopped:
            self._claim.lease.renew()  # nobody else may be training from this checkpoint
            self._save()
            raise
        return Outcome(TrialState.COMPLETE, "finished", value=fmean(self.progress.accuracies))

    def _epoch(self) -> Outcome | None:
        with self._interrupts.breakable():
            records = [next(training.epochs()) for training in self._trainings]
        self.progress.add(records)
        self._snapshot = self._state()
        outcome = self._judge(records)
        if time.monotonic() - self._saved_at > CHECKPOINT_SECONDS:
            self._save()
        return outcome

    def _judge(self, records: list[EpochRecord]) -> Outcome | None:
        """Report the epoch; whether the trial goes on (None) is up to divergence and the pruner."""
        trial, epoch = self._claim.trial, records[0].epoch
        found = [d for record in records if (d := diverged(record, self._workplace.data.num_classes))]
        for divergence in found:
            if divergence.kind == "non-finite":
                return Outcome(TrialState.FAIL, "diverged", divergence.reason)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an epoch trained again after a crash was reported before; same number
            trial.report(fmean(self.progress.accuracies), epoch)
        # An exploded loss is a finite, bad score: the sampler should learn to stay away from there.
        if found and self._claim.may_be_pruned:
            return Outcome(TrialState.PRUNED, "diverged", found[0].reason)
        is_hopeless = trial.should_prune()  # asked for the baseline too: its score then counts at the rung
        if is_hopeless and self._claim.may_be_pruned and epoch < self._workplace.spec.epochs:
            return Outcome(TrialState.PRUNED, "pruned", f"behind the others after epoch {epoch}")
        return None

    def record(self, outcome: Outcome) -> None:
        """Write what the trial did and how it ended into its attributes."""
        progress, workplace = self.progress, self._workplace
        values: dict[str, Any] = {
            attributes.REASON: outcome.reason,
            attributes.EPOCHS: len(progress.train_losses),
            attributes.SECONDS: round(progress.seconds, 3),
            attributes.IMAGES_PER_SECOND: round(progress.images_per_second, 1),
            attributes.ACCURACIES: progress.accuracies,
            attributes.TRAIN_LOSSES: [finite(loss) for loss in progress.train_losses],
            attributes.VALIDATION_LOSSES: [finite(loss) for loss in progress.validation_losses],
            attributes.PARAMETERS: sum(p.numel() for p in self._trainings[0].network.parameters()),
            attributes.DEVICE: device_name(workplace.device),
            attributes.PRECISION: workplace.precision,
            attributes.VERSIONS: versions(),
            attributes.SPLIT: workplace.data.split_digest,
        }
        if outcome.detail:
            values[attributes.DETAIL] = outcome.detail
        if (code := commit()) is not None:
            values[attributes.COMMIT] = code
        for key, value in values.items():
            self._claim.trial.set_user_attr(key, value)

    def _identity(self) -> dict[str, Any]:
        """What a checkpoint must agree with; the scales too: another storage may have a trial of the same number."""
        claim = self._claim
        return {"spec": spec_digest(self._workplace), "seeds": list(claim.seeds), "scales": list(claim.scales)}

    def _state(self) -> dict[str, Any]:
        return {
            "trial": self._identity(),
            "progress": asdict(self.progress),
            "trainings": [training.state_dict() for training in self._trainings],
        }

    def _save(self) -> None:
        """Write the last finished epoch; without room for it training goes on, the previous checkpoint stays."""
        self._saved_at = time.monotonic()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            save_checkpoint(self._path, self._snapshot)
        except (DataError, OSError) as error:
            log.warning("trial %d: %s", self._claim.number, error)

    def _restore(self) -> None:
        """Go on from the sound checkpoint of this very trial; where there is none, from epoch 0 with the same seed."""
        if not os.path.exists(self._path):  # False also where the folder may not be read
            return
        try:
            state = load_checkpoint(self._path)
            if state.get("trial") != self._identity():
                return
            for training, saved in zip(self._trainings, state["trainings"], strict=True):
                training.load_state_dict(saved)
            self.progress = Progress(**state["progress"])
        except (DataError, KeyError, TypeError, ValueError):
            self._trainings = self._new_trainings()

    def _new_trainings(self) -> list[Training]:
        return [self._workplace.training(self._claim.scales, seed, self._on_step) for seed in self._claim.seeds]

    def _on_step(self) -> None:
        if self._claim.lease.is_due:
            with self._interrupts.protected():
                self._claim.lease.renew()


def checkpoint_path(workplace: Workplace, number: int) -> Path:
    """Where the checkpoint of a trial lies."""
    return workplace.checkpoints / f"trial-{number}.ckpt"


def spec_digest(workplace: Workplace) -> str:
    """SHA-256 of the spec without its number of trials, which may grow while a trial waits."""
    return hashlib.sha256(workplace.spec.with_changes(trials=1).to_json().encode()).hexdigest()


def finite(loss: float) -> float | None:
    """A loss to six digits; None for NaN and infinity, which JSON does not have."""
    return float(f"{loss:.6g}") if abs(loss) < float("inf") else None
