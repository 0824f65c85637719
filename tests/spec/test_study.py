"""The study spec: what it refuses, what it resolves, and what two specs differ in."""

import dataclasses
from typing import Any

import pytest

from vsearch.curves import BASELINE, Step, Triangle
from vsearch.errors import InputError
from vsearch.spec import RECIPES, StudySpec
from vsearch.spec.differences import differences


def digits(**changes: Any) -> StudySpec:
    return StudySpec(**{"families": ("triangle",), "dataset": "digits", **changes})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"families": ()}, "give at least one and each once"),
        ({"families": ("ramp", "ramp")}, "give at least one and each once"),
        ({"families": ("triangel",)}, "Did you mean 'triangle'?"),
        ({"families": ("levels",)}, "has no knobs to search"),
        ({"dataset": "cifar"}, "Did you mean 'cifar10'?"),
        ({"dataset": "folder:"}, "names no folder"),
        ({"network": "vgg"}, "no network is called 'vgg'; there are resnet"),
        ({"depth": 33}, "the nearest are 32 and 38"),
        ({"depth": "32"}, "depth is '32'"),
        ({"sampler": "tpee"}, "Did you mean 'tpe'?"),
        ({"sampler": "CMA-ES"}, "unpickles"),
        ({"pruner": "asho"}, "Did you mean 'asha'?"),
        ({"trials": 0}, "trials is 0; it must be a whole number from 1 to 1000000"),
        ({"trials": 2.0}, "trials is 2.0; it must be a whole number"),
        ({"trials": True}, "trials is True"),
        ({"epochs": -1}, "epochs is -1"),
        ({"epochs": 10_001}, "epochs is 10001"),
        ({"replicates": 0}, "replicates is 0"),
        ({"max_failed": 0}, "max_failed is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"split_seed": 2**32}, "split_seed"),
        ({"first_rung": -1}, "first_rung is -1"),
        ({"rung_factor": 1}, "rung_factor is 1"),
        ({"startup_trials": 0}, "startup_trials is 0"),
        ({"grid_points": 1}, "grid_points is 1"),
        ({"image_size": 64}, "image_size is for folder: data sets"),
        ({"dataset": "folder:/x", "image_size": 4}, "image_size is 4"),
        ({"train_images": 0}, "train_images is 0"),
        ({"train_images": 2000}, "train_images is 2000; digits allows 10 (one per class) to 1294"),
        ({"validation_images": 5000}, "validation_images is 5000; digits allows"),
        ({"train_images": 100}, "batch_size is 128, more than the 100 training images"),
        ({"dataset": "folder:/x", "recipe": RECIPES["he2015"]}, "give epochs"),
        ({"pruner": "hyperband", "epochs": 4, "first_rung": 4}, "hyperband needs it below the 4 epochs"),
        ({"pruner": "hyperband", "epochs": 1}, "hyperband needs it below the 1 epochs"),
        ({"name": "a/b"}, "is not allowed; use 1 to 100 letters"),
        ({"name": "a\n"}, "is not allowed"),
        ({"name": "x" * 101}, "(101 characters) is not allowed"),
        ({"name": "..x"}, "is not allowed"),
        ({"name": "café"}, "is not allowed"),
        ({"knobs": (("peak", "0.2:0.3"),)}, "clash"),
    ],
)
def test_a_wrong_value_is_refused_in_one_line(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as refusal:
        digits(**changes)
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 300


def test_the_default_epochs_are_the_recipes() -> None:
    assert digits().epochs == RECIPES["short"].epochs
    assert StudySpec(("ramp",), recipe=RECIPES["he2015"]).epochs == 182  # cifar10 without its validation images
    assert StudySpec(("ramp",), recipe=RECIPES["he2015"], train_images=12_800).epochs == 640


def test_trials_are_first_compared_after_the_warm_up_and_not_before_epoch_2() -> None:
    assert digits(epochs=40).first_rung == 8
    assert digits(epochs=3).first_rung == 2
    assert digits(epochs=40, first_rung=2).first_rung == 2


def test_the_default_name_is_made_of_families_data_set_and_network() -> None:
    assert StudySpec(("triangle", "ramp"), depth=20).name == "triangle-ramp-cifar10-resnet20"
    assert StudySpec(("stage",), dataset="folder:~/my flowers!/", depth=8).name == "stage-my-flowers-resnet8"


@pytest.mark.parametrize("folder", ["..", ".", "/", "~/données", "a" * 300])
def test_any_folder_gives_an_allowed_name(folder: str) -> None:
    assert 0 < len(StudySpec(("triangle",), dataset=f"folder:{folder}").name) <= 100


def test_families_may_be_a_list_and_one_may_be_a_name() -> None:
    assert StudySpec(["triangle"]) == StudySpec(("triangle",)) == StudySpec("triangle")  # type: ignore[arg-type]


def test_specs_compare_and_hash_by_value() -> None:
    assert digits(knobs=(("peak", "1.0:1.60"),)) == digits(knobs={"triangle.peak": "1:1.6"})
    assert hash(digits(seed=3)) == hash(digits(seed=3))
    assert digits(seed=3) != digits(seed=4)


def test_a_spec_cannot_be_changed_in_place() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        digits().trials = 3  # type: ignore[misc]


def test_a_change_is_validated_and_keeps_the_rest() -> None:
    spec = digits(knobs={"peak": "1.2:1.3"}, epochs=7)
    assert spec.with_changes(trials=99) == digits(knobs={"peak": "1.2:1.3"}, epochs=7, trials=99)
    with pytest.raises(InputError):
        spec.with_changes(trials=0)


def test_a_curve_is_built_from_searched_values_alone() -> None:
    assert digits(knobs={"floor": "0.8", "apex": "7.5"}).build_curve("triangle", {"peak": 1.3}) == Triangle(
        peak=1.3, floor=0.8, apex=7.5
    )
    step = digits(families=("step",), knobs={"segments": "3"})
    values = {"level_1": 1.0, "level_2": 1.2, "level_3": 0.9, "edge_1": 9.0, "edge_2": 4.0}
    assert step.build_curve("step", values) == Step(levels=(1.0, 1.2, 0.9), edges=(4.0, 9.0))


@pytest.mark.parametrize("name", ["triangle", "ramp", "step", "bump", "stage", "spline", "constant"])
def test_the_baseline_knobs_of_a_family_give_1_everywhere(name: str) -> None:
    spec = digits(families=(name,))
    curve = spec.build_curve(name, spec.baseline_knobs(name))
    assert curve.scales(spec.num_blocks) == pytest.approx(BASELINE.scales(spec.num_blocks))


def test_differences_are_told_in_words() -> None:
    stored = digits(epochs=16)
    assert differences(stored, stored) == []
    wanted = digits(
        epochs=8, knobs={"peak": "1:1.2"}, recipe=RECIPES["short"].override(warmup=0.1), train_images=300, first_rung=4
    )
    assert differences(stored, wanted) == [
        "epochs: stored 16, asked for 8",
        f"knobs.triangle.peak: stored {dict(stored.knobs)['triangle.peak']}, asked for 1:1.2",
        "recipe.warmup: stored 0.2, asked for 0.1",
        "train_images: stored nothing, asked for 300",
    ]


@pytest.mark.parametrize(
    ("pruner", "rungs"), [("asha", (3, 6, 12)), ("hyperband", (3, 6, 12)), ("median", ()), ("none", ())]
)
def test_halving_compares_trials_at_rungs_before_the_last_epoch(pruner: str, rungs: tuple[int, ...]) -> None:
    assert digits(epochs=24, first_rung=3, pruner=pruner).rungs == rungs
