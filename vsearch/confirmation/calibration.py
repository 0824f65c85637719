"""Whether short trainings rank curves as long ones do: by what is measured, epoch by epoch."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean
from typing import NamedTuple

from vsearch.confirmation.stored_calibrations import CalibrationTrials, ScheduleTrials
from vsearch.search import attributes
from vsearch.search.trials import TrialResult
from vsearch.spec.number import check_interval
from vsearch.spec.study import StudySpec
from vsearch.statistics import Interval, RankCorrelation, rank_correlation

WANTED = 0.8
"""Rank correlation that is enough unless somebody wants another."""
LARGEST_LOSS = 1e6
"""Stands for losses above it, and for those of a training after it diverged."""

BySeed = Mapping[int, Mapping[str, TrialResult]]
"""Ended trials by the number of their seed and the label of their curve."""


class Agreement(NamedTuple):
    """How the ranking after an epoch of short trainings goes with that of the long ones."""

    epoch: int
    accuracy: RankCorrelation
    """Of validation accuracy: what trials are pruned by."""
    loss: RankCorrelation
    """Of the mean training loss of that epoch, a smaller one being better."""


@dataclass(frozen=True)
class ShortRun:
    """Short trainings of one length."""

    spec: StudySpec
    agreements: tuple[Agreement, ...]
    """Of each epoch."""
    missing: int
    """Trainings that have not ended."""
    diverged: int

    @property
    def last(self) -> Agreement:
        """After its last epoch."""
        return self.agreements[-1]

    def at(self, epoch: int) -> Agreement:
        """After one of its epochs."""
        return self.agreements[epoch - 1]

    def safe_epoch(self, wanted: float) -> int | None:
        """The first epoch from which on the correlation is `wanted` or more to the end; None where the end is not."""
        safe = None
        for each in reversed(self.agreements):
            if each.accuracy.rho is None or each.accuracy.rho < wanted:
                break
            safe = each.epoch
        return safe


@dataclass(frozen=True)
class Proposal:
    """The cheapest short training that ranks well enough."""

    run: ShortRun
    first_rung: int
    """Its safe epoch."""
    mean_epochs: float
    """Of a trial, where at each rung from there on one of `rung_factor` goes on."""
    wanted: float

    @property
    def weakest(self) -> Agreement:
        """The epoch from the first rung on whose interval reaches lowest."""
        return min(self.run.agreements[self.first_rung - 1 :], key=lambda each: each.accuracy.interval.low)

    @property
    def is_sure(self) -> bool:
        """Whether the intervals of all epochs from there on lie at or above what is wanted."""
        return self.weakest.accuracy.interval.low >= self.wanted


@dataclass(frozen=True)
class Calibration:
    """What the trainings of a calibration show so far."""

    name: str
    search: StudySpec | None
    """None where it was deleted."""
    long: StudySpec
    wanted: float
    replicates: int
    """Trainings of one curve that a search's trial is judged by, and a ranking here."""
    short: tuple[ShortRun, ...]
    """By epochs."""
    between_seeds: float | None
    """Mean rank correlation between long trainings of one seed and of another; None for fewer than 2 seeds."""
    long_missing: int
    long_diverged: int
    proposal: Proposal | None
    """None where no short training ranks well enough at its end."""

    @property
    def missing(self) -> int:
        """Trainings that have not ended, of all schedules."""
        return self.long_missing + sum(run.missing for run in self.short)

    @property
    def trainings(self) -> int:
        """Those that the plan asks for."""
        return self.long.trials + sum(run.spec.trials for run in self.short)

    @property
    def of_search(self) -> ShortRun | None:
        """The short trainings of the length that the search's trials have."""
        return self.of_length(self.search.epochs) if self.search else None

    def of_length(self, epochs: int) -> ShortRun | None:
        """The short trainings of so many epochs; None where there are none."""
        return next((run for run in self.short if run.spec.epochs == epochs), None)


def check_wanted(wanted: float) -> float:
    """`wanted`, if a rank correlation can be so.

    Raises:
        InputError: not above 0, or above 1.
    """
    return check_interval("wanted", wanted, 0, 1, low_open=True)


def calibration(found: CalibrationTrials, *, wanted: float = WANTED) -> Calibration:
    """What the trials of a calibration show.

    A trial of a search is judged by `replicates` trainings, mostly one, so each ranking is by as many: the correlation
    is the mean over the seeds. Its interval is the mean of theirs, which is wider than that of the mean. Curves count
    whose trainings ended; one that diverged has accuracy 0 from then on.

    Args:
        wanted: rank correlation that is enough, in (0, 1].

    Raises:
        InputError: `wanted` is out of its range.
    """
    check_wanted(wanted)
    replicates = found.search.replicates if found.search else 1
    long = _usable(found.long)
    short = tuple(_short_run(each, long, replicates) for each in found.short)
    return Calibration(
        found.name,
        found.search,
        found.long.spec,
        wanted,
        replicates,
        short,
        _between_seeds(found.long.spec, long),
        _missing(found.long),
        _diverged(found.long),
        _proposal(short, wanted, found.search),
    )


