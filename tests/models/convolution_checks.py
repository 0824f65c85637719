"""What fused convolutions must give, on whatever device they run: under the interpreter (float32), or on a GPU."""

import copy

import torch
from torch import Tensor, nn

from vsearch.models.fused_convolutions import FusedConvolutions

INTERPRETED = [(3, 16, 16, 8, 8), (2, 16, 32, 5, 7), (2, 32, 16, 4, 4), (1, 64, 64, 8, 8), (40, 32, 32, 8, 8)]
"""Images, channels before and after, height and width; most fill no whole tile."""
GPU = [(128, 16, 16, 32, 32), (128, 32, 32, 16, 16), (128, 64, 64, 8, 8), (3, 32, 64, 5, 9), (1, 16, 16, 1, 1)]


def interpreted() -> FusedConvolutions:
    """Those of a GPU, for the CPU."""
    return FusedConvolutions("cpu", torch.float32)


def conv(inputs: int, outputs: int, device: str) -> nn.Conv2d:
    """With weights of He et al.'s size, channels last."""
    made = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    generator = torch.Generator().manual_seed(1)
    nn.init.kaiming_normal_(made.weight, mode="fan_out", generator=generator)
    return made.to(device).to(memory_format=torch.channels_last)


def images(shape: tuple[int, ...], device: str, dtype: torch.dtype, seed: int = 0) -> Tensor:
    """Normal numbers, channels last."""
    drawn = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return drawn.to(device, dtype).to(memory_format=torch.channels_last)


def largest_error(fused: FusedConvolutions, shape: tuple[int, int, int, int, int]) -> float:
    """Of the convolved images and both gradients, relative to double precision."""
    count, inputs, outputs, height, width = shape
    made = conv(inputs, outputs, fused.device_type)
    x = images((count, inputs, height, width), fused.device_type, fused.dtype).requires_grad_()
    gradient = images((count, outputs, height, width), fused.device_type, fused.dtype, seed=2)
    with torch.autocast(fused.device_type, torch.bfloat16, enabled=fused.dtype is torch.bfloat16):
        assert fused.takes(made, x)
        y = fused(made, x)
    y.backward(gradient)  # type: ignore[no-untyped-call]
    exact = copy.deepcopy(made).double()
    with torch.no_grad():
        exact.weight.copy_(made.weight.to(fused.dtype))
    exact.weight.grad = None
    exact_x = x.detach().double().requires_grad_()
    expected = exact(exact_x)
    expected.backward(gradient.double())
    pairs = [(y, expected), (x.grad, exact_x.grad), (made.weight.grad, exact.weight.grad)]
    assert made.weight.grad is not None
    assert made.weight.grad.stride() == made.weight.stride()
    errors = []
    for found, wanted in pairs:
        assert found is not None
        assert wanted is not None
        errors.append(float((found.double() - wanted).norm() / wanted.norm()))
    return max(errors)


def check_results_and_gradients_are_those_of_double_precision() -> None:
    errors = [largest_error(interpreted(), shape) for shape in INTERPRETED]
    assert max(errors) < 1e-5, errors


def check_what_is_no_number_stays_none_where_the_window_reaches_it() -> None:
    x = images((2, 16, 6, 6), "cpu", torch.float32)
    x[0, 3, 2, 2] = float("nan")
    y = interpreted()(conv(16, 16, "cpu"), x)
    is_nan = y.isnan().any(dim=1)
    assert is_nan[0, 1:4, 1:4].all()
    assert int(is_nan.sum()) == 9


def check_a_gradient_of_another_layout_is_taken() -> None:
    """That of a mean is one number for all."""
    found = []
    for convolve in (interpreted(), lambda conv, x: conv(x)):
        made, x = conv(16, 16, "cpu"), images((2, 16, 4, 4), "cpu", torch.float32).requires_grad_()
        convolve(made, x).mean().backward()
        assert x.grad is not None
        found.append(x.grad)
    torch.testing.assert_close(*found)


def check_images_without_a_gradient_get_none() -> None:
    made, x = conv(16, 16, "cpu"), images((2, 16, 4, 4), "cpu", torch.float32)
    interpreted()(made, x).sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is None
    assert made.weight.grad is not None
