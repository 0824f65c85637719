"""The step that a graph records, run on the CPU: the numbers of the eager steps, in tensors that never change place."""

import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.training.conftest import EXACT, one_epoch
from vsearch.data import ImageSet, SearchData
from vsearch.data.augment import epoch_plan
from vsearch.models import ResNet, resnet
from vsearch.spec.recipe import Recipe
from vsearch.training.checkpoint import CheckpointError, decode, encode
from vsearch.training.divergence import diverged
from vsearch.training.graphed import GraphPool, choose_steps
from vsearch.training.loop import Training
from vsearch.training.static import StaticSGD
from vsearch.training.steps import EagerSteps

Make = Callable[..., Training]


def run_plainly(step: Callable[[], None], stream: torch.cuda.Stream | None) -> Callable[[], None]:
    """What recording does on a CPU: a warm-up that spoils everything, then the step itself."""
    assert stream is None
    for _ in range(3):
        step()
    return step


@pytest.fixture(autouse=True)
def _torch_norms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of a GPU; the compiled ones of a CPU differ in the last bits."""
    monkeypatch.setattr("vsearch.training.functions.compiled_norms", lambda: None)
    monkeypatch.setattr("vsearch.training.functions.compiled_convolutions", lambda: None)


@pytest.fixture
def pool() -> GraphPool:
    return GraphPool(run_plainly)


@pytest.fixture
def make(make_exact: Make) -> Make:
    return make_exact


def learning_curve(training: Training) -> list[tuple[float, ...]]:
    return [one_epoch(training) for _ in range(training.epoch, training.epochs_planned)]


def equal(left: Any, right: Any) -> bool:
    if isinstance(left, Tensor):
        return torch.equal(left, right)
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left if key != "lr")
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(equal, left, right))
    return bool(left == right)


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_the_numbers_are_those_of_the_eager_steps_to_the_last_bit(make: Make, pool: GraphPool, precision: str) -> None:
    eager, static = (make(steps, scale=0.8, precision=precision) for steps in (EagerSteps, pool.take))
    assert learning_curve(static) == learning_curve(eager)
    assert equal(static.state_dict(), eager.state_dict())


def test_other_learning_rates_differ_by_no_more_than_their_rounding_to_float32(
    make: Make, pool: GraphPool, tiny_recipe: Recipe
) -> None:
    eager, static = (learning_curve(make(steps, recipe=tiny_recipe)) for steps in (EagerSteps, pool.take))
    torch.testing.assert_close(torch.tensor(static), torch.tensor(eager), rtol=1e-3, atol=1e-5)


def test_a_recording_that_served_another_trial_gives_the_numbers_of_a_new_one(make: Make, pool: GraphPool) -> None:
    first = make(pool.take, seed=7, scale=1.3)
    used = first.network
    learning_curve(first)
    first.close()
    again = make(pool.take, seed=2, scale=0.7)
    assert again.network is used
    assert isinstance(again.network, ResNet)
    assert again.network.scales == (0.7, 0.7, 0.7)
    assert learning_curve(again) == learning_curve(make(EagerSteps, seed=2, scale=0.7))


def test_a_trial_that_is_broken_off_or_diverges_leaves_nothing_to_the_next(make: Make, pool: GraphPool) -> None:
    hot = Recipe("hot", learning_rate=10, drops=(), batch_size=32)
    spoiled = make(pool.take, scale=50.0, recipe=hot)
    assert diverged(spoiled.run_epoch(), 10) is not None
    spoiled.close()
    # As a pool serves one recipe, the hot one has gone into its recording; weight decay and momentum are the same.
    assert learning_curve(make(pool.take)) == learning_curve(make(EagerSteps))


def test_neighbours_trained_in_turns_do_not_know_of_each_other(make: Make, pool: GraphPool) -> None:
    trainings = [make(pool.take, seed=seed, scale=scale) for seed, scale in ((1, 0.9), (2, 1.1))]
    assert trainings[0].network is not trainings[1].network
    epochs = [[one_epoch(training) for training in trainings] for _ in range(3)]
    curves = [list(curve) for curve in zip(*epochs, strict=True)]
    alone = [learning_curve(make(EagerSteps, seed=seed, scale=scale)) for seed, scale in ((1, 0.9), (2, 1.1))]
    assert curves == alone


@pytest.mark.parametrize("stop_after", [0, 1, 2])
def test_a_training_goes_on_from_its_checkpoint_in_a_used_recording(
    make: Make, pool: GraphPool, stop_after: int
) -> None:
    whole = make(EagerSteps, scale=0.8)
    uninterrupted = learning_curve(whole)
    stopped = make(pool.take, scale=0.8)
    before = [one_epoch(stopped) for _ in range(stop_after)]
    checkpoint = encode(stopped.state_dict())
    learning_curve(stopped)
    stopped.close()
    continued = make(pool.take, scale=0.8)
    momentum = [state["momentum_buffer"] for state in continued._steps.optimiser.state.values()]
    continued.load_state_dict(decode(checkpoint, "trial-0"))
    assert all(
        state["momentum_buffer"] is kept
        for state, kept in zip(continued._steps.optimiser.state.values(), momentum, strict=True)
    )
    assert before + learning_curve(continued) == uninterrupted
    assert equal(continued.state_dict(), whole.state_dict())


@pytest.mark.parametrize("order", [(EagerSteps, "pool"), ("pool", EagerSteps)])
def test_checkpoints_pass_between_both_ways(make: Make, pool: GraphPool, order: tuple[Any, Any]) -> None:
    first, second = (make(pool.take if steps == "pool" else steps) for steps in order)
    before = [one_epoch(first)]
    second.load_state_dict(decode(encode(first.state_dict()), "c"))
    assert before + learning_curve(second) == learning_curve(make(EagerSteps))


def test_the_state_has_the_names_and_kinds_of_an_eager_one(make: Make, pool: GraphPool) -> None:
    eager, static = make(EagerSteps), make(pool.take)
    for training in (eager, static):
        training.run_epoch()
    groups = [training.state_dict()["optimiser"]["param_groups"] for training in (eager, static)]
    assert groups[0] == groups[1]


def test_a_checkpoint_of_another_shape_is_refused_and_the_recording_stays_sound(make: Make, pool: GraphPool) -> None:
    training = make(pool.take)
    training.run_epoch()
    state = training.state_dict()
    state["optimiser"]["state"][0]["momentum_buffer"] = torch.zeros(())
    with pytest.raises(CheckpointError, match="momentum of shape"):
        training.load_state_dict(state)
    training.close()
    assert learning_curve(make(pool.take)) == learning_curve(make(EagerSteps))


def test_closed_steps_are_not_trained_and_are_given_back_once(make: Make, pool: GraphPool) -> None:
    training = make(pool.take)
    training.close()
    training.close()
    with pytest.raises(RuntimeError, match="closed"):
        training.run_epoch()
    one, other = make(pool.take), make(pool.take)
    assert one.network is training.network
    assert other.network is not one.network


def test_a_training_that_is_forgotten_gives_its_recording_back(make: Make, pool: GraphPool) -> None:
    network = make(pool.take).network
    assert make(pool.take).network is network


def test_a_warm_up_may_be_longer_than_an_epoch(digits: SearchData) -> None:
    short = replace(digits, train=ImageSet(digits.train.images[:64], digits.train.labels[:64]))
    network = resnet(8, 10, in_channels=1)
    steps = GraphPool(run_plainly).take(network, short, EXACT, torch.float32)
    plan = epoch_plan(64, digits.augmentation, seed=1, epoch=0)
    assert steps.train(plan, [0.0625, 0.0625], lambda: None).isfinite().all()


def test_a_pool_and_its_recordings_go_with_the_last_training(make: Make) -> None:
    training = make(GraphPool(run_plainly).take)
    training.run_epoch()
    recorded = weakref.ref(training.network)
    del training
    end = time.monotonic() + 20
    while recorded() is not None and time.monotonic() < end:
        time.sleep(0.01)  # the thread that recorded lets go a moment later
    assert recorded() is None


def test_threads_take_train_and_give_back_at_once(make: Make, pool: GraphPool) -> None:
    curves: dict[int, list[tuple[float, ...]]] = {}

    def work(seed: int) -> None:
        training = make(pool.take, seed=seed, scale=1 + seed / 10)
        curves[seed] = learning_curve(training)
        training.close()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert curves == {seed: learning_curve(make(EagerSteps, seed=seed, scale=1 + seed / 10)) for seed in range(4)}


def test_where_recording_fails_training_goes_on_with_one_warning(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    def refuse(step: Callable[[], None], stream: torch.cuda.Stream | None) -> Callable[[], None]:
        step()
        raise RuntimeError("operation not permitted when stream is capturing\nand a second line")

    pool = GraphPool(refuse)
    curves = [learning_curve(make(pool.take, seed=seed)) for seed in (1, 2)]
    assert curves == [learning_curve(make(EagerSteps, seed=seed)) for seed in (1, 2)]
    assert [record.message for record in caplog.records] == [
        "trainings run without CUDA graphs, several times slower: operation not permitted when stream is capturing"
    ]


def test_a_full_device_is_not_hidden_behind_the_slower_way(make: Make) -> None:
    def fill_up(step: Callable[[], None], stream: torch.cuda.Stream | None) -> Callable[[], None]:
        try:
            raise torch.OutOfMemoryError("no room")
        finally:
            raise RuntimeError("the recording is invalid")

    with pytest.raises(RuntimeError, match="recording is invalid"):
        make(GraphPool(fill_up).take)


def test_a_cpu_trains_eagerly_and_each_study_on_a_gpu_has_a_pool_of_its_own() -> None:
    assert choose_steps(torch.device("cpu")) is EagerSteps
    pools = [getattr(choose_steps(torch.device("cuda", 0)), "__self__", None) for _ in range(2)]
    assert all(isinstance(pool, GraphPool) for pool in pools)
    assert pools[0] is not pools[1]


def test_sgd_without_momentum_keeps_none() -> None:
    network = nn.Linear(2, 1)
    rate = torch.full((1,), 0.5)
    optimiser = StaticSGD(network, Recipe("r", momentum=0, weight_decay=0), rate)
    before = network.weight.detach().clone()
    network(torch.ones(1, 2)).sum().backward()
    optimiser.step()
    assert torch.equal(network.weight, before - 0.5)
    assert optimiser.state_dict()["state"] == {}
