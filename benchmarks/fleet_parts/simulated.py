"""Workers that make every call of a trial and train nothing: vsearch's, and plain Optuna's."""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import optuna
import sqlalchemy as sa
from optuna.samplers import TPESampler
from optuna.storages import RDBStorage
from optuna.trial import TrialState
from search import outcome

from vsearch.search.budget import is_exhausted
from vsearch.search.claims import claim_trial, put_back_lost
from vsearch.search.delivery import Delivery
from vsearch.search.pruner import build_pruner
from vsearch.search.space import whole_space
from vsearch.search.stored import open_study, refreshed
from vsearch.spec.study import StudySpec
from vsearch.storage import open_storage, parse_url

PHASES = ("ask", "report + prune", "end")
NAME = "fleet"
"""The study's."""


class Calls:
    """The durations of the calls that ended after `start`; stops the worker at the first call after `end`."""

    def __init__(self, start: float, end: float) -> None:
        self.start, self.end = start, end
        self.seconds: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Take the time of the body of `with`.

        Raises:
            TimeoutError: the time is over.
        """
        began = time.monotonic()
        if began > self.end:
            raise TimeoutError
        yield
        now = time.monotonic()
        if self.start <= now <= self.end:
            self.seconds[phase].append(now - began)


def accuracy(params: dict[str, Any], number: int, epoch: int, epochs: int) -> float:
    """A made-up learning curve, whose height depends on the knobs and a little on the trial's number."""
    quality = 0.8 + 0.1 * math.cos(sum(value for value in params.values() if isinstance(value, float)))
    return quality - 0.4 * (1 - epoch / epochs) ** 2 + 1e-4 * (number * 7919 % 97)


class Fellow(Protocol):
    """One worker; made before the fork, with the study's trials in its cache and no connection open."""

    def engine(self) -> sa.Engine:
        """Its connections."""

    def begin(self, number: int) -> None:
        """Become the worker of that number, after the fork."""

    def trial(self, calls: Calls) -> None:
        """Make all calls of one trial."""


class VsearchFellow:
    """Calls what `vsearch.worker` calls, with the same objects."""

    def __init__(self, url: str) -> None:
        self.storage = open_storage(url)
        self.study = open_study(self.storage, NAME)
        self.study.optuna_study.get_trials(deepcopy=False)
        self.name = ""
        self.storage.close()

    def engine(self) -> sa.Engine:
        """Its connections."""
        return self.storage.engine

    def begin(self, number: int) -> None:
        """Become the worker of that number."""
        self.name = f"fleet-{number}"

    def trial(self, calls: Calls) -> None:
        """As `Worker` and `TrialAttempt` do it."""
        epochs = self.study.spec.epochs
        with calls.timed("ask"):
            self.study = refreshed(self.study)
            put_back_lost(self.study)
            assert not is_exhausted(self.study)
            claim = claim_trial(self.study, self.name)
            assert claim is not None
        delivery = Delivery(claim, epochs)
        params = claim.trial.params
        for epoch in range(1, epochs + 1):
            delivery.add(epoch, accuracy(params, claim.number, epoch, epochs))
            with calls.timed("report + prune"):
                pruned_at = delivery.deliver()
                assert delivery.is_done or pruned_at is not None
            if pruned_at is not None:
                break
        state = TrialState.COMPLETE if pruned_at is None else TrialState.PRUNED
        attrs = outcome(pruned_at or epochs)
        with calls.timed("end"):
            self.storage.end_trial(claim.trial_id, state, None if pruned_at else 0.85, attrs["reason"], "", attrs)


class PlainFellow:
    """Calls Optuna's own storage with its sampler and pruner, on the same tables."""

    def __init__(self, url: str) -> None:
        storage = RDBStorage(parse_url(url).render_as_string(hide_password=False))
        self.spec = StudySpec(("triangle",), trials=1_000_000)
        self.study = optuna.load_study(study_name=NAME, storage=storage, pruner=build_pruner(self.spec))
        self.study.get_trials(deepcopy=False)
        self.storage = storage
        storage.remove_session()
        storage.engine.dispose()

    def engine(self) -> sa.Engine:
        """Its connections."""
        return self.storage.engine

    def begin(self, number: int) -> None:
        """Become the worker of that number, which suggests other values than its fellows."""
        self.study.sampler = TPESampler(
            n_startup_trials=self.spec.startup_trials, multivariate=True, constant_liar=True, seed=number
        )

    def trial(self, calls: Calls) -> None:
        """As Optuna's tutorial does it with ask and tell."""
        with calls.timed("ask"):
            trial = self.study.ask(whole_space(self.spec))
        for epoch in range(1, self.spec.epochs + 1):
            score = accuracy(trial.params, trial.number, epoch, self.spec.epochs)
            with calls.timed("report + prune"):
                trial.report(score, epoch)
                is_hopeless = trial.should_prune()
            if is_hopeless and epoch < self.spec.epochs:
                with calls.timed("end"):
                    self.study.tell(trial, state=TrialState.PRUNED)
                return
        with calls.timed("end"):
            self.study.tell(trial, 0.85)


FELLOWS: dict[str, Callable[[str], Fellow]] = {"vsearch": VsearchFellow, "Optuna": PlainFellow}
