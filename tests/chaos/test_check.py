"""Each check of the chaos test finds what it is there for, and is silent about a run in order."""

import signal
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from chaos_parts.check import Evidence, TrialRow, Undisturbed, by_check, violations
from chaos_parts.fleet import WorkerEnd
from chaos_parts.ledger import Acknowledged, Taking
from chaos_parts.scripted import true_curve

EPOCHS = 8
SCALES, SEEDS = (1.0, 1.25, 0.75), (7,)
CURVE = true_curve(SCALES, SEEDS[0], EPOCHS)


def trial(number: int, epochs: int = EPOCHS, **changes: Any) -> TrialRow:
    """A trial in order, that was pruned if it is short."""
    reports = tuple((epoch, CURVE[epoch - 1]) for epoch in range(1, epochs + 1))
    rungs = {rung: CURVE[epoch - 1] for rung, epoch in enumerate((2, 4, 8)) if epoch <= epochs}
    state, value = ("COMPLETE", CURVE[-1]) if epochs == EPOCHS else ("PRUNED", None)
    return TrialRow(number + 1, number, state, SCALES, SEEDS, reports, value, rungs)._replace(**changes)


IN_ORDER = Evidence(
    budget=3,
    epochs=EPOCHS,
    rung_epochs=(2, 4, 8),
    curve=lambda row: true_curve(row.scales, row.seeds[0], EPOCHS),
    trials=(trial(0), trial(1, 2), trial(2, 4)),
    acknowledged=(Acknowledged("a", 1, 3, CURVE[2], 1), Acknowledged("b", 2, 2, CURVE[1], 3)),
    takings=(Taking("a", 1, 1), Taking("b", 1, 3), Taking("b", 2, 3), Taking("b", 2, 3)),
    ends=(
        WorkerEnd("w1", 0),
        WorkerEnd("w2", -signal.SIGKILL, (signal.SIGKILL,)),
        WorkerEnd("w3", 128 + signal.SIGTERM, (signal.SIGTERM,)),
    ),
    undisturbed={number: Undisturbed(SCALES, SEEDS) for number in range(3)},
    planned={"kill": 1},
    done={"kill": 1},
)


def with_first(**changes: Any) -> Evidence:
    """The evidence with another first trial."""
    return replace(IN_ORDER, trials=(IN_ORDER.trials[0]._replace(**changes), *IN_ORDER.trials[1:]))


def reports(*epochs: int) -> tuple[tuple[int, float], ...]:
    return tuple((epoch, CURVE[epoch - 1]) for epoch in epochs)


def ended(code: int, *signals: int) -> Evidence:
    return replace(IN_ORDER, ends=(*IN_ORDER.ends, WorkerEnd("w9", code, signals, "its last words")))


def noted(*notes: Acknowledged) -> Evidence:
    return replace(IN_ORDER, acknowledged=IN_ORDER.acknowledged + notes)


