"""Training one claimed trial."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState

import vsearch
from vsearch.search import attributes
from vsearch.search.claims import Claim, claim_trial, put_back
from vsearch.search.control import resume
from vsearch.search.stored import StoredStudy
from vsearch.worker.interrupts import Interrupts, Stopped
from vsearch.worker.outcome import finite
from vsearch.worker.workplace import Workplace


def claimed(study: StoredStudy, number: int = 0) -> Claim:
    """The claim of trial `number`; those before it are failed."""
    while True:
        claim = claim_trial(study, "w")
        assert claim is not None
        if claim.number == number:
            return claim
        study.optuna_study.tell(claim.trial, state=TrialState.FAIL)


def stop_after(claim: Claim, epoch: int, interrupts: Interrupts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask to stop as soon as that epoch has been reported."""
    report = claim.trial.report

    def report_and_stop(value: float, step: int) -> None:
        report(value, step)
        if step == epoch:
            interrupts.stop()

    monkeypatch.setattr(claim.trial, "report", report_and_stop)


def stored(study: StoredStudy, number: int) -> Any:
    return study.optuna_study.get_trials()[number]


WorkplaceOf = Callable[[StoredStudy], Workplace]
TrialOf = Callable[..., Any]


def test_a_trial_reports_each_epoch_and_ends_with_its_last_accuracy(
    make_study: Any, workplace_of: WorkplaceOf, interrupts: Interrupts, trial: TrialOf
) -> None:
    study = make_study()
    claim = claimed(study)
    outcome = trial(claim, workplace_of(study), interrupts).run()
    reported = stored(study, 0).intermediate_values
    assert (outcome.state, outcome.reason, outcome.value) == (TrialState.COMPLETE, "finished", reported[3])
    assert list(reported) == [1, 2, 3]


def test_with_replicates_the_mean_over_the_seeds_is_reported(
    make_study: Any, workplace_of: WorkplaceOf, interrupts: Interrupts, trial: TrialOf
) -> None:
    study = make_study(replicates=2)
    training = trial(claimed(study), workplace_of(study), interrupts)
    outcome = training.run()
    assert len(set(training.progress.accuracies)) == 2
    assert outcome.value == pytest.approx(sum(training.progress.accuracies) / 2)
    curves = training.attrs(outcome)[attributes.SEED_CURVES]
    assert [curve[-1] for curve in curves] == training.progress.accuracies
    assert [sum(pair) / 2 for pair in zip(*curves, strict=True)] == pytest.approx(training.progress.scores)


def test_what_was_trained_is_recorded(
    make_study: Any, workplace_of: WorkplaceOf, interrupts: Interrupts, trial: TrialOf
) -> None:
    study = make_study()
    training = trial(claimed(study), workplace_of(study), interrupts)
    attrs = training.attrs(training.run())
    assert (attrs[attributes.REASON], attrs[attributes.EPOCHS]) == ("finished", 3)
    assert attrs[attributes.PARAMETERS] == sum(
        p.numel() for p in workplace_of(study).training((1,) * 3, 0).network.parameters()
    )
    assert attrs[attributes.SECONDS] > 0
    assert attrs[attributes.IMAGES_PER_SECOND] > 0
    assert len(attrs[attributes.TRAIN_LOSSES]) == len(attrs[attributes.VALIDATION_LOSSES]) == 3
    assert attrs[attributes.VERSIONS]["vsearch"] == vsearch.__version__
    assert attrs[attributes.VERSIONS].keys() == {"vsearch", "torch", "optuna", "norms", "convolutions"}
    assert attrs[attributes.DEVICE].startswith("CPU ")
    assert attrs[attributes.PRECISION] in ("bf16", "float32")
    assert len(attrs[attributes.ACCURACIES]) == 1


@pytest.mark.parametrize("replicates", [1, 2])
def test_an_interrupted_trial_goes_on_to_the_very_numbers_of_an_uninterrupted_one(
    make_study: Any, workplace_of: WorkplaceOf, monkeypatch: pytest.MonkeyPatch, replicates: int, trial: TrialOf
) -> None:
    whole, broken = (make_study(name=name, epochs=4, replicates=replicates) for name in ("whole", "broken"))
    uninterrupted = trial(claimed(whole), workplace_of(whole))
    uninterrupted.run()

    claim, interrupts = claimed(broken), Interrupts()
    stop_after(claim, 2, interrupts, monkeypatch)
    with pytest.raises(Stopped):
        trial(claim, workplace_of(broken), interrupts).run()
    put_back(broken, claim, "preempted")
    resumed = trial(claimed(broken), workplace_of(broken))
    assert len(resumed.progress.train_losses) == 2
    resumed.run()

    assert stored(broken, 0).intermediate_values == stored(whole, 0).intermediate_values
    assert resumed.progress.train_losses == uninterrupted.progress.train_losses
    assert resumed.progress.accuracies == uninterrupted.progress.accuracies


def folder_of(workplace: Workplace) -> Path:
    return Path(workplace.checkpoints.place) / workplace.spec.name


def interrupted(study: StoredStudy, workplace: Workplace, monkeypatch: pytest.MonkeyPatch, trial: TrialOf) -> Path:
    """Interrupt trial 0 after its first epoch and put it back; where its checkpoint lies."""
    claim, interrupts = claimed(study), Interrupts()
    stop_after(claim, 1, interrupts, monkeypatch)
    with pytest.raises(Stopped):
        trial(claim, workplace, interrupts).run()
    put_back(study, claim, "preempted")
    (path,) = folder_of(workplace).glob("trial-0.*.ckpt")
    return path