def mean_epochs(spec: StudySpec, first_rung: int) -> float:
    """Epochs of a trial in the mean, where at each rung one of `rung_factor` goes on."""
    done, share, rung, total = 0, 1.0, first_rung, 0.0
    while rung < spec.epochs:
        total += share * (rung - done)
        done, share, rung = rung, share / spec.rung_factor, rung * spec.rung_factor
    return total + share * (spec.epochs - done)


def _proposal(short: Sequence[ShortRun], wanted: float, search: StudySpec | None) -> Proposal | None:
    found = []
    for run in short:
        safe = run.safe_epoch(wanted)
        if safe is not None:
            is_pruned = search is None or search.pruner != "none"
            cost = mean_epochs(run.spec, safe) if is_pruned else float(run.spec.epochs)
            found.append(Proposal(run, safe, cost, wanted))
    return min(found, key=lambda each: (each.mean_epochs, each.run.spec.epochs), default=None)


def _short_run(short: ScheduleTrials, long: BySeed, replicates: int) -> ShortRun:
    used = _usable(short)
    labels = _shared(used, long)
    final = {label: [_accuracy(trials[label], None) for trials in long.values()] for label in labels}
    agreements = []
    for epoch in range(1, short.spec.epochs + 1):
        by_accuracy = [{label: _accuracy(trials[label], epoch) for label in labels} for trials in used.values()]
        by_loss = [{label: -_loss(trials[label], epoch) for label in labels} for trials in used.values()]
        agreements.append(
            Agreement(epoch, *(_correlation(scores, final, replicates) for scores in (by_accuracy, by_loss)))
        )
    return ShortRun(short.spec, tuple(agreements), _missing(short), _diverged(short))


def _correlation(
    by_seed: Sequence[Mapping[str, float]], final: Mapping[str, Sequence[float]], replicates: int
) -> RankCorrelation:
    """The mean over the seeds, `replicates` of them next to each other at a time."""
    nothing = RankCorrelation(None, Interval(-1.0, 1.0), len(final))
    together = min(replicates, len(by_seed))
    found = []
    for start in range(len(by_seed)):
        window = [by_seed[(start + step) % len(by_seed)] for step in range(together)]
        found.append(rank_correlation([[each[label] for each in window] for label in final], list(final.values())))
        if together == len(by_seed):
            break
    rhos = [each.rho for each in found if each.rho is not None]
    if not found or len(rhos) < len(found):  # in a ranking without any order nothing agrees
        return nothing
    interval = Interval(fmean(each.interval.low for each in found), fmean(each.interval.high for each in found))
    return RankCorrelation(fmean(rhos), interval, len(final))


def _between_seeds(spec: StudySpec, long: BySeed) -> float | None:
    scores = [
        [[_accuracy(trials[item.label], None)] for item in spec.planned if item.label in trials]
        for trials in long.values()
    ]
    rhos = [rank_correlation(one, other).rho for one, other in combinations(scores, 2)]
    known = [rho for rho in rhos if rho is not None]
    return fmean(known) if known else None


def _usable(schedule: ScheduleTrials) -> BySeed:
    """The seeds that all curves have ended with; where there is none, the one that most have."""
    by_seed: dict[int, dict[str, TrialResult]] = {}
    for trial in schedule.trials:
        if trial.pair is not None and (trial.is_finished or trial.reason == "diverged"):
            by_seed.setdefault(trial.pair, {})[trial.label] = trial
    full = {pair: trials for pair, trials in sorted(by_seed.items()) if len(trials) == len(schedule.spec.planned)}
    if full or not by_seed:
        return full
    most = max(by_seed, key=lambda pair: (len(by_seed[pair]), -pair))
    return {most: by_seed[most]}


def _shared(*schedules: BySeed) -> list[str]:
    """The labels that all seeds of all schedules have."""
    sets = [set(trials) for schedule in schedules for trials in schedule.values()]
    return sorted(set.intersection(*sets)) if all(schedules) else []


def _accuracy(trial: TrialResult, epoch: int | None) -> float:
    """After an epoch, or at the end; 0 once it has diverged."""
    if epoch is None:
        return trial.accuracy if trial.is_finished and trial.accuracy is not None else 0.0
    return trial.learning_curve[epoch - 1] if epoch <= len(trial.learning_curve) else 0.0


def _loss(trial: TrialResult, epoch: int) -> float:
    losses = trial.attributes.get(attributes.TRAIN_LOSSES, [])
    loss = losses[epoch - 1] if epoch <= len(losses) else None
    return min(loss, LARGEST_LOSS) if loss is not None and math.isfinite(loss) else LARGEST_LOSS


def _missing(schedule: ScheduleTrials) -> int:
    ended = [trial for trial in schedule.trials if trial.is_finished or trial.reason == "diverged"]
    return max(0, schedule.spec.trials - len(ended))


def _diverged(schedule: ScheduleTrials) -> int:
    return sum(trial.reason == "diverged" for trial in schedule.trials)
