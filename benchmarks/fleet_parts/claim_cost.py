"""Where the time of one claim goes, call by call, in studies of several sizes: what grows with the ended trials."""

import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import Any

from optuna.trial import TrialState

from fleet_parts.filled import Databases
from fleet_parts.simulated import Calls, VsearchFellow
from vsearch.search.budget import is_exhausted
from vsearch.search.claims import claim_trial, put_back_lost
from vsearch.search.stored import refreshed

ROUNDS = 40
BESIDE = "everything else (Python)"
STORAGE_CALLS = {
    "get_study_user_attrs": "read the spec and the state",
    "study_attr": "read the spec and the state",
    "running_leases": "running trials and their leases",
    "tally": "count trials by state",
    "count_trials_with_attr": "count trials of the same curve",
    "count_excluded": "count what was excluded",
    "spent": "count what was spent",
    "_get_trials": "Optuna's cache: trials that changed",
    "_create_new_trial": "new trial",
    "get_trial": "read the trial",
    "get_trial_id_from_study_id_trial_number": "read the trial",
    "_set_trial_param": "store the suggestions",
    "set_trial_system_attr": "store the suggestions",
    "write_attrs": "store curve, scales, seeds",
    "take_lease": "take the lease",
}
SAMPLER = "sampler (TPE's model of all trials)"
LOCK = "lock: get and let go"


class Parts:
    """The time of each part of a claim, less that of the parts inside it."""

    def __init__(self) -> None:
        self.rounds: list[dict[str, float]] = []
        self.calls: Counter[str] = Counter()
        self._inside = [0.0]

    def new_round(self) -> None:
        """Begin another claim."""
        self.rounds.append(defaultdict(float))
        self.calls.clear()

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """Count the body of `with` as that part."""
        self._inside.append(0.0)
        began = time.perf_counter()
        try:
            yield
        finally:
            whole = time.perf_counter() - began
            inside = self._inside.pop()
            self._inside[-1] += whole
            self.calls[part] += 1
            if self.rounds:
                self.rounds[-1][part] += whole - inside

    def wrap(self, thing: Any, name: str, part: str) -> None:
        """Count each call of a method of `thing` as that part."""
        method: Callable[..., Any] = getattr(thing, name)

        @wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:
            with self.timed(part):
                return method(*args, **kwargs)

        setattr(thing, name, call)

    def wrap_lock(self, lock: Any) -> None:
        """Count getting and letting go of the lock, not what is done under it."""
        hold: Callable[[int], AbstractContextManager[None]] = lock.hold

        @contextmanager
        def timed_hold(study_id: int) -> Iterator[None]:
            context = hold(study_id)
            with self.timed(LOCK):
                context.__enter__()
            try:
                yield
            finally:
                with self.timed(LOCK):
                    context.__exit__(None, None, None)

        lock.hold = timed_hold

    def medians(self) -> dict[str, float]:
        """Milliseconds per claim, by part."""
        parts = {part for found in self.rounds for part in found}
        return {part: 1000 * statistics.median(found[part] for found in self.rounds) for part in parts}


def claim_cost(databases: Databases, sizes: list[int], rounds: int = ROUNDS) -> None:
    """Print the table: for each part of a claim its milliseconds in studies of those sizes."""
    found, calls = {}, Counter[str]()
    for size in sizes:
        url = databases.fresh(size)
        found[size], calls = _parts_of_claims(url, rounds)
        databases.drop(url)
    order = [LOCK, *dict.fromkeys(STORAGE_CALLS.values()), SAMPLER, BESIDE]
    print(
        f"What `ask` costs one worker alone, milliseconds (median of {rounds}), in studies of so many ended trials.\n"
    )
    print(f"| part | calls | {' | '.join(map(str, sizes))} |\n| --- | --- |{' --- |' * len(sizes)}")
    for part in (part for part in order if calls[part]):
        print(f"| {part} | {calls[part]} | {' | '.join(f'{found[size].get(part, 0.0):.1f}' for size in sizes)} |")
    whole = [sum(found[size].values()) for size in sizes]
    others = [value - found[size].get(SAMPLER, 0.0) for value, size in zip(whole, sizes, strict=True)]
    number = sum(calls.values())
    for part, count, values in (("all", number, whole), ("all less the sampler", number - calls[SAMPLER], others)):
        print(f"| {part} | {count} | {' | '.join(f'{value:.1f}' for value in values)} |")
    print(flush=True)


def _parts_of_claims(url: str, rounds: int) -> tuple[dict[str, float], Counter[str]]:
    fellow = VsearchFellow(url)
    fellow.begin(0)
    fellow.trial(Calls(0.0, float("inf")))
    parts = Parts()
    for name, part in STORAGE_CALLS.items():
        parts.wrap(fellow.storage, name, part)
    parts.wrap(fellow.study.optuna_study.sampler, "sample_relative", SAMPLER)
    parts.wrap_lock(fellow.storage._lock)
    for _ in range(rounds):
        parts.new_round()
        with parts.timed(BESIDE):
            study = refreshed(fellow.study)
            put_back_lost(study)
            assert not is_exhausted(study)
            claim = claim_trial(study, "fleet-0")
        assert claim is not None
        fellow.storage.end_trial(claim.trial_id, TrialState.PRUNED, None, "pruned")
    calls = parts.calls.copy()
    fellow.storage.close()
    return parts.medians(), calls
