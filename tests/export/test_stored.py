"""From a study on disk to what can be taken away, on a confirmation that was trained for real."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import fmean, median

import pytest
import torch

from tests.confirmed import CANDIDATE, CONFIRMATION, SEARCH, SEEDS, confirmed_home
from vsearch.confirmation.outcome import outcome
from vsearch.data.test_split import load_test_data
from vsearch.errors import DataError, InputError
from vsearch.export.choice import certainty_of, choose_trial
from vsearch.export.stored import confirmation_of, confirmed_network, stored_curve
from vsearch.models import resnet
from vsearch.search.stored import StoredStudy, open_study
from vsearch.search.trials import TrialResult, trial_results
from vsearch.settings import Settings, resolve
from vsearch.statistics import confidence_sequence
from vsearch.storage import Storage, open_storage
from vsearch.storage.checkpoints import CheckpointStore, open_store
from vsearch.training.evaluation import evaluate


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Settings:
    base = tmp_path_factory.getbasetemp()
    home = confirmed_home(base if worker_id == "master" else base.parent)
    return resolve({"home": str(home)}, {})


@pytest.fixture
def storage(settings: Settings) -> Iterator[Storage]:
    opened = open_storage(settings.storage.value)
    yield opened
    opened.close()


@pytest.fixture
def study(storage: Storage) -> StoredStudy:
    return open_study(storage, CONFIRMATION)


@pytest.fixture
def store(settings: Settings, storage: Storage) -> CheckpointStore:
    return open_store(settings.checkpoints.value, storage)


def accuracies(study: StoredStudy, label: str) -> list[float]:
    found = [trial for trial in trial_results(study) if trial.label == label]
    return [trial.accuracy for trial in sorted(found, key=lambda trial: trial.pair or 0) if trial.accuracy is not None]


def test_the_network_is_the_candidates_training_of_median_test_accuracy(
    study: StoredStudy, store: CheckpointStore, tmp_path: Path
) -> None:
    network = confirmed_network(study, store, data_path=tmp_path)
    assert network.curve == CANDIDATE
    assert network.accuracy == median(accuracies(study, "trial 1"))
    assert network.choice == "of 3 trainings of this curve the one of median test accuracy, not the luckiest"


def test_its_weights_and_statistics_give_the_recorded_test_accuracy(
    study: StoredStudy, store: CheckpointStore, tmp_path: Path
) -> None:
    network = confirmed_network(study, store, data_path=tmp_path)
    built = resnet(8, 10, network.scales, in_channels=1)
    built.load_state_dict(dict(network.state_dict))
    test = load_test_data("digits", root=tmp_path).validation
    found = evaluate(built, test, torch.tensor(network.mean), torch.tensor(network.std), torch.float32)
    assert found.accuracy == pytest.approx(network.accuracy, abs=0.01)  # in bf16 where the processor has it


def test_its_origin_is_the_trial_its_study_and_the_parent(
    study: StoredStudy, store: CheckpointStore, tmp_path: Path
) -> None:
    origin = confirmed_network(study, store, data_path=tmp_path, seed_index=1).origin
    assert origin is not None
    assert (origin.study, origin.parent) == (CONFIRMATION, SEARCH)
    trial = trial_results(study)[origin.trial or 0]
    assert (trial.label, trial.pair) == ("trial 1", 1)
    assert origin.versions["torch"] == torch.__version__
    assert origin.spec == study.spec.to_json()


def test_its_certainty_is_that_of_the_pairs_with_the_baseline(
    study: StoredStudy, store: CheckpointStore, tmp_path: Path
) -> None:
    certainty = confirmed_network(study, store, data_path=tmp_path).certainty
    assert certainty is not None
    pairs = zip(accuracies(study, "trial 1"), accuracies(study, "baseline"), strict=True)
    assert certainty.difference == pytest.approx(fmean(ours - plain for ours, plain in pairs))
    assert certainty.low <= certainty.difference <= certainty.high
    assert certainty.pairs == SEEDS
    assert any("shape" in note and "reversed" in note for note in certainty.notes)


def test_the_search_leads_to_its_one_confirmation(storage: Storage, store: CheckpointStore, tmp_path: Path) -> None:
    network = confirmed_network(open_study(storage, SEARCH), store, data_path=tmp_path)
    assert network.origin is not None
    assert network.origin.study == CONFIRMATION


def test_the_baseline_can_be_taken_too(study: StoredStudy, store: CheckpointStore, tmp_path: Path) -> None:
    network = confirmed_network(study, store, data_path=tmp_path, which="baseline")
    assert (network.role, network.scales, network.certainty) == ("baseline", (1, 1, 1), None)


@pytest.mark.parametrize(
    ("which", "seed_index", "message"),
    [
        ("trial 9", None, "no curve of triangle-digits-confirmed is called 'trial 9'; there are baseline, reversed"),
        ("reversed", None, "weights of controls are not kept"),
        ("", 7, "has no finished training with seed number 7; there are 0, 1, 2"),
    ],
)
def test_refuses_what_is_not_there(
    study: StoredStudy, store: CheckpointStore, tmp_path: Path, which: str, seed_index: int | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        confirmed_network(study, store, data_path=tmp_path, which=which, seed_index=seed_index)


def test_weights_that_are_gone_are_told_with_the_place(study: StoredStudy, storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="none are there; set --checkpoints"):
        confirmed_network(study, open_store(str(tmp_path), storage), data_path=tmp_path)


def test_weights_that_are_not_the_recorded_ones_are_refused(
    study: StoredStudy, store: CheckpointStore, storage: Storage, settings: Settings, tmp_path: Path
) -> None:
    network = confirmed_network(study, store, data_path=tmp_path)
    assert network.origin is not None
    trial = network.origin.trial
    kept = next(Path(settings.checkpoints.value).rglob(f"trial-{trial}.*.ckpt"))
    other = next(path for path in kept.parent.glob("*.ckpt") if path.name.split(".")[0] != f"trial-{trial}")
    swapped = tmp_path / kept.parent.relative_to(settings.checkpoints.value)
    swapped.mkdir(parents=True)
    (swapped / kept.name).write_bytes(other.read_bytes())
    with pytest.raises(DataError, match="are not the recorded ones"):
        confirmed_network(study, open_store(str(tmp_path), storage), data_path=tmp_path)
    (swapped / kept.name).write_bytes(kept.read_bytes()[:-10])
    with pytest.raises(DataError, match="is damaged"):
        confirmed_network(study, open_store(str(tmp_path), storage), data_path=tmp_path)


def test_a_plan_that_was_judged_by_validation_images_has_no_weights_to_give(study: StoredStudy) -> None:
    spec = study.spec.with_changes(purpose="calibration", evaluated_on="validation")
    with pytest.raises(InputError, match="judged by validation images and keeps no weights; say --curve-only"):
        confirmation_of(replace(study, spec=spec))


def test_a_search_gives_its_best_curve_alone_and_unconfirmed(storage: Storage) -> None:
    study = open_study(storage, SEARCH)
    found = stored_curve(study)
    ranked = sorted(trial_results(study), key=lambda trial: -(trial.accuracy or 0))
    assert found.curve == ranked[0].curve
    assert found.certainty is None
    with pytest.raises(InputError, match="--which is for confirmations"):
        stored_curve(study, "baseline")


def test_a_confirmation_gives_a_control_alone(study: StoredStudy) -> None:
    found = stored_curve(study, "reversed")
    assert found.scales == (0.8, 1.3, 1.2)
    assert found.certainty is not None
    assert found.certainty.verdict == "none: it is a control, of which nothing is claimed"


def test_an_adaptive_number_of_seeds_has_the_interval_that_allows_for_it(study: StoredStudy) -> None:
    trials = [more for trial in trial_results(study) for more in (trial, *later(trial))]
    certainty = certainty_of(outcome(study.spec.with_changes(sequential=True), trials), "trial 1")
    assert certainty is not None
    pairs = [[t.accuracy for t in sorted(trials, key=lambda t: t.pair or 0) if t.label == name] for name in NAMES]
    differences = [(ours or 0) - (plain or 0) for ours, plain in zip(*pairs, strict=True)]
    expected = confidence_sequence(differences, resolution=1 / 359)
    assert (certainty.low, certainty.high) == pytest.approx((expected.low, expected.high))
    assert certainty.interval_kind == "valid however often one looks"


NAMES = ("trial 1", "baseline")


def later(trial: TrialResult) -> list[TrialResult]:
    """The same result again with later seeds: more pairs than were trained."""
    return [replace(trial, attributes=trial.attributes | {"pair": (trial.pair or 0) + SEEDS * more}) for more in (1, 2)]


def test_one_pair_is_no_certainty(study: StoredStudy) -> None:
    first = [trial for trial in trial_results(study) if trial.pair == 0]
    certainty = certainty_of(outcome(study.spec, first), "trial 1")
    assert certainty is not None
    assert not certainty.is_finite
    assert certainty.verdict.startswith("not shown")
    assert certainty.to_json()["low"] is None
    assert "So far: 3 of 9 trainings have ended." in certainty.notes


def test_of_two_trainings_the_lower_stands_for_the_curve(study: StoredStudy) -> None:
    two = [trial for trial in trial_results(study) if (trial.pair or 0) < 2]
    trial, choice = choose_trial(two, "trial 1", None)
    assert "the lower of the two middle test accuracies" in choice
    assert trial.accuracy == min(accuracies(study, "trial 1")[:2])
