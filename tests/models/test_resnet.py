"""The CIFAR residual networks and the scale of their shortcuts."""

import copy
import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from vsearch.errors import InputError
from vsearch.models import ResNet, build_network, num_blocks, resnet
from vsearch.models.norms import add_scaled
from vsearch.models.resnet import Block

PUBLISHED_PARAMETERS = {20: 269_722, 32: 464_154, 44: 658_586, 56: 853_018, 110: 1_727_962}


def seeded(value: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(value)


def images(count: int = 8, channels: int = 3) -> Tensor:
    return torch.randn(count, channels, 16, 16, generator=seeded(7))


@pytest.mark.parametrize("depth", PUBLISHED_PARAMETERS)
def test_parameters_are_those_of_the_paper_with_and_without_a_curve(depth: int) -> None:
    for scales in (None, [0.8] * num_blocks(depth)):
        network = resnet(depth, 10, scales)
        assert sum(p.numel() for p in network.parameters() if p.requires_grad) == PUBLISHED_PARAMETERS[depth]


def test_scales_of_one_leave_forward_and_gradients_equal_to_the_last_bit() -> None:
    plain, ones = resnet(14, 10, generator=seeded()), resnet(14, 10, [1.0] * 6, generator=seeded())
    logits = [network(images()) for network in (plain, ones)]
    assert torch.equal(*logits)
    for network_logits in logits:
        network_logits.square().sum().backward()
    for (name, left), right in zip(plain.named_parameters(), ones.parameters(), strict=True):
        assert left.grad is not None
        assert right.grad is not None
        assert torch.equal(left.grad, right.grad), name


def test_a_plain_network_adds_the_shortcut_as_written_in_he_et_al() -> None:
    block = Block(16, 16, 1, 1.0)
    x = torch.randn(4, 16, 8, 8, generator=seeded())
    branch = block.bn2(block.conv2(functional.relu(block.bn1(block.conv1(x)))))
    assert torch.equal(block(x), functional.relu(x + branch))


@pytest.mark.parametrize(("in_width", "width", "stride"), [(16, 16, 1), (16, 32, 2)])
def test_the_scale_multiplies_the_shortcut_and_not_the_branch(in_width: int, width: int, stride: int) -> None:
    block = Block(in_width, width, stride, 0.5)
    x = torch.randn(4, in_width, 8, 8, generator=seeded())
    branch = block.bn2(block.conv2(functional.relu(block.bn1(block.conv1(x)))))
    torch.testing.assert_close(block(x), functional.relu(branch + 0.5 * block.shortcut(x)))


def test_the_gradient_through_a_shortcut_carries_its_scale() -> None:
    block = Block(16, 16, 1, 0.25).eval()
    torch.nn.init.zeros_(block.conv2.weight)
    x = torch.rand(2, 16, 8, 8, generator=seeded()).add_(0.1).requires_grad_()
    block(x).sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad, torch.full_like(x, 0.25))


def test_a_shape_changing_shortcut_takes_every_second_pixel_and_zeros_in_new_channels() -> None:
    x = torch.randn(2, 16, 8, 8, generator=seeded())
    shortcut = Block(16, 32, 2, 1.0).shortcut(x)
    assert torch.equal(shortcut[:, :16], x[:, :, ::2, ::2])
    assert not shortcut[:, 16:].any()


def test_every_block_has_its_own_scale_in_order() -> None:
    scales = [0.5, 0.6, 0.7, 0.8, 0.9, 1.3]
    network = resnet(14, 10, scales)
    assert network.scales == tuple(scales)
    assert [float(block.scale) for block in network.blocks if isinstance(block, Block)] == scales


def test_scales_are_saved_and_take_effect_when_loaded() -> None:
    curved, other = resnet(8, 10, [0.5, 1.3, 0.8], generator=seeded()), resnet(8, 10, generator=seeded(1))
    assert not any("scale" in name for name, _ in curved.named_parameters())
    other.load_state_dict(curved.state_dict())
    assert other.scales == (0.5, 1.3, 0.8)
    assert torch.equal(curved.eval()(images()), other.eval()(images()))


def test_a_copy_of_a_network_keeps_scales_of_its_own() -> None:
    first = resnet(8, 10, [0.5, 1.3, 0.8])
    second = copy.deepcopy(first)
    second.load_state_dict(resnet(8, 10).state_dict())
    assert first.scales == (0.5, 1.3, 0.8)
    assert second.scales == (1.0, 1.0, 1.0)


