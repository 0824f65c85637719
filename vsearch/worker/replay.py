"""Training a recorded trial again from its record alone; nothing is written to its study."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import torch

from vsearch.curves import Curve
from vsearch.errors import InputError
from vsearch.models.digest import state_digest
from vsearch.search import attributes
from vsearch.search.stored import StoredStudy
from vsearch.search.trials import TrialResult, trial_of
from vsearch.storage.checkpoints import DatabaseStore
from vsearch.worker.comparison import Compared, EpochPair, Replay
from vsearch.worker.outcome import Progress, finite, where_trained
from vsearch.worker.workplace import Workplace, device_name, set_up

MAX_THREADS = 1024


@dataclass(frozen=True)
class Record:
    """What a trial's record says of how it was trained."""

    trial: TrialResult
    curve: Curve
    scales: tuple[float, ...]
    """Of the curve, as trained; the recorded ones are rounded."""
    epochs: int
    """Trained ones; the last may have given no number and so no report."""
    threads: int | None

    def reported(self, epoch: int) -> float | None:
        """The accuracy that was reported after an epoch, None if none was."""
        return self.trial.learning_curve[epoch - 1] if epoch <= len(self.trial.learning_curve) else None


def replay(
    study: StoredStudy,
    number: int,
    *,
    data_path: Path,
    device: torch.device,
    threads: int | None = None,
    epochs: int | None = None,
    download: bool = False,
    on_epoch: Callable[[EpochPair], None] = lambda _: None,
) -> Replay:
    """Train a trial of `study` that has ended again, from its spec, its curve and its seeds, and compare.

    Args:
        threads: of the CPU; by default as many as recorded, or one.
        epochs: only so many of the recorded ones.
        on_epoch: called after each.

    Raises:
        InputError: the trial has not ended, is excluded, or has no epoch on record.
        DataError: the images are missing.
    """
    record = read_record(study, trial_of(study, number))
    count = _checked_epochs(record, epochs)
    progress, pairs = Progress(), []
    with _threads(threads or record.threads or 1):
        # It is given a store because a workplace has one; nothing is written there.
        store = DatabaseStore(study.storage)
        workplace = set_up(study, data_path=data_path, checkpoints=store, device=device, download=download)
        trainings = [workplace.training(record.scales, seed) for seed in record.trial.seeds]
        for epoch in range(1, count + 1):
            progress.add([next(training.epochs()) for training in trainings])
            pairs.append(EpochPair(epoch, record.reported(epoch), progress.scores[-1]))
            on_epoch(pairs[-1])
        digests = [state_digest(training.network.state_dict()) for training in trainings]
        compared = [*_record(record, study), *_conditions(record, workplace), *_attempts(record, study, workplace)]
    compared += _numbers(record, progress, digests)
    has_weights = any(item.name == "weights" and item.recorded is not None for item in compared)
    is_exact = device.type == "cpu"
    return Replay(study.name, number, tuple(pairs), tuple(compared), record.epochs, is_exact, has_weights)


def read_record(study: StoredStudy, trial: TrialResult) -> Record:
    """The record of a trial that can be trained again.

    Raises:
        InputError: it cannot, with the reason.
    """
    which = f"trial {trial.number} of {study.name}"
    if trial.state in ("waiting", "running"):
        raise InputError(f"{which} is {trial.state}; only one that has ended can be trained again")
    if trial.state == "excluded":
        raise InputError(f"{which} is excluded; take it in first: vsearch trial include {study.name} {trial.number}")
    if trial.curve is None or not trial.seeds or not trial.scales:
        raise InputError(f"{which} was never begun: its record has no curve with scales and seeds")
    trained = trial.attributes.get(attributes.EPOCHS, trial.epochs)
    epochs = max(trained if _is_whole(trained) else 0, trial.epochs)
    if len(trial.learning_curve) != trial.epochs or not 0 <= epochs <= study.spec.epochs:
        raise InputError(f"the record of {which} is damaged: its epochs are not 1, 2 … up to {study.spec.epochs}")
    if not epochs:
        raise InputError(f"{which} has no epoch on record ({trial.reason}); there is nothing to compare")
    threads = trial.attributes.get(attributes.THREADS)
    is_legal = threads is not None and _is_whole(threads) and 1 <= threads <= MAX_THREADS
    scales = trial.curve.scales(study.spec.num_blocks)
    return Record(trial, trial.curve, scales, epochs, threads if is_legal else None)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _checked_epochs(record: Record, epochs: int | None) -> int:
    if epochs is None:
        return record.epochs
    if not 1 <= epochs <= record.epochs:
        raise InputError(f"epochs is {epochs}; the trial has 1 to {record.epochs} on record")
    return epochs