@pytest.mark.parametrize("damage", [b"", b"\x00" * 50, None], ids=["empty", "zeros", "one byte"])
def test_a_damaged_checkpoint_is_passed_over_and_the_trial_begins_again(
    make_study: Any, workplace_of: WorkplaceOf, monkeypatch: pytest.MonkeyPatch, damage: bytes | None, trial: TrialOf
) -> None:
    study = make_study()
    workplace = workplace_of(study)
    path = interrupted(study, workplace, monkeypatch, trial)
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]) if damage is None else damage)
    training = trial(claimed(study), workplace)
    assert training.progress.train_losses == []
    assert training.run().state == TrialState.COMPLETE


def test_a_checkpoint_of_another_spec_is_passed_over(
    make_study: Any, workplace_of: WorkplaceOf, monkeypatch: pytest.MonkeyPatch, settings: Any, trial: TrialOf
) -> None:
    study, other = make_study(name="one"), make_study(name="two", training={"learning_rate": 0.05})
    path = interrupted(study, workplace_of(study), monkeypatch, trial)
    workplace = workplace_of(other)
    folder_of(workplace).mkdir()
    path.rename(folder_of(workplace) / path.name)
    assert trial(claimed(other), workplace).progress.train_losses == []


def test_a_checkpoint_of_another_curve_is_passed_over(
    make_study: Any, workplace_of: WorkplaceOf, monkeypatch: pytest.MonkeyPatch, trial: TrialOf
) -> None:
    study = make_study()
    workplace = workplace_of(study)
    path = interrupted(study, workplace, monkeypatch, trial)
    path.rename(path.with_name(path.name.replace("trial-0", "trial-1")))
    assert trial(claimed(study, 1), workplace).progress.train_losses == []


def test_a_checkpoint_outlives_more_trials_in_the_budget(
    make_study: Any, workplace_of: WorkplaceOf, monkeypatch: pytest.MonkeyPatch, trial: TrialOf
) -> None:
    study = make_study()
    interrupted(study, workplace_of(study), monkeypatch, trial)
    grown = resume(study, trials=9, max_failed=30)
    assert len(trial(claimed(grown), workplace_of(grown)).progress.train_losses) == 1


def test_a_checkpoint_that_cannot_be_written_does_not_end_the_trial(
    make_study: Any, workplace_of: WorkplaceOf, monkeypatch: pytest.MonkeyPatch, settings: Any, trial: TrialOf
) -> None:
    study = make_study(pruner="asha", first_rung=1)
    Path(settings.checkpoints.value).write_text("a file in the place of the folder")
    assert trial(claimed(study), workplace_of(study)).run().state == TrialState.COMPLETE


def test_a_loss_that_is_no_number_fails_the_trial_with_its_reason(
    make_study: Any, workplace_of: WorkplaceOf, interrupts: Interrupts, trial: TrialOf
) -> None:
    study = make_study(training={"learning_rate": 10.0, "warmup": 0.0}, knobs={"peak": "9:10", "floor": "9"})
    training = trial(claimed(study, 2), workplace_of(study), interrupts)
    outcome = training.run()
    attrs = training.attrs(outcome)
    assert (outcome.state, outcome.reason) == (TrialState.FAIL, "diverged")
    assert "nan" in outcome.detail.lower() or "inf" in outcome.detail.lower()
    assert (attrs[attributes.REASON], attrs[attributes.DETAIL]) == ("diverged", outcome.detail)


def test_an_exploded_loss_prunes_the_trial_after_that_epoch_whatever_the_pruner(
    make_study: Any, workplace_of: WorkplaceOf, interrupts: Interrupts, trial: TrialOf
) -> None:
    study = make_study(training={"learning_rate": 3.0, "warmup": 0.0}, knobs={"peak": "3:3.1", "floor": "3"})
    training = trial(claimed(study, 2), workplace_of(study), interrupts)
    outcome = training.run()
    assert (outcome.state, outcome.reason) == (TrialState.PRUNED, "diverged")
    assert len(training.progress.train_losses) == 1
    assert list(stored(study, 2).intermediate_values) == [1]


def test_the_baseline_is_never_pruned(
    make_study: Any, workplace_of: WorkplaceOf, interrupts: Interrupts, trial: TrialOf
) -> None:
    """Not even where every other trial was better at each rung, nor where its own loss explodes."""
    study = make_study(pruner="asha", first_rung=1, training={"learning_rate": 10.0, "warmup": 0.0})
    baseline, other = claimed(study), claim_trial(study, "other")
    assert other is not None
    for epoch in (1, 2, 3):
        other.trial.report(1.0, epoch)
        other.trial.should_prune()
    training = trial(baseline, workplace_of(study), interrupts)
    assert training.run().state == TrialState.COMPLETE
    assert len(training.progress.train_losses) == 3


def test_a_curve_behind_the_others_is_pruned(
    make_study: Any, workplace_of: WorkplaceOf, interrupts: Interrupts, trial: TrialOf
) -> None:
    study = make_study(pruner="asha", first_rung=1)
    others = [claimed(study), claim_trial(study, "other")]
    for claim in others:
        assert claim is not None
        claim.trial.report(1.0, 1)
        claim.trial.should_prune()
    third = claim_trial(study, "w")
    assert third is not None
    outcome = trial(third, workplace_of(study), interrupts).run()
    assert (outcome.state, outcome.reason, outcome.detail) == (
        TrialState.PRUNED,
        "pruned",
        "behind the others after epoch 1",
    )


def test_losses_that_json_lacks_are_none() -> None:
    assert (finite(math.nan), finite(math.inf), finite(1 / 3)) == (None, None, 0.333333)
