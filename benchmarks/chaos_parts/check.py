"""The checks at the end of a chaos test: everything that the database holds against what must be there."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import isclose
from typing import NamedTuple

from chaos_parts.fleet import WorkerEnd
from chaos_parts.ledger import Acknowledged, Taking

SIGKILL = 9


class TrialRow(NamedTuple):
    """A trial as the database holds it."""

    trial_id: int
    number: int
    state: str
    scales: tuple[float, ...]
    """Rounded to six digits."""
    seeds: tuple[int, ...]
    reports: tuple[tuple[int, float], ...]
    """(epoch, accuracy), one for each row."""
    value: float | None
    rungs: Mapping[int, float]
    """What the pruner has kept: the accuracy at each rung, counted from 0."""
    reason: str = ""


class Undisturbed(NamedTuple):
    """What a trial of that number is in a run without faults."""

    scales: tuple[float, ...]
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Evidence:
    """What is left after a run."""

    budget: int
    epochs: int
    rung_epochs: tuple[int, ...]
    """The epochs at which the pruner may end a trial."""
    curve: Callable[[TrialRow], tuple[float, ...]]
    """The accuracies that a trial has in a run without faults, to its last epoch."""
    trials: tuple[TrialRow, ...]
    acknowledged: tuple[Acknowledged, ...] = ()
    takings: tuple[Taking, ...] = ()
    ends: tuple[WorkerEnd, ...] = ()
    unended: tuple[str, ...] = ()
    """Workers that were still there when all was over."""
    undisturbed: Mapping[int, Undisturbed] = field(default_factory=dict)
    held: tuple[int, ...] = ()
    """Trials that have ended but are still leased."""
    unended_attempts: tuple[int, ...] = ()
    """Trials that have ended, and of which an attempt goes on by vsearch's own record."""
    checkpoints: tuple[str, ...] = ()
    """What is left in the checkpoint folder or table."""
    planned: Mapping[str, int] = field(default_factory=dict)
    done: Mapping[str, int] = field(default_factory=dict)
    """Faults by kind."""
    may_fail: bool = False
    """Whether a failed trial counts as ended in order: Optuna alone fails those that it lost, and tries anew."""


def violations(evidence: Evidence) -> list[str]:
    """What is wrong, one sentence each; empty if nothing is."""
    return [words for check in CHECKS for words in check(evidence)]


def by_check(evidence: Evidence) -> dict[str, int]:
    """The number of violations that each check finds."""
    return {check.__name__.strip("_").replace("_", " "): len(list(check(evidence))) for check in CHECKS}


def _budget(evidence: Evidence) -> Iterator[str]:
    states = Counter(trial.state for trial in evidence.trials)
    done = states["COMPLETE"] + states["PRUNED"]
    if done != evidence.budget:
        yield f"{done} trials finished or were pruned; the budget is {evidence.budget}"
    numbers = sorted(trial.number for trial in evidence.trials)
    if numbers != list(range(len(numbers))):
        yield f"the trials' numbers are not 0 … {len(numbers) - 1}: {numbers}"


def _final_states(evidence: Evidence) -> Iterator[str]:
    for trial in evidence.trials:
        if trial.state in ("RUNNING", "WAITING"):
            yield f"trial {trial.number} is still {trial.state}"
        elif trial.state == "FAIL" and not evidence.may_fail:
            yield f"trial {trial.number} failed ({trial.reason}), and no training did"


def _epochs(evidence: Evidence) -> Iterator[str]:
    for trial in evidence.trials:
        steps = sorted(step for step, _ in trial.reports)
        is_ended = trial.state in ("COMPLETE", "PRUNED")
        if steps != list(range(1, len(steps) + 1)):
            yield f"the reported epochs of trial {trial.number} are {steps}"
        elif trial.state == "COMPLETE" and len(steps) != evidence.epochs:
            yield f"trial {trial.number} is complete with {len(steps)} of {evidence.epochs} epochs"
        elif is_ended and not steps:
            yield f"trial {trial.number} is {trial.state} without any report"
        elif trial.state == "PRUNED" and steps[-1] not in evidence.rung_epochs:
            yield f"trial {trial.number} was pruned after epoch {steps[-1]}, where there is no rung"