WRONG: dict[str, tuple[Evidence, str, str]] = {
    "a trial too many": (replace(IN_ORDER, trials=(*IN_ORDER.trials, trial(3))), "budget", "4 trials"),
    "a trial too few": (replace(IN_ORDER, trials=IN_ORDER.trials[:2]), "budget", "2 trials"),
    "a number twice": (with_first(number=1), "budget", "numbers"),
    "a trial that still runs": (with_first(state="RUNNING"), "final states", "trial 0 is still RUNNING"),
    "a trial that waits": (with_first(state="WAITING"), "final states", "trial 0 is still WAITING"),
    "a failed trial": (with_first(state="FAIL", reason="lost"), "final states", "trial 0 failed (lost)"),
    "a missing epoch": (with_first(reports=reports(1, 2, 4, 5, 6, 7, 8)), "epochs", "[1, 2, 4, 5, 6, 7, 8]"),
    "an epoch twice": (with_first(reports=reports(1, 2, 2, 3, 4, 5, 6, 7, 8)), "epochs", "[1, 2, 2, 3"),
    "a short complete trial": (with_first(reports=reports(1, 2, 3, 4, 5, 6, 7)), "epochs", "7 of 8"),
    "no report": (with_first(reports=(), state="PRUNED", rungs={}), "epochs", "without any report"),
    "a stop between rungs": (with_first(reports=reports(1, 2, 3), state="PRUNED"), "epochs", "after epoch 3"),
    "an acknowledged epoch that is lost": (noted(Acknowledged("a", 2, 5, 0.5)), "ledger", "is missing"),
    "an acknowledged trial that is lost": (noted(Acknowledged("a", 99, 1, 0.5)), "ledger", "is missing"),
    "an acknowledged value that changed": (noted(Acknowledged("a", 1, 3, 0.5)), "ledger", "is stored as"),
    "another accuracy": (
        with_first(reports=(*reports(1, 2, 3, 4, 5, 6, 7), (8, CURVE[7] + 1e-16 + 1e-15))),
        "learning curves",
        "after epoch 8; undisturbed",
    ),
    "an epoch beyond the last": (with_first(reports=(*reports(1), (9, 0.5))), "learning curves", "no such epoch"),
    "another final value": (with_first(value=CURVE[-2]), "learning curves", "ended with"),
    "another suggestion": (
        replace(IN_ORDER, undisturbed={0: Undisturbed((1.0, 1.25, 0.75001), SEEDS)}),
        "undisturbed trials",
        "other scales or seeds",
    ),
    "another seed": (replace(IN_ORDER, undisturbed={0: Undisturbed(SCALES, (8,))}), "undisturbed trials", "trial 0"),
    "a rung that was never reached": (with_first(rungs={5: 0.5}), "rungs", "rung 5"),
    "a rung of another trial": (with_first(rungs={0: 0.123}), "rungs", "rung 0 with 0.123"),
    "two owners in the record": (
        replace(IN_ORDER, takings=(*IN_ORDER.takings, Taking("c", 1, 1))),
        "owners",
        "a, c at the same fence 1",
    ),
    "two owners who wrote": (noted(Acknowledged("c", 1, 4, CURVE[3], 1)), "owners", "a, c at the same fence 1"),
    "a worker dead by itself": (ended(3), "workers", "by itself with code 3: its last words"),
    "a segmentation fault": (ended(-11), "workers", "code -11"),
    "a death by a signal that is handled": (ended(-15, 15), "workers", "after signal 15 with code -15"),
    "one that did not obey in time": (ended(-9, 15), "workers", "after signal 15 with code -9"),
    "one that does not end": (replace(IN_ORDER, unended=("w7",)), "workers", "w7 still ran"),
    "a lease on an ended trial": (replace(IN_ORDER, held=(2,)), "leftovers", "still leased"),
    "an attempt without end": (replace(IN_ORDER, unended_attempts=(3,)), "leftovers", "trial id 3 has ended, and"),
    "a checkpoint": (replace(IN_ORDER, checkpoints=("trial-1.ckpt",)), "leftovers", "trial-1.ckpt"),
    "a fault that did not happen": (replace(IN_ORDER, planned={"kill": 2}), "faults", "of 2 faults 'kill' 1"),
}


def test_a_run_in_order_has_no_violation() -> None:
    assert violations(IN_ORDER) == []


@pytest.mark.parametrize("case", WRONG)
def test_a_violation_is_found_and_named(case: str) -> None:
    """The check that is meant finds it, and its sentence says what is wrong."""
    evidence, check, words = WRONG[case]
    assert by_check(evidence)[check] == 1
    assert any(words in sentence for sentence in violations(evidence))


def test_failed_trials_are_in_order_where_lost_ones_are_failed_and_tried_anew() -> None:
    """Optuna alone does so; its budget counts finished and pruned trials."""
    evidence = replace(IN_ORDER, trials=(*IN_ORDER.trials, trial(3, 1, state="FAIL", rungs={})), may_fail=True)
    assert violations(evidence) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda epochs: [*epochs[:3], *epochs[4:]],  # one skipped
        lambda epochs: [*epochs[:3], epochs[2], *epochs[3:-1]],  # one done twice
    ],
)
def test_a_wrong_continuation_shows_in_every_later_accuracy(change: Callable[[list[int]], list[int]]) -> None:
    """The chain of a scripted training depends on each epoch before."""
    from chaos_parts.scripted import accuracy, chain_next, chain_start

    start = chain = chain_start(SCALES, SEEDS[0])
    values = []
    for position, epoch in enumerate(change(list(range(1, EPOCHS + 1))), start=1):
        chain = chain_next(chain, epoch)
        values.append(accuracy(start, chain, position))
    assert values[:3] == list(CURVE[:3])
    assert all(a != b for a, b in zip(values[3:], CURVE[3:], strict=False))
