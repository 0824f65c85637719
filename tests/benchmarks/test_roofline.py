"""The counted work of a training image is that of the network, and the ceilings are measured."""

import threading
from collections.abc import Callable
from types import ModuleType

import pytest
import torch
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from vsearch.models import resnet

Load = Callable[[str], ModuleType]


@pytest.mark.parametrize(
    ("depth", "forward", "training"), [(32, 137_725_184, 412_290_816), (56, 250_971_392, 752_029_440)]
)
def test_operations_are_those_of_the_published_networks(module: Load, depth: int, forward: int, training: int) -> None:
    """138 and 251 MFLOP forward, 412 and 752 for training."""
    roofline = module("engine_parts/roofline")
    assert roofline.forward_operations(depth) == forward
    assert roofline.training_work(depth, "bf16", 128).operations == training


def test_operations_are_those_that_torch_counts_in_a_step(module: Load) -> None:
    with FlopCounterMode(display=False) as counter:
        loss = functional.cross_entropy(resnet(8, 10)(torch.rand(2, 3, 16, 16)), torch.tensor([1, 2]))
        loss.backward()  # type: ignore[no-untyped-call]
    assert counter.get_total_flops() == 2 * module("engine_parts/roofline").training_work(8, "bf16", 128, 16).operations


def test_bytes_are_the_passes_over_the_activations(module: Load) -> None:
    """Reckoned by hand for a network of three blocks on 8 × 8 pixels, in numbers per image."""
    images, first, second, third = 3 * 64, 16 * 64, 32 * 16, 64 * 4
    convolutions = 2 * (images + first) + 3 * (
        2 * 2 * first + (first + second) + 2 * second + second + third + 2 * third
    )
    batch_norms_and_relus = (8 + 5) * (3 * first + 2 * second + 2 * third)
    additions = (3 + 2) * (first + second + third) + 3 * (first + first + second)
    passes = convolutions + batch_norms_and_relus + additions + 2 * third
    weights = 6 * 4 * sum(part.numel() for part in resnet(8, 10).parameters()) / 128
    work = module("engine_parts/roofline").training_work
    for number_format, size in (("bf16", 2), ("float32", 4), ("tf32", 4)):
        expected = size * passes + (3 + size) * images + weights
        assert work(8, number_format, 128, 8).bytes == pytest.approx(expected)


def test_the_roofline_is_what_arithmetic_or_traffic_allows(module: Load) -> None:
    roofline = module("engine_parts/roofline")
    ceilings = roofline.Ceilings({"bf16": 8e12, "float32": 1e12}, 4e9)
    assert ceilings.images_per_second(roofline.Work(400_000_000, 1e6), "bf16") == (20_000, 4_000)
    assert ceilings.images_per_second(roofline.Work(400_000_000, 1e6), "float32") == (2_500, 4_000)


def test_ceilings_are_measured_added_and_the_best_taken(module: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    ceilings = module("engine_parts/ceilings")
    monkeypatch.setitem(ceilings.SIDE, "cpu", 64)
    monkeypatch.setitem(ceilings.IMAGES, "cpu", 1)
    monkeypatch.setitem(ceilings.COPIED_BYTES, "cpu", 1 << 16)
    cpu, ready = torch.device("cpu"), threading.Barrier(1)
    found = ceilings.measure_ceilings(cpu, ["float32", "bf16"], 0, ready, seconds=0.01)
    assert len(found) == ceilings.WINDOWS
    assert all(window.operations.keys() == {"float32", "bf16"} for window in found)
    assert all(min(*window.operations.values(), window.bytes) > 0 for window in found)
    one, other = ceilings.Ceilings({"bf16": 1.0}, 5.0), ceilings.Ceilings({"bf16": 2.0}, 4.0)
    assert ceilings.added([[one, other], [one, one]]) == [({"bf16": 2.0}, 10.0), ({"bf16": 3.0}, 9.0)]
    assert ceilings.highest([one, other]) == ({"bf16": 2.0}, 5.0)


def test_the_convolutions_alone_are_those_of_the_network(module: Load) -> None:
    """As many weights as those of the network that is trained."""
    layers = module("engine_parts/convolutions").layers(32)
    weights = sum(9 * before * after * count for before, after, _, count in layers)
    assert weights == sum(p.numel() for p in resnet(32, 10).parameters() if p.dim() == 4)
