"""What a report says on how its numbers came about."""

import tomllib
from collections.abc import Callable

from vsearch.reports.document.methods import Recorded, methods
from vsearch.reports.study_data import StudyData
from vsearch.search.trials import TrialResult
from vsearch.spec.read import spec_from_dict

MakeTrial = Callable[..., TrialResult]
MakeData = Callable[..., StudyData]


def test_the_toml_describes_the_same_study(data: MakeData) -> None:
    study = data(train_images=5000, replicates=2)
    assert spec_from_dict(tomllib.loads(methods(study).toml)) == study.spec


def test_the_set_up_names_subset_rungs_and_budget(data: MakeData) -> None:
    found = dict(methods(data(train_images=5000, max_epochs=100, max_device_hours=1.5, trials=9)).set_up)
    assert found["training images"] == "5000, a stratified subset of 45000"
    assert found["validation images"] == "all 5000; the test set is not used in a search"
    assert found["pruner"] == "asha; rungs at epochs: 2, 4"
    assert found["budget"] == "9 trials of 8 epochs, at most 100 epochs together, at most 1.5 device hours"


def test_values_that_trials_recorded_are_counted_and_differences_seen(trial: MakeTrial, data: MakeData) -> None:
    cards = [("A", "1.0"), ("B", "1.0"), ("B", "1.0")]
    trials = [
        trial(n, 0.8, seeds=(7, n), attributes={"device": device, "versions": {"torch": version}})
        for n, (device, version) in enumerate(cards)
    ]
    found = methods(data(*trials, trial(3, None, None, state="waiting")))
    assert found.recorded == (
        Recorded("device", (("B", 2), ("A", 1))),
        Recorded("version of torch", (("1.0", 3),)),
    )
    assert [recorded.differs for recorded in found.recorded] == [True, False]
    assert found.seeds == (7, 0, 1, 2)


def test_the_commands_name_the_study_and_its_best_trial(trial: MakeTrial, data: MakeData) -> None:
    commands = [command for _, command in methods(data(trial(0, 0.8), trial(4, 0.9), name="mine")).commands]
    assert "vsearch study create mine.toml" in commands
    assert "vsearch trial replay mine 4" in commands
    assert "vsearch verify mine --top 3" in commands
