"""What the fused norms must give, on a GPU or in Triton's interpreter."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tests.models.interpreted import Check
from tests.models.norm_runs import SCALE, norm, random, relative_error, run
from vsearch.models import fused_norms as module
from vsearch.models import resnet
from vsearch.models.fused_norms import FusedNorms, fused_norms
from vsearch.models.norms import TORCH_NORMS, Norms

FORMATS = {"float32": torch.float32, "bf16": torch.bfloat16}
# 9 × 7 pixels of 4 images end in a part of a tile; with many channels a tile has few pixels, and there are several.
SHAPES = [(4, 16, 9, 7), (3, 32, 8, 8), (5, 64, 4, 4), (2, 8, 3, 3), (7, 128, 5, 3)]
REAL_SHAPES = [(128, 16, 32, 32), (128, 32, 16, 16), (128, 64, 8, 8)]


def fused() -> FusedNorms:
    found = fused_norms()
    assert found is not None
    return found


def factor(value: float, device: str) -> Tensor:
    return torch.full((1, 1, 1, 1), value, device=device)


def rounding(dtype: torch.dtype, device: str) -> float:
    """What the rounding of a result may cost; the interpreter cuts bf16 off instead."""
    if dtype is torch.float32:
        return 2e-5
    return 3e-3 if device == "cuda" else 6e-3


def decided(x: Tensor, shortcut: Tensor | None) -> Tensor:
    """The images, moved where they are within rounding of 0 before ReLU: a gradient goes on or does not."""
    before = norm(x.shape[1]).to(x.device).double()(x.double())
    if shortcut is not None:
        before += SCALE * shortcut
    return torch.where(before.abs() < 1e-4, x + 0.25, x)


def assert_exact(device: str, shape: Sequence[int], dtype: torch.dtype, with_shortcut: bool) -> None:
    """Results, gradients and statistics are those of double precision, within the rounding of the results."""
    shortcut = random(*shape, seed=3).to(device, dtype) if with_shortcut else None
    x = decided((2 * random(*shape) + 5).to(device, dtype), shortcut)
    expected = run(TORCH_NORMS, x.double(), None if shortcut is None else shortcut.double(), torch.float64,
                   norm(shape[1]).to(device).double(), SCALE)  # fmt: skip
    found = run(fused(), x, shortcut, dtype, norm(shape[1]).to(device), factor(SCALE, device))
    assert found.keys() == expected.keys()
    assert found["y"].is_contiguous(memory_format=torch.channels_last)
    errors = {name: relative_error(found[name], expected[name]) for name in expected}
    assert max(errors.values()) < rounding(dtype, device), errors


def exact(shape: Sequence[int], dtype: torch.dtype, with_shortcut: bool) -> Check:
    return lambda device: assert_exact(device, shape, dtype, with_shortcut)


def many_tiles(device: str) -> None:
    """Programs that take several tiles, the last of which are missing or not whole."""
    most = module.MOST_PARTS
    try:
        for module.MOST_PARTS in (1, 3, 5):
            for with_shortcut in (False, True):
                assert_exact(device, (5, 32, 17, 19), torch.float32, with_shortcut)
    finally:
        module.MOST_PARTS = most


def readers(reads: tuple[bool, bool], with_shortcut: bool) -> Check:
    """The gradients of two readers are added up, whichever of them there are; both see the same images."""

    def check(device: str) -> None:
        results = []
        for norms, dtype in ((fused(), torch.bfloat16), (TORCH_NORMS, torch.float64)):
            x = random(4, 16, 6, 6).bfloat16().to(device, dtype).requires_grad_()
            made = norm(16).to(device, torch.float64 if dtype is torch.float64 else torch.float32)
            y = norms.add_relu(made, x * 1, x, factor(0.7, device)) if with_shortcut else norms.relu(made, x * 1)
            assert torch.equal(norms.again(y), y)
            weights = [random(*y.shape, seed=seed).bfloat16().to(device, dtype) for seed in (7, 8)]
            pairs = zip((y, norms.again(y)), weights, reads, strict=True)
            torch.stack([(seen * weight).sum() for seen, weight, is_read in pairs if is_read]).sum().backward()  # type: ignore[no-untyped-call]
            assert x.grad is not None
            results.append(x.grad)
        assert relative_error(*results) < 2 * rounding(torch.bfloat16, device)

    return check


def large_mean(dtype: torch.dtype) -> Check:
    """A large mean costs the variance no digits."""

    def check(device: str) -> None:
        x = (random(8, 16, 8, 8) * 8 + 1000).to(device, dtype)
        found, expected = norm(16).to(device), norm(16).to(device).double()
        fused().relu(found, x)
        TORCH_NORMS.relu(expected, x.double())
        assert found.running_var is not None
        torch.testing.assert_close(found.running_var.double(), expected.running_var, rtol=1e-4, atol=0.0)

    return check


def no_number(dtype: torch.dtype, value: float) -> Check:
    """What is no number makes all of its channel none, and no other, forward and backward."""

    def check(device: str) -> None:
        x = random(2, 16, 4, 4).to(device, dtype)
        x[0, 3, 1, 1] = value
        x.requires_grad_()
        shortcut = random(2, 16, 4, 4, seed=3).to(device, dtype)
        results = (
            fused().relu(norm(16).to(device), x),
            fused().add_relu(norm(16).to(device), x, shortcut, factor(1.0, device)),
        )
        for y in results:
            (gradient,) = torch.autograd.grad(y, x, torch.ones_like(y))
            for images in (y, gradient):
                assert images[:, 3].isnan().all()
                assert not images[:, [0, 1, 2, *range(4, 16)]].isnan().any()

    return check


def no_number_in_the_shortcut(device: str) -> None:
    """It stays one pixel's, and its gradient goes on as torch's does."""
    results = []
    for norms in (fused(), TORCH_NORMS):
        x, shortcut = (random(2, 16, 4, 4, seed=seed).to(device) for seed in (0, 3))
        shortcut[1, 5, 2, 2] = float("nan")
        y = norms.add_relu(norm(16).to(device), x, shortcut.requires_grad_(), factor(0.9, device))
        (gradient,) = torch.autograd.grad(y, shortcut, torch.ones_like(y))
        assert int(y.isnan().sum()) == 1
        results.append(gradient)
    torch.testing.assert_close(*results)


def another_layout(device: str) -> None:
    """A gradient of another layout is taken: that of a mean over pixels is one number for all of them."""
    results = []
    for norms in (fused(), TORCH_NORMS):
        x, made = random(4, 16, 4, 4).to(device).requires_grad_(), norm(16).to(device)
        norms.relu(made, x * 1).mean(dim=(2, 3)).square().sum().backward()  # type: ignore[no-untyped-call]
        results.append(x.grad)
    torch.testing.assert_close(*results, rtol=1e-4, atol=1e-6)


def shortcut_of_another_layout(device: str) -> None:
    """So is a shortcut, here one that was padded with channels."""
    results = []
    for norms in (fused(), TORCH_NORMS):
        x, wide = random(4, 16, 4, 4).to(device), random(4, 8, 8, 8).to(device).requires_grad_()
        shortcut = nn.functional.pad(wide[:, :, ::2, ::2], (0, 0, 0, 0, 0, 8))
        y = norms.add_relu(norm(16).to(device), x, shortcut, factor(0.9, device))
        results.append((y.detach(), *torch.autograd.grad(y, wide, random(*y.shape, seed=4).to(device))))
    torch.testing.assert_close(*results, rtol=1e-4, atol=1e-6)


def shortcut_without_gradient(device: str) -> None:
    """The other gradients are the same as with it."""
    results = []
    for wanted in (True, False):
        x, shortcut = (random(4, 16, 4, 4, seed=seed).to(device) for seed in (0, 3))
        shortcut.requires_grad_(wanted)
        made = norm(16).to(device)
        y = fused().add_relu(made, x.requires_grad_(), shortcut, factor(0.9, device))
        y.square().sum().backward()  # type: ignore[no-untyped-call]
        assert (shortcut.grad is not None) is wanted
        results.append((y.detach(), x.grad, made.weight.grad, made.bias.grad))
    assert all(torch.equal(one, other) for one, other in zip(*results, strict=True))


def scale_as_number(device: str) -> None:
    """A number scales as a tensor does, and is not rounded to bf16."""
    x, shortcut = (random(4, 16, 4, 4, seed=seed).to(device, torch.bfloat16) for seed in (0, 3))
    with_number, with_tensor = (
        run(fused(), x, shortcut, torch.bfloat16, norm(16).to(device), scale) for scale in (0.7, factor(0.7, device))
    )
    assert all(torch.equal(with_number[name], with_tensor[name]) for name in with_number)


def counted_or_not(device: str) -> None:
    """Batches are counted where the norm counts them, and statistics follow batch by batch in any case."""
    x = random(4, 16, 4, 4).to(device)
    counting, silent, exact = norm(16).to(device), norm(16).to(device), norm(16).to(device).double()
    silent.num_batches_tracked = None
    for batch in range(3):
        for made in (counting, silent):
            fused().relu(made, x * (batch + 1) + batch)
        TORCH_NORMS.relu(exact, x.double() * (batch + 1) + batch)
    assert counting.num_batches_tracked == 3
    assert silent.num_batches_tracked is None
    for made in (counting, silent):
        assert made.running_mean is not None
        assert made.running_var is not None
        torch.testing.assert_close(made.running_mean.double(), exact.running_mean, rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(made.running_var.double(), exact.running_var, rtol=1e-5, atol=0.0)


def evaluation(device: str) -> None:
    """Without gradients the running statistics serve, and stay as they are."""
    made = norm(16).to(device)
    fused().relu(made, 3 * random(4, 16, 6, 6).to(device) + 2)
    made.eval()
    before = copy.deepcopy(made.state_dict())
    x, shortcut = (random(5, 16, 9, 7, seed=seed).to(device, torch.bfloat16) for seed in (1, 3))
    exact, scale = copy.deepcopy(made).double(), factor(0.7, device)
    with torch.inference_mode():
        assert fused()._takes(made, x)
        found = fused().relu(made, x.clone()), fused().add_relu(made, x.clone(), shortcut, scale)
        expected = (
            TORCH_NORMS.relu(exact, x.double()),
            TORCH_NORMS.add_relu(exact, x.double(), shortcut.double(), scale.double()),
        )
    for one, other in zip(found, expected, strict=True):
        assert one.dtype is torch.bfloat16
        assert relative_error(one, other) < rounding(torch.bfloat16, device)
    assert all(torch.equal(value, before[name]) for name, value in made.state_dict().items())


def same_bits(device: str) -> None:
    """The same numbers give the same bits."""
    x, shortcut = (random(9, 64, 8, 8, seed=seed).to(device) for seed in (0, 3))
    first, second = (
        run(fused(), x, shortcut, torch.bfloat16, norm(64).to(device), factor(SCALE, device)) for _ in range(2)
    )
    assert all(torch.equal(first[name], second[name]) for name in first)


def gradients_of_a_network(norms: Norms, device: str, dtype: torch.dtype, autocast: bool) -> list[Tensor]:
    network = resnet(8, 10, [0.7, 1.3, 0.9], generator=torch.Generator().manual_seed(0))
    network.to(device, dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
    network.use(norms)
    with torch.autocast(device, torch.bfloat16, enabled=autocast):
        logits = network(random(8, 3, 16, 16).to(device, dtype))
        assert logits.dtype is (torch.bfloat16 if autocast else dtype)
        loss = logits.to(dtype).square().mean()
    loss.backward()
    return [parameter.grad for parameter in network.parameters() if parameter.grad is not None]


def network(autocast: bool) -> Check:
    """A whole network comes no further from double precision than by torch, in the median over parameters."""

    def check(device: str) -> None:
        exact = gradients_of_a_network(TORCH_NORMS, device, torch.float64, False)
        errors = []
        for norms in (fused(), TORCH_NORMS):
            found = gradients_of_a_network(norms, device, torch.float32, autocast)
            errors.append(sorted(map(relative_error, found, exact))[len(exact) // 2])
        slack = 1.5 if device == "cuda" else 2.5  # the interpreter cuts bf16 off
        assert errors[0] < slack * errors[1] + 1e-6, errors
        assert errors[0] < 0.3, errors

    return check


def copied(device: str) -> None:
    """A copy of a network computes as the network does."""
    made = resnet(8, 10)
    made.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    made.use(fused())
    other = copy.deepcopy(made)
    images = random(4, 3, 8, 8).to(device)
    assert torch.equal(made(images), other(images))
    assert other.norms is made.norms


def checks() -> dict[str, Check]:
    """All of them, small enough for the interpreter, by their names."""
    both = (False, True)
    found: dict[str, Check] = {}
    for name, dtype in FORMATS.items():
        for shape in SHAPES:
            for add in both:
                found[f"exact {name} {'x'.join(map(str, shape))}{' with shortcut' * add}"] = exact(shape, dtype, add)
        found[f"large mean {name}"] = large_mean(dtype)
        for value in ("nan", "inf", "-inf"):
            found[f"{value} {name}"] = no_number(dtype, float(value))
    for reads in ((True, True), (True, False), (False, True)):
        for add in both:
            found[f"read {'first ' * reads[0]}{'second ' * reads[1]}{'with shortcut' * add}"] = readers(reads, add)
    found |= {"network": network(False), "network in bf16": network(True)}
    plain = (
        many_tiles, no_number_in_the_shortcut, another_layout, shortcut_of_another_layout, shortcut_without_gradient,
        scale_as_number, counted_or_not, evaluation, same_bits, copied,
    )  # fmt: skip
    return found | {check.__name__.replace("_", " "): check for check in plain}
