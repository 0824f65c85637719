"""What the fused convolutions must give, on a GPU in bf16, or in Triton's interpreter in float32."""

import copy

import torch
from torch import Tensor, nn

from tests.models.interpreted import Check
from vsearch.models.fused_convolutions import FusedConvolutions, fused_convolutions

SHAPES = [(3, 16, 16, 8, 8), (2, 16, 32, 5, 7), (2, 32, 16, 4, 4), (1, 64, 64, 8, 8), (40, 32, 32, 8, 8)]
"""Images, channels before and after, height and width; most fill no whole tile."""
REAL_SHAPES = [(128, 16, 16, 32, 32), (128, 32, 32, 16, 16), (128, 64, 64, 8, 8), (3, 32, 64, 5, 9), (1, 16, 16, 1, 1)]


def fused(device: str) -> FusedConvolutions:
    """Those of a GPU; for the CPU in float32."""
    if device == "cpu":
        return FusedConvolutions("cpu", torch.float32)
    found = fused_convolutions()
    assert found is not None
    return found


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


def exact(shape: tuple[int, int, int, int, int]) -> Check:
    """Results and gradients of a shape are those of double precision, within the rounding of their format."""

    def check(device: str) -> None:
        assert largest_error(fused(device), shape) < (1e-5 if device == "cpu" else 4e-3)

    return check


def no_number(device: str) -> None:
    """It stays none wherever the window reaches it, and nowhere else."""
    x = images((2, 16, 6, 6), device, fused(device).dtype)
    x[0, 3, 2, 2] = float("nan")
    with torch.autocast(device, torch.bfloat16, enabled=device != "cpu"):
        y = fused(device)(conv(16, 16, device), x)
    is_nan = y.isnan().any(dim=1)
    assert is_nan[0, 1:4, 1:4].all()
    assert int(is_nan.sum()) == 9


def another_layout(device: str) -> None:
    """The gradient of a mean is one number for all, and is taken as any other."""
    made, x = conv(16, 16, device), images((2, 16, 4, 4), device, fused(device).dtype).requires_grad_()
    with torch.autocast(device, torch.bfloat16, enabled=device != "cpu"):
        fused(device)(made, x).mean().backward()  # type: ignore[no-untyped-call]
    given = torch.full_like(x, 1 / x.numel())
    assert x.grad is not None
    torch.testing.assert_close(x.grad, fused(device).convolve(given, made.weight, backward=True))


def images_without_gradient(device: str) -> None:
    """They get none, the weights get theirs."""
    made, x = conv(16, 16, device), images((2, 16, 4, 4), device, fused(device).dtype)
    with torch.autocast(device, torch.bfloat16, enabled=device != "cpu"):
        fused(device)(made, x).sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is None
    assert made.weight.grad is not None


def same_bits(device: str) -> None:
    """Sums are in the same order each time."""
    x, made = images((8, 32, 16, 16), device, fused(device).dtype), conv(32, 32, device)
    gradient = images((8, 32, 16, 16), device, fused(device).dtype, seed=3)
    first, second = (
        (fused(device).convolve(x, made.weight), fused(device).weight_gradient(x, gradient)) for _ in range(2)
    )
    assert all(torch.equal(*pair) for pair in zip(first, second, strict=True))


def checks() -> dict[str, Check]:
    """All of them, small enough for the interpreter, by their names."""
    plain = (no_number, another_layout, images_without_gradient, same_bits)
    found = {f"exact {'x'.join(map(str, shape))}": exact(shape) for shape in SHAPES}
    return found | {check.__name__.replace("_", " "): check for check in plain}
