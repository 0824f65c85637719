"""The compiled functions give what torch's operations give, gradients included, wherever they are used at all."""

import copy
import shutil
from statistics import median
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.models.norm_runs import norm, random, relative_error, run
from vsearch.models import compiled_norms as module
from vsearch.models import resnet
from vsearch.models.compiled_norms import CompiledNorms, compiled_norms, norms_version
from vsearch.models.norms import TORCH_NORMS, Norms

needs_compiler = pytest.mark.skipif(compiled_norms() is None, reason="vsearch was installed without a C compiler")
FORMATS = (torch.float32, torch.bfloat16)


def compiled() -> CompiledNorms:
    found = compiled_norms()
    assert found is not None
    return found


@needs_compiler
@pytest.mark.parametrize("with_shortcut", [False, True])
@pytest.mark.parametrize("dtype", FORMATS, ids=str)
@pytest.mark.parametrize("shape", [(4, 16, 9, 7), (3, 32, 8, 8), (5, 64, 4, 4), (2, 5, 3, 3), (2, 1024, 2, 2)])
def test_forward_and_all_gradients_are_those_of_double_precision(
    shape: tuple[int, ...], dtype: torch.dtype, with_shortcut: bool
) -> None:
    """Within the rounding of the results themselves; 9 × 7 pixels of 4 images end in a part of a block of sums."""
    x, shortcut = (2 * random(*shape) + 5).to(dtype), random(*shape, seed=3).to(dtype) if with_shortcut else None
    expected = run(TORCH_NORMS, x.double(), None if shortcut is None else shortcut.double(), torch.float64,
                   norm(shape[1]).double())  # fmt: skip
    found = run(compiled(), x, shortcut, dtype, norm(shape[1]))
    assert found.keys() == expected.keys()
    limit = 3e-3 if dtype is torch.bfloat16 else 2e-5
    errors = {name: relative_error(found[name], expected[name]) for name in expected}
    assert max(errors.values()) < limit, errors


@needs_compiler
@pytest.mark.parametrize("reads", [(True, True), (True, False), (False, True)], ids=str)
@pytest.mark.parametrize("with_shortcut", [False, True])
def test_the_gradients_of_two_readers_are_added_up(with_shortcut: bool, reads: tuple[bool, bool]) -> None:
    """Whichever of them there are; a second reader sees the same images."""
    results = []
    for norms, dtype in ((compiled(), torch.bfloat16), (TORCH_NORMS, torch.float64)):
        x = random(4, 16, 6, 6).bfloat16().to(dtype).requires_grad_()
        made = norm(16).to(torch.float64 if dtype is torch.float64 else torch.float32)
        y = norms.add_relu(made, x * 1, x, 0.7) if with_shortcut else norms.relu(made, x * 1)
        assert torch.equal(norms.again(y), y)
        weights = [random(*y.shape, seed=seed).bfloat16().to(dtype) for seed in (7, 8)]
        readers = zip((y, norms.again(y)), weights, reads, strict=True)
        torch.stack([(seen * weight).sum() for seen, weight, is_read in readers if is_read]).sum().backward()  # type: ignore[no-untyped-call]
        assert x.grad is not None
        results.append(x.grad)
    assert relative_error(*results) < 5e-3


@needs_compiler
@pytest.mark.parametrize("dtype", FORMATS, ids=str)
def test_a_large_mean_costs_the_variance_no_digits(dtype: torch.dtype) -> None:
    x = (random(8, 16, 8, 8) * 8 + 1000).to(dtype)
    found, expected = norm(16), norm(16).double()
    compiled().relu(found, x)
    TORCH_NORMS.relu(expected, x.double())
    assert found.running_var is not None
    torch.testing.assert_close(found.running_var.double(), expected.running_var, rtol=1e-4, atol=0.0)


@needs_compiler
@pytest.mark.parametrize("dtype", FORMATS, ids=str)
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_stays_none(dtype: torch.dtype, value: float) -> None:
    """A blow-up must be seen in the loss."""
    x = random(2, 16, 4, 4).to(dtype)
    x[0, 3, 1, 1] = value
    y = compiled().relu(norm(16), x)
    assert y[:, 3].isnan().all()
    assert not y[:, 4].isnan().any()


@needs_compiler
def test_batches_are_counted_where_there_is_a_counter() -> None:
    """Recorded steps take it away, as they count for all norms at once."""
    counted, uncounted = norm(16), norm(16)
    uncounted.num_batches_tracked = None
    found = [compiled().relu(made, random(2, 16, 4, 4)) for made in (counted, uncounted)]
    assert torch.equal(*found)
    assert counted.num_batches_tracked == 1


