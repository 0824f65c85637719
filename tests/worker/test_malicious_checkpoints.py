"""Checkpoints that somebody else wrote, with a right SHA-256: nothing in them runs, and the trial begins again."""

import hashlib
import io
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from optuna.trial import TrialState

from vsearch.search.claims import Claim, claim_trial, put_back
from vsearch.search.stored import StoredStudy
from vsearch.settings import Settings
from vsearch.storage.checkpoints import Key, open_store
from vsearch.training.checkpoint import encode
from vsearch.worker.outcome import spec_digest
from vsearch.worker.workplace import Workplace, set_up

PLACES = ("folder", "database")


class RunsCode:
    """Makes a folder when it is unpickled."""

    def __init__(self, evidence: Path) -> None:
        self.evidence = evidence

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.evidence),)


@pytest.fixture(params=PLACES)
def workplace_at(request: pytest.FixtureRequest, settings: Settings) -> Callable[[StoredStudy], Workplace]:
    """The workplace of a study with its checkpoints in a folder, or in the database."""

    def make(study: StoredStudy) -> Workplace:
        place = settings.checkpoints.value if request.param == "folder" else "database"
        store = open_store(place, study.storage)
        return set_up(
            study, data_path=settings.data_path, checkpoints=store, device=torch.device("cpu"), download=False
        )

    return make


def sealed(payload: bytes) -> bytes:
    """Those bytes as a checkpoint that is not damaged."""
    return f"vsearch-checkpoint 1 {hashlib.sha256(payload).hexdigest()}\n".encode() + payload


def saved(state: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


@pytest.fixture
def adopt(trial: Callable[..., Any]) -> Callable[..., Any]:
    """`adopt(study, workplace, forge)`: a trial put back with a forged checkpoint, in the hands of its next worker."""

    def take(study: StoredStudy, workplace: Workplace, forge: Callable[[Claim], bytes]) -> Any:
        first = claim_trial(study, "first")
        assert first is not None
        key = Key(study.name, study.study_id, first.number, first.trial_id, first.lease.fence)
        workplace.checkpoints.write(key, forge(first))
        put_back(study, first, "preempted")
        return trial(claim_trial(study, "second"), workplace)

    return take


@pytest.mark.parametrize("pack", ["pickle", "torch", "a pickle in a state"])
def test_a_pickle_runs_nothing(
    make_study: Any, adopt: Any, workplace_at: Callable[[StoredStudy], Workplace], tmp_path: Path, pack: str
) -> None:
    evidence = tmp_path / "evidence"
    payloads = {
        "pickle": pickle.dumps(RunsCode(evidence)),
        "torch": saved(RunsCode(evidence)),
        "a pickle in a state": saved({"trial": {}, "progress": RunsCode(evidence), "trainings": []}),
    }
    study = make_study()
    training = adopt(study, workplace_at(study), lambda _: sealed(payloads[pack]))
    assert training.progress.epochs == 0
    assert training.run().state == TrialState.COMPLETE
    assert not evidence.exists()


def identity(claim: Claim, workplace: Workplace) -> dict[str, Any]:
    """What the trial's own checkpoints are known by; whoever reads the database can work it out."""
    return {"spec": spec_digest(workplace), "seeds": list(claim.seeds), "scales": list(claim.scales)}


WRONG: list[Any] = [5, [], "abc", None]
FINE: dict[str, Any] = {"scores": [0.5], "train_losses": [1.0], "validation_losses": [1.0], "accuracies": [0.5]}
STATES: dict[str, dict[str, Any]] = {
    "no progress": {"progress": None},
    "progress is a number": {"progress": 5},
    "progress is a list": {"progress": [1]},
    "unknown progress": {"progress": {**FINE, "evil": 1}},
    "scores are a text": {"progress": {**FINE, "scores": "a"}},
    "scores are texts": {"progress": {**FINE, "scores": ["a"]}},
    "scores are a number": {"progress": {**FINE, "scores": 5}},
    "more scores than losses": {"progress": {**FINE, "scores": [0.1] * 5000}},
    "a reason that is a number": {"progress": {**FINE, "broken": 5}},
    "seeds' scores are texts": {"progress": {**FINE, "seed_scores": [["a"]]}},
    "seeds' scores are a number": {"progress": {**FINE, "seed_scores": 5}},
    "more seeds in one epoch": {"progress": {**FINE, "seed_scores": [[0.1], [0.1, 0.2]]}},
    "seconds that are a text": {"progress": {**FINE, "seconds": "long"}},
    "no list of trainings": {"trainings": 5},
    "too many trainings": {"trainings": [{}, {}]},
    "a training that is a text": {"trainings": ["abc"]},
    "a training without a state": {"trainings": [{}]},
}
TRAININGS: dict[str, dict[str, Any]] = {
    **{f"{part} is {junk!r}": {part: junk} for part in ("network", "optimiser") for junk in WRONG},
    "an optimiser without groups": {"optimiser": {"state": {}}},
    "groups that are numbers": {"optimiser": {"state": {}, "param_groups": [1]}},
    "momentum that is a text": {"optimiser": {"state": "abc", "param_groups": []}},
    "an epoch beyond the last": {"epoch": 4},
    "an epoch before the first": {"epoch": -1},
    "an epoch that is a text": {"epoch": "one"},
    "another identity": {"identity": {"seed": 5}},
    "an identity that is a list": {"identity": []},
}


@pytest.mark.parametrize("name", [*STATES, *TRAININGS])
def test_a_state_of_another_shape_is_passed_over(
    make_study: Any, adopt: Any, workplace_at: Callable[[StoredStudy], Workplace], name: str
) -> None:
    study = make_study()
    workplace = workplace_at(study)

    def forge(claim: Claim) -> bytes:
        fine = {**workplace.training(claim.scales, claim.seeds[0]).state_dict(), "epoch": 1}
        state = {"trial": identity(claim, workplace), "progress": FINE, "trainings": [fine | TRAININGS.get(name, {})]}
        return encode(state | STATES.get(name, {}))

    training = adopt(study, workplace, forge)
    assert training.progress.epochs == 0
    assert training.run().state == TrialState.COMPLETE


def test_a_state_of_the_right_shape_is_taken(
    make_study: Any, adopt: Any, workplace_at: Callable[[StoredStudy], Workplace]
) -> None:
    """So each of the states above was passed over for its own fault; and who writes checkpoints can forge a score."""
    study = make_study()
    workplace = workplace_at(study)

    def forge(claim: Claim) -> bytes:
        fine = {**workplace.training(claim.scales, claim.seeds[0]).state_dict(), "epoch": 1}
        return encode({"trial": identity(claim, workplace), "progress": FINE, "trainings": [fine]})

    assert adopt(study, workplace, forge).progress.epochs == 1
