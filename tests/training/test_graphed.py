"""Recorded steps on a GPU: eager numbers, one recording for many trials, and neighbours that do not disturb each other.

Kernels may add in another order from one recording to the next, and bf16 magnifies that, so curves are compared within
a tolerance: here only what differs by far more than the order of additions can explain is a fault.
"""

import math
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from vsearch.data import Augmentation, ImageSet, SearchData
from vsearch.models import ResNet, resnet
from vsearch.spec.recipe import Recipe
from vsearch.training.checkpoint import decode, encode
from vsearch.training.divergence import diverged
from vsearch.training.graphed import GraphedSteps, GraphPool
from vsearch.training.loop import EpochRecord, Training
from vsearch.training.steps import EagerSteps, MakeSteps

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]
RECIPE = Recipe("gpu", learning_rate=0.05, warmup=0.1, batch_size=64)
EPOCHS = 3
# Relative, of the mean training loss of an epoch; measured noise between seeds is several times as large.
FIRST_EPOCH, LAST_EPOCH = 0.02, 0.1
Make = Callable[..., Training]


@pytest.fixture(scope="module")
def data() -> SearchData:
    """2,048 noisy images of 10 colours, 16×16, that a small network soon tells apart."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(2048) % 10
    colours = torch.randint(64, 192, (10, 1, 1, 3), generator=generator)
    noise = torch.randint(-60, 61, (2048, 16, 16, 3), generator=generator)
    whole = ImageSet((colours[labels] + noise).to(torch.uint8), labels)
    few = ImageSet(whole.images[:500], whole.labels[:500])
    mean, std = torch.full((3,), 127.5), torch.full((3,), 60.0)
    return SearchData("colours", whole, few, 10, mean, std, Augmentation(2, True), "").to("cuda")


@pytest.fixture
def pool() -> GraphPool:
    return GraphPool()


@pytest.fixture
def make(data: SearchData) -> Make:
    """`make(make_steps, seed=…, scale=…, precision=…)`: ResNet-14 on the colours."""

    def made(
        make_steps: MakeSteps, *, seed: int = 1, scale: float = 0.9, precision: Any = "bf16", recipe: Recipe = RECIPE
    ) -> Training:
        network = resnet(14, 10, [scale] * 6, generator=torch.Generator().manual_seed(seed))
        return Training(
            network,
            data,
            recipe,
            epochs=EPOCHS,
            seed=seed,
            device=torch.device("cuda"),
            precision=precision,
            make_steps=make_steps,
        )

    return made


def assert_alike(left: list[EpochRecord], right: list[EpochRecord]) -> None:
    assert len(left) == len(right) > 0
    for one, other in zip(left, right, strict=True):
        bound = FIRST_EPOCH if one.epoch == 1 else LAST_EPOCH
        assert one.train_loss == pytest.approx(other.train_loss, rel=bound, abs=0.02), one.epoch
        assert one.validation_accuracy == pytest.approx(other.validation_accuracy, abs=0.1), one.epoch


@pytest.mark.parametrize("precision", ["bf16", "float32"])
def test_recorded_steps_have_the_numbers_of_eager_ones(make: Make, pool: GraphPool, precision: str) -> None:
    recorded = make(pool.take, precision=precision)
    assert isinstance(recorded._steps, GraphedSteps), "recording failed; the log says why"
    assert_alike(list(recorded.epochs()), list(make(EagerSteps, precision=precision).epochs()))


def test_one_step_of_the_recording_changes_the_weights_as_an_eager_one(make: Make, data: SearchData) -> None:
    """In float32 without TF32, and after one step, before any difference has been magnified."""
    one_batch = replace(data, train=ImageSet(data.train.images[:64], data.train.labels[:64]))
    former = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        trainings = []
        for steps in (EagerSteps, GraphPool().take):
            network = resnet(8, 10, [0.7, 1.0, 1.3], generator=torch.Generator().manual_seed(1))
            trainings.append(
                Training(
                    network,
                    one_batch,
                    RECIPE,
                    epochs=1,
                    seed=1,
                    device=torch.device("cuda"),
                    precision="float32",
                    make_steps=steps,
                )
            )
            trainings[-1].run_epoch()
    finally:
        torch.backends.cudnn.allow_tf32 = former
    eager, recorded = (training.network.state_dict() for training in trainings)
    assert eager.keys() == recorded.keys()
    for name in eager:
        difference = (recorded[name].double() - eager[name].double()).abs().max()
        assert difference <= 1e-3 * eager[name].double().abs().max() + 1e-6, name


def test_the_warm_up_leaves_no_trace_in_what_a_trial_begins_with(make: Make, pool: GraphPool) -> None:
    for _ in range(2):  # a new recording, then one that is used again
        training = make(pool.take, seed=5)
        fresh = resnet(14, 10, [0.9] * 6, generator=torch.Generator().manual_seed(5)).state_dict()
        state = training.state_dict()
        assert all(torch.equal(state["network"][name].cpu(), fresh[name]) for name in fresh)
        momentum = [entry["momentum_buffer"] for entry in state["optimiser"]["state"].values()]
        assert len(momentum) == len(list(training.network.parameters()))
        assert not any(tensor.any() for tensor in momentum)
        training.run_epoch()
        training.close()


def test_a_used_recording_gives_the_numbers_of_a_new_one(make: Make, pool: GraphPool) -> None:
    first = make(pool.take, seed=7, scale=1.2)
    list(first.epochs())
    first.close()
    again = make(pool.take, seed=2, scale=0.8)
    assert again.network is first.network
    assert isinstance(again.network, ResNet)
    assert again.network.scales == (0.8,) * 6
    assert_alike(list(again.epochs()), list(make(GraphPool().take, seed=2, scale=0.8).epochs()))


def test_the_scale_of_the_next_trial_takes_effect_without_a_new_recording(make: Make, pool: GraphPool) -> None:
    losses = []
    for scale in (1.0, 0.0):
        training = make(pool.take, scale=scale)
        losses.append(training.run_epoch().train_loss)
        training.close()
    eager = [make(EagerSteps, scale=scale).run_epoch().train_loss for scale in (1.0, 0.0)]
    assert losses == pytest.approx(eager, rel=FIRST_EPOCH)
    assert abs(eager[0] - eager[1]) > 2 * FIRST_EPOCH * max(eager), "this test could not tell the scales apart"


def test_a_training_goes_on_from_its_checkpoint(make: Make, pool: GraphPool) -> None:
    whole = make(pool.take)
    uninterrupted = list(whole.epochs())
    stopped = make(pool.take)
    stopped.run_epoch()
    saved = encode(stopped.state_dict())
    stopped.run_epoch()
    stopped.close()
    continued = make(pool.take)
    assert continued.network is stopped.network
    continued.load_state_dict(decode(saved, "c"))
    assert continued.epoch == 1
    assert_alike(list(continued.epochs()), uninterrupted[1:])


def test_threads_train_side_by_side_with_the_numbers_of_training_alone(make: Make, pool: GraphPool) -> None:
    """Each epoch on whichever thread is free, and recordings made while neighbours train."""
    scales = {seed: 0.7 + seed / 10 for seed in range(6)}
    found: dict[int, list[EpochRecord]] = {seed: [] for seed in scales}
    waiting = [make(pool.take, seed=seed, scale=scales[seed]) for seed in list(scales)[:3]]
    to_come, lock, faults = list(scales)[3:], threading.Lock(), []

    def work() -> None:
        try:
            while True:
                with lock:
                    seed = None if waiting or not to_come else to_come.pop()
                    training = waiting.pop(0) if waiting else None
                if seed is not None:
                    training = make(pool.take, seed=seed, scale=scales[seed])
                if training is None:
                    return
                found[training.seed].append(training.run_epoch())
                if training.epoch == EPOCHS:
                    training.close()
                else:
                    with lock:
                        waiting.append(training)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    for seed, scale in scales.items():
        assert_alike(found[seed], list(make(EagerSteps, seed=seed, scale=scale).epochs()))


def test_a_neighbour_that_diverges_disturbs_nobody(make: Make, pool: GraphPool) -> None:
    # Large enough for NaN in bf16; the weights' own recipe is that of the pool.
    hot, cool = make(pool.take, scale=1e30), make(pool.take, seed=3)
    records: dict[str, list[EpochRecord]] = {}
    threads = [
        threading.Thread(target=lambda name=name, one=one: records.update({name: list(one.epochs())}))
        for name, one in {"hot": hot, "cool": cool}.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert diverged(records["hot"][0], 10) is not None
    assert_alike(records["cool"], list(make(EagerSteps, seed=3).epochs()))
    hot.close()
    healed = make(pool.take, seed=4)
    assert healed.network is hot.network
    records_after = list(healed.epochs())
    assert all(math.isfinite(record.train_loss) for record in records_after)
    assert_alike(records_after, list(make(EagerSteps, seed=4).epochs()))


def test_what_breaks_an_epoch_off_leaves_the_recording_sound(make: Make, pool: GraphPool, data: SearchData) -> None:
    class BrokenOff(Exception):
        pass

    count = 0

    def break_off() -> None:
        nonlocal count
        count += 1
        if count == 5:
            raise BrokenOff

    stopped = make(pool.take)
    stopped._on_step = break_off
    with pytest.raises(BrokenOff):
        stopped.run_epoch()
    stopped.close()
    again = make(pool.take, seed=3)
    assert again.network is stopped.network
    assert_alike(list(again.epochs()), list(make(EagerSteps, seed=3).epochs()))


def test_pools_that_come_and_go_leave_the_recordings_of_others_alone(make: Make, pool: GraphPool) -> None:
    kept = make(pool.take)
    first = kept.run_epoch()
    for seed in range(40):  # more than there are streams
        passing = make(GraphPool().take, seed=seed)
        assert isinstance(passing._steps, GraphedSteps)
        if seed % 10 == 0:
            passing.run_epoch()
        del passing
    assert_alike([first, *kept.epochs()], list(make(EagerSteps).epochs()))


def test_an_epoch_does_not_wait_for_the_device(make: Make, pool: GraphPool) -> None:
    """Any call that does is an error here, from the first replay to the last."""
    training = make(pool.take)
    training.run_epoch()
    seen = 0

    def forbid_waiting() -> None:
        nonlocal seen
        seen += 1
        torch.cuda.set_sync_debug_mode("error" if seen < 2048 // 64 else "default")

    training._on_step = forbid_waiting
    try:
        training.run_epoch()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert seen == 2048 // 64


def test_a_full_device_is_reported_as_such(make: Make, pool: GraphPool) -> None:
    training = make(pool.take)  # loads what torch loads once
    torch.cuda.empty_cache()
    _, total = torch.cuda.mem_get_info()
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + 2**20) / total)
    try:
        with pytest.raises(torch.OutOfMemoryError):
            make(pool.take, seed=2)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert math.isfinite(training.run_epoch().train_loss)
    assert isinstance(make(pool.take, seed=2)._steps, GraphedSteps)