@needs_compiler
def test_a_gradient_of_another_layout_is_taken() -> None:
    """That of a mean over pixels is one number for all of them."""
    results = []
    for norms in (compiled(), TORCH_NORMS):
        x, made = random(4, 16, 4, 4).requires_grad_(), norm(16)
        norms.relu(made, x * 1).mean(dim=(2, 3)).square().sum().backward()  # type: ignore[no-untyped-call]
        results.append(x.grad)
    torch.testing.assert_close(*results, rtol=1e-4, atol=1e-6)


def refusals() -> dict[str, tuple[nn.BatchNorm2d, Tensor]]:
    """A norm and images that the compiled functions do not take."""
    plain = random(2, 16, 4, 4)
    return {
        "evaluation": (norm(16).eval(), plain),
        "other layout": (norm(16), plain.contiguous()),
        "double": (norm(16).double(), plain.double()),
        "no momentum": (nn.BatchNorm2d(16, momentum=None), plain),
        "no statistics": (nn.BatchNorm2d(16, track_running_stats=False), plain),
        "too many channels": (norm(1025), random(2, 1025, 2, 2)),
    }


@needs_compiler
@pytest.mark.parametrize("name", refusals())
def test_whatever_else_is_left_to_torch(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CompiledNorms, "_apply", lambda *_: pytest.fail("computed"))
    made, x = refusals()[name]
    same = copy.deepcopy(made)
    assert torch.equal(compiled().relu(made, x.clone()), TORCH_NORMS.relu(same, x.clone()))
    assert torch.equal(compiled().add_relu(made, x.clone(), x, 0.7), TORCH_NORMS.add_relu(same, x.clone(), x, 0.7))


def gradients_of_a_network(norms: Norms, images: torch.dtype, autocast: torch.dtype | None) -> list[Tensor]:
    """The gradient of every parameter of a curved network."""
    network = resnet(14, 10, [0.7, 1.3, 0.9, 1.1, 0.8, 1.2], generator=torch.Generator().manual_seed(0))
    network.to(images, memory_format=torch.channels_last)  # type: ignore[call-overload]
    network.use(norms)
    with torch.autocast("cpu", autocast, enabled=autocast is not None):
        loss = network(random(16, 3, 16, 16).to(images)).to(images).square().mean()
    loss.backward()
    return [parameter.grad for parameter in network.parameters() if parameter.grad is not None]


@needs_compiler
@pytest.mark.parametrize("autocast", [None, torch.bfloat16], ids=str)
def test_a_whole_network_comes_no_further_from_double_precision_than_by_torch(autocast: torch.dtype | None) -> None:
    """In the median over parameters: a number within rounding of 0 before a ReLU may be on its other side."""
    exact = gradients_of_a_network(TORCH_NORMS, torch.float64, None)
    errors = [
        median(map(relative_error, gradients_of_a_network(norms, torch.float32, autocast), exact))
        for norms in (compiled(), TORCH_NORMS)
    ]
    assert errors[0] < 1.2 * errors[1] < 0.3


@needs_compiler
def test_a_copy_of_a_network_computes_as_the_network_does() -> None:
    network = resnet(8, 10)
    network.to(memory_format=torch.channels_last)
    network.use(compiled())
    other = copy.deepcopy(network)
    assert torch.equal(network(random(4, 3, 8, 8)), other(random(4, 3, 8, 8)))
    assert other.norms is network.norms


@needs_compiler
def test_the_same_numbers_give_the_same_bits() -> None:
    x, shortcut = random(4, 16, 8, 8), random(4, 16, 8, 8, seed=3)
    first, second = (run(compiled(), x, shortcut, torch.bfloat16, norm(16)) for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.fixture
def uncached() -> Any:
    compiled_norms.cache_clear()
    yield
    compiled_norms.cache_clear()


def test_without_a_compiled_library_there_is_none(uncached: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MODULE", "vsearch.models.kernels._absent")
    assert compiled_norms() is None
    assert norms_version() == "torch"


def test_a_library_that_is_none_of_ours_is_told_and_left_alone(
    uncached: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "MODULE", "math")  # the standard library's, where it is a file; else found nowhere
    assert compiled_norms() is None
    monkeypatch.setattr(module, "MODULE", "vsearch.models.norms")
    assert compiled_norms.__wrapped__() is None
    assert "cannot be used" in caplog.text


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc here")
def test_where_gcc_was_the_functions_are_installed() -> None:
    """So that a broken build is noticed: an optional extension fails in silence."""
    assert compiled_norms() is not None