def _ledger(evidence: Evidence) -> Iterator[str]:
    stored = {trial.trial_id: dict(trial.reports) for trial in evidence.trials}
    for note in evidence.acknowledged:
        found = stored.get(note.trial_id, {}).get(note.step)
        if found is None:
            yield f"epoch {note.step} of trial id {note.trial_id}, acknowledged to {note.worker}, is missing"
        elif found != note.value:
            yield (
                f"epoch {note.step} of trial id {note.trial_id} was acknowledged to {note.worker} as {note.value!r} "
                f"and is stored as {found!r}"
            )


def _learning_curves(evidence: Evidence) -> Iterator[str]:
    for trial in evidence.trials:
        if not trial.reports:
            continue
        true = evidence.curve(trial)
        for step, value in sorted(trial.reports):
            if not 1 <= step <= len(true) or value != true[step - 1]:
                expected = true[step - 1] if 1 <= step <= len(true) else "no such epoch"
                yield f"trial {trial.number} has {value!r} after epoch {step}; undisturbed it has {expected!r}"
                break
        if trial.state == "COMPLETE" and trial.value != true[-1]:
            yield f"trial {trial.number} ended with {trial.value!r}; undisturbed with {true[-1]!r}"


def _undisturbed_trials(evidence: Evidence) -> Iterator[str]:
    for trial in evidence.trials:
        expected = evidence.undisturbed.get(trial.number)
        if expected is None:
            continue
        pairs = zip(trial.scales, expected.scales, strict=False)
        # In digits where the last one is rounded, two computations may differ in it.
        is_same = len(trial.scales) == len(expected.scales) and all(isclose(a, b, abs_tol=1.5e-6) for a, b in pairs)
        if not is_same or trial.seeds != expected.seeds:
            yield f"trial {trial.number} has other scales or seeds than undisturbed: {trial.scales} {trial.seeds}"


def _rungs(evidence: Evidence) -> Iterator[str]:
    for trial in evidence.trials:
        reports = dict(trial.reports)
        for rung, value in trial.rungs.items():
            epoch = evidence.rung_epochs[rung] if rung < len(evidence.rung_epochs) else None
            if epoch is None or reports.get(epoch) != value:
                yield f"trial {trial.number} counts at rung {rung} with {value!r}, which it did not report there"


def _owners(evidence: Evidence) -> Iterator[str]:
    owners: dict[tuple[int, int], set[str]] = defaultdict(set)
    for taking in evidence.takings:
        owners[taking.trial_id, taking.fence].add(taking.worker)
    for note in evidence.acknowledged:
        if note.fence is not None:
            owners[note.trial_id, note.fence].add(note.worker)
    for (trial_id, fence), workers in sorted(owners.items()):
        if len(workers) > 1:
            yield f"trial id {trial_id} had the owners {', '.join(sorted(workers))} at the same fence {fence}"


def _workers(evidence: Evidence) -> Iterator[str]:
    for end in evidence.ends:
        killed = {-SIGKILL} if SIGKILL in end.signals else set()
        allowed = {0} | {128 + number for number in end.signals} | killed
        if end.code not in allowed:
            sent = f"after signal {', '.join(map(str, end.signals))}" if end.signals else "by itself"
            yield f"worker {end.name} ended {sent} with code {end.code}: {end.last_words}"
    for name in evidence.unended:
        yield f"worker {name} still ran when the study was over"


def _leftovers(evidence: Evidence) -> Iterator[str]:
    for trial_id in evidence.held:
        yield f"trial id {trial_id} has ended and is still leased"
    for trial_id in evidence.unended_attempts:
        yield f"trial id {trial_id} has ended, and an attempt at it has not"
    for checkpoint in evidence.checkpoints:
        yield f"a checkpoint was left behind: {checkpoint}"


def _faults(evidence: Evidence) -> Iterator[str]:
    for kind, planned in evidence.planned.items():
        done = evidence.done.get(kind, 0)
        if done != planned:
            yield f"of {planned} faults '{kind}' {done} happened: the run proves less than it says"


CHECKS: tuple[Callable[[Evidence], Iterator[str]], ...] = (
    _budget,
    _final_states,
    _epochs,
    _ledger,
    _learning_curves,
    _undisturbed_trials,
    _rungs,
    _owners,
    _workers,
    _leftovers,
    _faults,
)