@contextmanager
def _threads(count: int) -> Iterator[None]:
    former = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(former)


def _record(record: Record, study: StoredStudy) -> list[Compared]:
    """What must agree wherever it is read."""
    trial = record.trial
    items = [Compared("record", "scales", list(trial.scales), [round(scale, 6) for scale in record.scales])]
    items += [Compared("record", "number of seeds", len(trial.seeds), study.spec.replicates)]
    if trial.state != "failed":  # a failed one may have had no time to report its last epochs
        items += [Compared("record", "number of reports", record.epochs, len(trial.learning_curve))]
    if trial.is_finished:
        items += [Compared("record", "number of epochs", study.spec.epochs, record.epochs)]
        items += [Compared("record", "objective", list(trial.learning_curve[-1:]), [trial.accuracy])]
    return items


def _conditions(record: Record, workplace: Workplace) -> list[Compared]:
    """Where and with what was trained. Another vsearch may write the same spec in another way."""
    then, now = record.trial.attributes, where_trained(workplace, torch.get_num_threads())
    code = (attributes.VERSIONS, attributes.COMMIT)
    is_same_code = all(then.get(name) == now.get(name) for name in code)
    items = [
        Compared(
            "record" if is_same_code else "condition", "spec", then.get(attributes.SPEC_DIGEST), now["spec_digest"]
        )
    ]
    items += [Compared("record", "images", then.get(attributes.SPLIT), now[attributes.SPLIT])]
    names = [attributes.DEVICE, attributes.PRECISION, *code]
    if workplace.device.type == "cpu":
        names.append(attributes.THREADS)
    return items + [Compared("condition", name, then.get(name), now.get(name)) for name in names]


def _attempts(record: Record, study: StoredStudy, workplace: Workplace) -> list[Compared]:
    """The devices of all attempts at a trial that changed hands; what is recorded of it elsewhere is of the last."""
    trial_id = study.storage.get_trial_id_from_study_id_trial_number(study.study_id, record.trial.number)
    devices = sorted({attempt.device for attempt in study.storage.attempts(trial_id)} - {""})
    if len(devices) < 2:
        return []
    return [Compared("condition", "devices of its attempts", devices, [device_name(workplace.device)])]


def _numbers(record: Record, progress: Progress, digests: list[str]) -> list[Compared]:
    """What came out, beside the accuracies of the epochs."""
    then, count = record.trial.attributes, progress.epochs
    losses = [
        Compared("number", name.replace("_", " "), _first(then.get(name), count), [finite(loss) for loss in values])
        for name, values in (
            (attributes.TRAIN_LOSSES, progress.train_losses),
            (attributes.VALIDATION_LOSSES, progress.validation_losses),
        )
    ]
    if count < record.epochs:
        return losses
    objective = record.trial.accuracy if record.trial.is_finished else None
    return [
        *losses,
        Compared("number", "accuracies of the seeds", then.get(attributes.ACCURACIES), progress.accuracies),
        Compared("number", "objective", objective, fmean(progress.accuracies)),
        Compared("number", "weights", then.get(attributes.WEIGHTS_DIGESTS), digests),
    ]


def _first(values: Any, count: int) -> Any:
    return values[:count] if isinstance(values, list) else values
