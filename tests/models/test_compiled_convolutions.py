"""The compiled gradient of weights is that of double precision, and used only where torch would compute the same."""

import copy
import shutil
from statistics import median
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.models.norm_runs import relative_error
from vsearch.models import compiled_convolutions as module
from vsearch.models import resnet
from vsearch.models.compiled_convolutions import CompiledConvolutions, compiled_convolutions, convolutions_version
from vsearch.models.norms import TORCH_NORMS
from vsearch.models.resnet import Convolve, torch_convolution

needs_functions = pytest.mark.skipif(compiled_convolutions() is None, reason="not compiled, or not for this processor")


def compiled() -> CompiledConvolutions:
    found = compiled_convolutions()
    assert found is not None
    return found


def random(*shape: int, seed: int = 0) -> Tensor:
    drawn = torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
    return drawn.bfloat16().to(memory_format=torch.channels_last)


def conv(inputs: int, outputs: int, **changes: Any) -> nn.Conv2d:
    made = nn.Conv2d(inputs, outputs, **({"kernel_size": 3, "padding": 1, "bias": False} | changes))
    return made.to(memory_format=torch.channels_last)


@needs_functions
@pytest.mark.parametrize(
    ("images", "inputs", "outputs", "height", "width"),
    [(3, 16, 16, 32, 32), (9, 32, 16, 5, 4), (5, 16, 48, 1, 2), (130, 64, 64, 2, 8), (1, 32, 32, 300, 2)],
)
def test_the_gradient_of_weights_is_that_of_double_precision(
    images: int, inputs: int, outputs: int, height: int, width: int
) -> None:
    """Also of one row, and of images that do not fill the last part of them."""
    x, gradient = random(images, inputs, height, width), random(images, outputs, height, width, seed=1)
    exact = conv(inputs, outputs).double()
    exact(x.double()).backward(gradient.double())
    assert exact.weight.grad is not None
    assert relative_error(compiled().weight_gradient(x, gradient), exact.weight.grad) < 1e-6


def run(convolve: Convolve, made: nn.Conv2d, x: Tensor) -> list[Tensor]:
    """The convolved images, and the gradients of images and weights."""
    x = x.detach().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        y = convolve(made, x)
    y.backward(random(*y.shape, seed=2).contiguous())  # type: ignore[no-untyped-call]
    assert x.grad is not None
    assert made.weight.grad is not None
    return [y.detach(), x.grad, made.weight.grad]


@needs_functions
def test_all_but_the_gradient_of_weights_is_what_torch_computes() -> None:
    """To the last bit; that gradient has no rounding to bf16. It is laid out as the weights are."""
    made, x = conv(16, 32), random(4, 16, 8, 8)
    found, expected = run(compiled(), copy.deepcopy(made), x), run(torch_convolution, made, x)
    assert all(torch.equal(*pair) for pair in zip(found[:2], expected[:2], strict=True))
    assert relative_error(found[2], expected[2]) < 3e-3
    assert found[2].stride() == made.weight.stride()


@needs_functions
def test_what_is_no_number_stays_none() -> None:
    x = random(2, 16, 4, 4)
    x[0, 3, 1, 1] = float("nan")
    found = compiled().weight_gradient(x, random(2, 16, 4, 4, seed=1))
    assert found[:, 3].isnan().any(dim=(1, 2)).all()
    assert not found[:, 4].isnan().any()


@needs_functions
def test_the_same_numbers_give_the_same_bits() -> None:
    x, gradient = random(5, 32, 6, 6), random(5, 32, 6, 6, seed=1)
    assert torch.equal(compiled().weight_gradient(x, gradient), compiled().weight_gradient(x, gradient))


@needs_functions
@pytest.mark.parametrize(
    ("changes", "inputs", "width"),
    [
        ({"stride": 2}, 16, 8),
        ({"padding": 0}, 16, 8),
        ({"kernel_size": 1, "padding": 0}, 16, 8),
        ({"bias": True}, 16, 8),
        ({"groups": 2}, 32, 8),
        ({"dilation": 2}, 16, 8),
        ({"padding_mode": "circular"}, 16, 8),
        ({}, 3, 8),
        ({}, 16, 7),
    ],
    ids=str,
)
def test_other_convolutions_are_left_to_torch(
    changes: dict[str, Any], inputs: int, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CompiledConvolutions, "weight_gradient", lambda *_: pytest.fail("computed"))
    run(compiled(), conv(inputs, 16, **changes), random(2, inputs, 8, width))


@needs_functions
def test_float32_and_another_layout_are_left_to_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CompiledConvolutions, "weight_gradient", lambda *_: pytest.fail("computed"))
    run(compiled(), conv(16, 16), random(2, 16, 8, 8).contiguous())
    x = random(2, 16, 8, 8).float().requires_grad_()
    compiled()(conv(16, 16), x).sum().backward()  # type: ignore[no-untyped-call]


def gradients_of_a_network(convolve: Convolve, dtype: torch.dtype) -> list[Tensor]:
    """The gradient of every parameter of a curved network."""
    network = resnet(14, 10, [0.7, 1.3, 0.9, 1.1, 0.8, 1.2], generator=torch.Generator().manual_seed(0))
    network.to(dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
    network.use(TORCH_NORMS, convolve)
    with torch.autocast("cpu", torch.bfloat16, enabled=dtype is torch.float32):
        images = random(16, 3, 16, 16)
        loss = network(images if dtype is torch.float32 else images.to(dtype)).to(dtype).square().mean()
    loss.backward()
    return [parameter.grad for parameter in network.parameters() if parameter.grad is not None]


@needs_functions
def test_a_whole_network_comes_no_further_from_double_precision_than_by_torch() -> None:
    exact = gradients_of_a_network(torch_convolution, torch.float64)
    errors = [
        median(map(relative_error, gradients_of_a_network(convolve, torch.float32), exact))
        for convolve in (compiled(), torch_convolution)
    ]
    assert errors[0] < 1.05 * errors[1] < 0.3


@pytest.fixture
def uncached() -> Any:
    compiled_convolutions.cache_clear()
    yield
    compiled_convolutions.cache_clear()


def test_without_a_compiled_library_there_is_none(uncached: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MODULE", "vsearch.models.kernels._absent")
    assert compiled_convolutions() is None
    assert convolutions_version() == "torch"


def has_bf16_instructions() -> bool:
    try:
        with open("/proc/cpuinfo") as file:
            words = set(file.read().split())
    except OSError:
        return False
    return {"avx512_bf16", "avx512_vbmi2"} <= words


@pytest.mark.skipif(shutil.which("gcc") is None or not has_bf16_instructions(), reason="no gcc, or an older processor")
def test_where_gcc_was_the_function_is_installed() -> None:
    """So that a broken build is noticed: an optional extension fails in silence."""
    assert compiled_convolutions() is not None
