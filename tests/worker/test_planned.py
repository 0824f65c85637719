"""Planned studies on real trainings: judged by the test split, in pairs, and with weights to take away."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from vsearch.curves import BASELINE, Levels, Triangle
from vsearch.models.digest import state_digest
from vsearch.search import attributes
from vsearch.search.claims import claim_trial
from vsearch.search.stored import StoredStudy
from vsearch.search.trials import trial_results
from vsearch.spec.planned import PlannedCurve
from vsearch.storage.checkpoints import Key
from vsearch.training.checkpoint import decode
from vsearch.training.evaluation import evaluate
from vsearch.worker.worker import Worker
from vsearch.worker.workplace import Workplace

MakeStudy = Callable[..., StoredStudy]

PLAN: dict[str, Any] = {
    "purpose": "confirmation",
    "evaluated_on": "test",
    "planned": (
        PlannedCurve("baseline", "baseline", BASELINE),
        PlannedCurve("candidate", "trial 7", Triangle(peak=1.3, floor=0.8)),
        PlannedCurve("control", "reversed", Levels((0.8, 1.3, 1.2))),
    ),
    "trials": 6,
    "epochs": 2,
    "train_images": 256,
    "validation_images": None,
}


@pytest.fixture
def confirmed(make_study: MakeStudy, crew: Callable[..., Worker]) -> StoredStudy:
    study = make_study(**PLAN)
    crew().serve()
    return study


def test_a_worker_trains_the_whole_plan_and_judges_it_by_the_test_split(
    confirmed: StoredStudy, workplace_of: Callable[[StoredStudy], Workplace]
) -> None:
    results = trial_results(confirmed)
    assert [trial.state for trial in results] == ["finished"] * 6
    workplace = workplace_of(confirmed)
    assert len(workplace.data.validation.labels) == 359  # the scans that no search sees
    for trial in results:
        assert trial.accuracy is not None
        assert (trial.accuracy * 359) == pytest.approx(round(trial.accuracy * 359), abs=1e-6)


def test_pairs_begin_with_the_same_weights(
    make_study: MakeStudy, workplace_of: Callable[[StoredStudy], Workplace]
) -> None:
    study = make_study(**PLAN)
    claims = [claim_trial(study, "w") for _ in range(4)]
    workplace = workplace_of(study)
    first, *others = [workplace.training(claim.scales, claim.seeds[0]).network for claim in claims if claim]
    equal = [all(map(torch.equal, first.parameters(), other.parameters())) for other in others]
    assert equal == [True, True, False]


def test_the_last_weights_of_all_but_the_controls_are_kept_and_give_the_recorded_accuracy(
    confirmed: StoredStudy, workplace_of: Callable[[StoredStudy], Workplace]
) -> None:
    workplace, storage = workplace_of(confirmed), confirmed.storage
    for trial in trial_results(confirmed):
        trial_id = storage.get_trial_id_from_study_id_trial_number(confirmed.study_id, trial.number)
        key = Key(confirmed.name, confirmed.study_id, trial.number, trial_id, 2**31)
        kept = list(workplace.checkpoints.read(key))
        assert bool(kept) == (trial.role != "control")
        if not kept:
            continue
        training = workplace.training(trial.scales, trial.seeds[0])
        training.load_state_dict(decode(kept[0][1], kept[0][0])["trainings"][0])
        assert [state_digest(training.network.state_dict())] == trial.attributes[attributes.WEIGHTS_DIGESTS]
        data = workplace.data
        found = evaluate(training.network, data.validation, data.mean, data.std, torch.float32)
        assert found.accuracy == pytest.approx(trial.accuracy, abs=0.01)  # in bf16 where the processor has it


def test_a_plan_that_is_judged_by_validation_images_keeps_no_weights(
    make_study: MakeStudy, crew: Callable[..., Worker], workplace_of: Callable[[StoredStudy], Workplace]
) -> None:
    study = make_study(**PLAN | {"purpose": "calibration", "evaluated_on": "validation", "trials": 3, "epochs": 1})
    crew().serve()
    trial_id = study.storage.get_trial_id_from_study_id_trial_number(study.study_id, 0)
    key = Key(study.name, study.study_id, 0, trial_id, 2**31)
    assert trial_results(study)[0].is_finished
    assert not list(workplace_of(study).checkpoints.read(key))
