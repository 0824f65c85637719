"""Studies on a real storage, and a cheap stand-in for training: the nearer the mean scale is to 1.1, the better."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState

from vsearch.curves import shape
from vsearch.search.claims import Claim, claim_trial
from vsearch.search.stored import StoredStudy, create_study
from vsearch.spec import StudySpec
from vsearch.storage import Storage, open_storage

MakeStudy = Callable[..., StoredStudy]
Finish = Callable[..., Claim | None]


@pytest.fixture(autouse=True)
def _quiet(quiet_optuna: None) -> None:
    """Every test here makes trials."""


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    """A storage on a new SQLite file."""
    opened = open_storage(f"sqlite:///{tmp_path / 'studies.db'}")
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgres"])
def either_storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """A storage on a new database, once of each kind."""
    is_file = request.param == "sqlite"
    opened = open_storage(f"sqlite:///{tmp_path / 'either.db'}" if is_file else request.getfixturevalue("postgres_url"))
    yield opened
    opened.close()


@pytest.fixture
def make_study(storage: Storage) -> MakeStudy:
    """`make_study(trials=…, …)`: a study of triangles of 3 blocks on digits, unless told otherwise."""

    def make(*families: str, on: Storage | None = None, **changes: Any) -> StoredStudy:
        plain = {"dataset": "digits", "depth": 8, "epochs": 8, "first_rung": 2, "startup_trials": 4}
        return create_study(on or storage, StudySpec(families or ("triangle",), **{**plain, **changes}))

    return make


@pytest.fixture
def finish() -> Finish:
    """`finish(study)`: claim one trial and tell its score; None where no trial may begin."""

    def finish_one(study: StoredStudy, *, state: TrialState = TrialState.COMPLETE, worker: str = "w") -> Claim | None:
        claim = claim_trial(study, worker)
        if claim is not None:
            score = 0.9 - abs(shape.mean(claim.scales) - 1.1)
            study.optuna_study.tell(claim.trial, score if state == TrialState.COMPLETE else None, state=state)
        return claim

    return finish_one
