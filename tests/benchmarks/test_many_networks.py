"""Many networks at once: stacked ones learn what they learn alone, and the speed of each way is measured."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import ModuleType

import pytest
import torch

from vsearch.data import Augmentation, ImageSet, SearchData
from vsearch.data.augment import epoch_plan
from vsearch.models import resnet
from vsearch.models.norms import TorchNorms
from vsearch.spec.recipe import Recipe
from vsearch.training.graphed import GraphPool
from vsearch.training.steps import EagerSteps

RECIPE = Recipe("small", batch_size=16)
SCALES = [[0.5, 1.0, 1.5], [1.0, 1.0, 1.0], [1.2, 0.9, 0.6]]
RATES = [0.01, 0.02, 0.005]
STEPS = 3


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def data() -> SearchData:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (STEPS * 16, 12, 12, 3), dtype=torch.uint8, generator=generator)
    part = ImageSet(images, torch.arange(STEPS * 16) % 10)
    return SearchData(
        "random", part, part, 10, torch.full((3,), 127.5), torch.full((3,), 73.9), Augmentation(2, True), ""
    )


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-4), (torch.bfloat16, 0.05)])
def test_each_network_of_a_stack_trains_as_alone(
    module: Callable[[str], ModuleType], data: SearchData, dtype: torch.dtype, tolerance: float
) -> None:
    """Equal up to the order of additions: relative to the largest number of each tensor."""
    networks = [
        resnet(8, 10, scales, generator=torch.Generator().manual_seed(slot)) for slot, scales in enumerate(SCALES)
    ]
    plans = [epoch_plan(STEPS * 16, data.augmentation, seed=slot, epoch=0) for slot in range(3)]
    rates = [[rate * (step + 1) / STEPS for step in range(STEPS)] for rate in RATES]
    stacked = module("engine_parts/stacked").StackedTraining(copy.deepcopy(networks), data, RECIPE, dtype)
    stacked.begin_epoch(plans, rates)
    for _ in range(STEPS):
        stacked.run()
    for slot, network in enumerate(networks):
        alone = EagerSteps(network, data, RECIPE, dtype)
        losses = alone.train(plans[slot], rates[slot], lambda: None)
        torch.testing.assert_close(stacked.losses[:, slot], losses, rtol=tolerance, atol=0)
        found = stacked.state_dicts()[slot]
        expected = {k: v for k, v in network.state_dict().items() if not k.endswith(("scale", "batches_tracked"))}
        assert found.keys() == expected.keys()
        for name, tensor in expected.items():
            bound = tolerance * float(tensor.abs().max()) + tolerance
            assert float((found[name] - tensor).abs().max()) <= bound, name


def test_the_speed_of_stacked_networks_is_measured(module: Callable[[str], ModuleType], data: SearchData) -> None:
    """The clock starts once, after the warm-up."""
    begun: list[bool] = []
    measure = module("engine_parts/stacked").stacked_images_per_second
    assert measure(_six_times(data), 8, 2, 2, precision="float32", on_start=lambda: begun.append(True)) > 0
    assert begun == [True]


@pytest.mark.parametrize("is_recorded", [True, False])
def test_the_speed_of_networks_side_by_side_is_measured(
    module: Callable[[str], ModuleType], data: SearchData, is_recorded: bool
) -> None:
    """With recorded steps and without; the clock starts once, after the warm-up."""
    begun: list[bool] = []
    loaded = module("engine_parts/side_by_side")
    steps = loaded.recorded_steps(GraphPool(lambda step, _: step)) if is_recorded else EagerSteps
    trainings = [loaded.new_training(_six_times(data), 8, steps, "float32", seed) for seed in range(2)]
    assert loaded.side_by_side_images_per_second(trainings, 1, 2, lambda: begun.append(True)) > 0
    assert begun == [True]


def test_no_speed_is_given_for_what_was_not_measured(module: Callable[[str], ModuleType], data: SearchData) -> None:
    """Neither for steps that could not be recorded, nor for a network that diverged."""

    def refuse(*_: object) -> Callable[[], None]:
        raise RuntimeError("this GPU records nothing")

    loaded = module("engine_parts/side_by_side")
    with pytest.raises(RuntimeError, match="could not be recorded"):
        loaded.new_training(_six_times(data), 8, loaded.recorded_steps(GraphPool(refuse)), "float32")
    training = loaded.new_training(_six_times(data), 8, EagerSteps, "float32")
    with torch.no_grad():
        training.network.classifier.bias.fill_(float("nan"))
    with pytest.raises(RuntimeError, match="diverged"):
        loaded.side_by_side_images_per_second([training], 1, 1)


def _six_times(data: SearchData) -> SearchData:
    """Enough for two batches of the benchmarks."""
    return replace(data, train=ImageSet(data.train.images.repeat(6, 1, 1, 1), data.train.labels.repeat(6)))


def test_the_eager_loop_is_torchs_own(module: Callable[[str], ModuleType], data: SearchData) -> None:
    """Where a network of ours would be given compiled functions."""
    loaded = module("engine_parts/side_by_side")
    training = loaded.new_training(_six_times(data), 8, loaded.eager_steps, "float32")
    training.run_steps(1)
    (network,) = training.network
    assert isinstance(network.norms, TorchNorms)