def test_bf16_autocast_rounds_the_scale_neither_forward_nor_backward() -> None:
    """0.8 is 0.80078 in bf16: multiplying by that gives other bf16 numbers for some of 1 … 256."""
    block = Block(1, 1, 1, 0.8).eval()
    torch.nn.init.zeros_(block.conv2.weight)
    values = torch.arange(1.0, 257.0).view(1, 1, 16, 16)
    expected, of_rounded = (0.8 * values).bfloat16(), (torch.tensor(0.8).bfloat16().float() * values).bfloat16()
    assert not torch.equal(expected, of_rounded)
    x = values.bfloat16().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        out = block(x)
    assert torch.equal(out, expected)
    out.backward(values.bfloat16())
    assert x.grad is not None
    assert torch.equal(x.grad, expected)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_a_scale_that_is_a_tensor_is_rounded_neither_forward_nor_backward(dtype: torch.dtype) -> None:
    """The way of a GPU, with tensors of the same kinds."""
    values = torch.arange(1.0, 257.0).view(1, 4, 8, 8).to(memory_format=torch.channels_last)
    factor = torch.tensor(0.8).view(1, 1, 1, 1)
    x, bias = values.to(dtype, copy=True).requires_grad_(), torch.ones(1, dtype=dtype, requires_grad=True)
    branch = values.to(dtype) * bias
    out = add_scaled(branch, x, factor)
    assert out.data_ptr() == branch.data_ptr()
    assert torch.equal(out, torch.addcmul(values, values, factor).to(dtype))
    out.backward(values.to(dtype))  # type: ignore[no-untyped-call]
    assert x.grad is not None
    assert bias.grad is not None
    assert (x.grad.dtype, x.grad.stride()) == (dtype, x.stride())
    assert torch.equal(x.grad, (values * factor).to(dtype))
    assert torch.equal(bias.grad, values.square().sum().to(dtype).view(1))


def test_a_scale_that_is_a_tensor_has_the_gradients_of_one_that_is_a_number() -> None:
    x = torch.randn(2, 3, 4, 4, generator=seeded(), dtype=torch.float64).requires_grad_()
    factor = torch.tensor(0.75, dtype=torch.float64).view(1, 1, 1, 1)
    assert torch.autograd.gradcheck(lambda shortcut: add_scaled(shortcut.sin(), shortcut, factor), (x,))


def test_a_network_with_tensors_for_scales_has_the_gradients_of_one_with_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gradients = []
    for is_patched in (False, True):
        network = resnet(14, 10, [0.5, 0.6, 0.7, 0.8, 0.9, 1.3], generator=seeded())
        with monkeypatch.context() as patch:
            if is_patched:
                patch.setattr(Block, "_scale_for", lambda block, _: block.factor)
            network(images()).square().sum().backward()
        gradients.append([parameter.grad for parameter in network.parameters()])
    for left, right in zip(*gradients, strict=True):
        torch.testing.assert_close(left, right, rtol=1e-4, atol=1e-4)


def test_the_factor_follows_the_scale_and_is_not_saved() -> None:
    network = resnet(8, 10)
    factors = [block.factor for block in network.blocks if isinstance(block, Block)]
    network.load_state_dict(resnet(8, 10, [0.5, 1.3, 0.8]).state_dict())
    assert [float(factor) for factor in factors] == pytest.approx([0.5, 1.3, 0.8])
    assert not any("factor" in name for name in network.state_dict())


def test_the_generator_alone_decides_the_weights() -> None:
    first = resnet(8, 10, generator=seeded(3))
    torch.manual_seed(99)
    second, third = resnet(8, 10, generator=seeded(3)), resnet(8, 10, generator=seeded(4))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert not torch.equal(first.conv.weight, third.conv.weight)


def test_convolutions_start_with_the_deviation_of_he_initialisation() -> None:
    network = resnet(32, 10, generator=seeded())
    last = network.blocks[-1]
    assert isinstance(last, Block)
    assert float(last.conv2.weight.detach().std()) == pytest.approx(math.sqrt(2 / (64 * 9)), rel=0.02)


@pytest.mark.parametrize(("channels", "classes"), [(1, 10), (3, 100)])
def test_channels_and_classes_are_free(channels: int, classes: int) -> None:
    assert resnet(8, classes, in_channels=channels)(images(4, channels)).shape == (4, classes)


@pytest.mark.parametrize(
    ("scales", "message"),
    [
        ([1.0] * 14, "expected 15, got 14"),
        ([1.0] * 14 + [math.nan], "block 15 is nan"),
        ([-math.inf] + [1.0] * 14, "block 1 is -inf"),
        ([1.0] * 14 + ["0.5"], "block 15 is '0.5'"),
    ],
)
def test_wrong_scales_are_refused(scales: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        resnet(32, 10, scales)


def test_networks_are_built_by_name() -> None:
    network = build_network("resnet", 8, 10, [1.0, 0.9, 0.8], generator=seeded())
    assert isinstance(network, ResNet)
    assert network.scales == (1.0, 0.9, 0.8)
    with pytest.raises(InputError, match="Did you mean 'resnet'"):
        build_network("resnt", 8, 10)
