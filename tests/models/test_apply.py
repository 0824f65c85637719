"""Curves on networks that vsearch did not build; torchvision's are the real ones, without downloaded weights."""

import copy
import io
import subprocess
import sys
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn

from vsearch.curves import BASELINE, Constant, Curve, Levels, paper
from vsearch.errors import InputError
from vsearch.models import Scale, apply_curve, resnet, scaling
from vsearch.models.scale import ScaledSequential

CURVE = paper.cifar10_resnet32
ARCHITECTURES = {
    "resnet18": 8,
    "resnet34": 16,
    "resnet50": 16,
    "resnet101": 33,
    "resnet152": 50,
    "resnext50_32x4d": 16,
    "wide_resnet50_2": 16,
}
IMAGES = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(7))


@cache
def built(name: str) -> Any:
    torch.manual_seed(0)
    return getattr(torchvision.models, name)(weights=None, num_classes=10).eval()


def build(name: str = "resnet18") -> Any:
    return copy.deepcopy(built(name))


def scale_shortcut_by_hand(block: Any, x: Tensor, scale: float) -> Tensor:
    """torchvision's block as its source has it, but for the scale."""
    branch = block.bn2(block.conv2(block.relu(block.bn1(block.conv1(x)))))
    if hasattr(block, "conv3"):
        branch = block.bn3(block.conv3(block.relu(branch)))
    shortcut = x if block.downsample is None else block.downsample(x)
    return torch.relu(branch + scale * shortcut)


def logits_by_hand(model: Any, images: Tensor, curve: Curve) -> Tensor:
    x = model.maxpool(model.relu(model.bn1(model.conv1(images))))
    blocks = [block for stage in (model.layer1, model.layer2, model.layer3, model.layer4) for block in stage]
    for block, scale in zip(blocks, curve.scales(len(blocks)), strict=True):
        x = scale_shortcut_by_hand(block, x, scale)
    logits: Tensor = model.fc(model.avgpool(x).flatten(1))
    return logits


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_outputs_are_those_of_a_forward_written_out_with_scaled_shortcuts(name: str) -> None:
    plain, model = build(name), apply_curve(build(name), CURVE)
    torch.testing.assert_close(model(IMAGES), logits_by_hand(plain, IMAGES, CURVE))
    assert not torch.allclose(model(IMAGES), plain(IMAGES))


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_a_constant_1_changes_no_bit_in_outputs_gradients_and_statistics(name: str) -> None:
    plain, model = build(name).train(), apply_curve(build(name).train(), BASELINE)
    logits = [network(IMAGES) for network in (plain, model)]
    assert torch.equal(*logits)
    for output in logits:
        output.square().sum().backward()
    for left, right in zip(plain.parameters(), model.parameters(), strict=True):
        assert torch.equal(left.grad, right.grad)
    for left, right in zip(plain.buffers(), model.buffers(), strict=True):
        assert torch.equal(left, right)


@pytest.mark.parametrize(("name", "blocks"), ARCHITECTURES.items())
def test_parameters_and_names_of_the_state_dict_stay_and_every_block_has_its_scale(name: str, blocks: int) -> None:
    plain, model = build(name), apply_curve(build(name), CURVE)
    assert list(plain.state_dict()) == list(model.state_dict())
    assert sum(p.numel() for p in plain.parameters()) == sum(p.numel() for p in model.parameters())
    found = tuple(m.scale for m in model.modules() if isinstance(m, Scale | ScaledSequential))
    assert found == CURVE.scales(blocks)


def test_applied_again_the_new_scales_replace_the_old() -> None:
    once, twice = apply_curve(build(), CURVE), apply_curve(apply_curve(build(), Constant(0.5)), CURVE)
    assert torch.equal(once(IMAGES), twice(IMAGES))
    assert torch.equal(apply_curve(twice, BASELINE)(IMAGES), build()(IMAGES))


def test_a_copy_has_scales_of_its_own() -> None:
    model = apply_curve(build(), CURVE)
    duplicate = copy.deepcopy(model)
    assert torch.equal(duplicate(IMAGES), model(IMAGES))
    apply_curve(duplicate, BASELINE)
    assert torch.equal(model(IMAGES), apply_curve(build(), CURVE)(IMAGES))


def test_a_saved_state_dict_loads_into_a_plain_network_and_back() -> None:
    torch.manual_seed(1)
    trained = apply_curve(torchvision.models.resnet18(weights=None, num_classes=10), CURVE).eval()
    file = io.BytesIO()
    torch.save(trained.state_dict(), file)
    file.seek(0)
    plain = build()
    plain.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(apply_curve(plain, CURVE)(IMAGES), trained(IMAGES))


def test_a_whole_pickled_network_keeps_its_scales() -> None:
    model, file = apply_curve(build(), CURVE), io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    assert torch.equal(torch.load(file, weights_only=False)(IMAGES), model(IMAGES))


def test_training_mode_and_gradients_go_through_the_scaled_shortcuts() -> None:
    model = apply_curve(build().train(), Constant(0.5))
    assert all(module.training for module in model.modules())
    assert not any(module.training for module in model.eval().modules())
    model.train()(IMAGES).square().sum().backward()
    gradient = model.conv1.weight.grad
    assert gradient is not None
    assert gradient.abs().sum() > 0


def test_hooks_of_a_downsample_stay() -> None:
    model, seen = build(), []
    model.layer2[0].downsample.register_forward_hook(lambda *_: seen.append(1))
    apply_curve(model, CURVE)(IMAGES)
    assert seen == [1]


def test_exports_with_torch_export() -> None:
    model = apply_curve(build(), CURVE)
    exported = torch.export.export(model, (IMAGES,)).module()
    torch.testing.assert_close(exported(IMAGES), model(IMAGES))


def test_finds_the_blocks_inside_another_network() -> None:
    backbone, plain = build(), build()
    apply_curve(nn.Sequential(nn.Identity(), backbone), CURVE)
    torch.testing.assert_close(backbone(IMAGES), logits_by_hand(plain, IMAGES, CURVE))


def test_vsearchs_own_networks_take_a_curve_and_keep_it_in_their_state_dict() -> None:
    expected = resnet(14, 10, CURVE.scales(6), generator=torch.Generator().manual_seed(0)).eval()
    applied = apply_curve(resnet(14, 10, generator=torch.Generator().manual_seed(0)).eval(), CURVE)
    assert applied.scales == CURVE.scales(6)
    assert torch.equal(applied(IMAGES), expected(IMAGES))
    assert all(torch.equal(value, expected.state_dict()[name]) for name, value in applied.state_dict().items())


class Residual(nn.Module):
    """A block of somebody else's: `skip(x) + branch(x)`."""

    def __init__(self, skip: nn.Module | None) -> None:
        super().__init__()
        self.branch, self.skip = nn.Linear(4, 4), skip

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.skip is None else self.skip(x)
        result: Tensor = self.branch(x) + shortcut
        return result


def test_an_adapter_names_the_shortcuts_of_any_network() -> None:
    model = nn.Sequential(Residual(None), Residual(nn.Identity()), Residual(nn.Sequential(nn.Linear(4, 4))))
    plain, x = copy.deepcopy(model), torch.randn(3, 4)
    apply_curve(model, Levels((0.5, 2, 3)), shortcuts=lambda found: [scaling(b, "skip") for b in found.children()])
    expected = x
    for block, scale in zip(plain, (0.5, 2, 3), strict=True):
        assert isinstance(block, Residual)
        expected = block.branch(expected) + scale * (expected if block.skip is None else block.skip(expected))
    torch.testing.assert_close(model(x), expected)
    assert list(model.state_dict()) == list(plain.state_dict())


def test_a_scale_on_each_shortcut_makes_a_network_known_without_an_adapter() -> None:
    model = nn.Sequential(Residual(Scale()), Residual(Scale()))
    apply_curve(model, Levels((0.5, 2)))
    assert [module.scale for module in model.modules() if isinstance(module, Scale)] == [0.5, 2]


class OwnForward(torchvision.models.resnet.BasicBlock):  # type: ignore[misc]
    def forward(self, x: Tensor) -> Tensor:
        return x


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: apply_curve(nn.Linear(2, 2), CURVE),
            "no residual block is found in Linear; allowed are",
        ),
        (lambda: apply_curve(torchvision.models.squeezenet1_1(weights=None), CURVE), "no residual block"),
        (lambda: apply_curve(nn.Sequential(OwnForward(4, 4)), CURVE), "OwnForward has a forward of its own"),
        (lambda: apply_curve(build(), [1, 2]), "give a curve"),  # type: ignore[arg-type]
        (lambda: apply_curve(build(), Levels((1, 2))), r"expected 8 levels \(one per block\)"),
        (lambda: apply_curve(build(), CURVE, shortcuts=lambda _: [1]), "shortcuts gave 1"),  # type: ignore[list-item]
        (lambda: scaling(nn.Linear(2, 2), "skip"), "Linear has no 'skip'"),
        (lambda: scaling(Residual(nn.Linear(4, 4)), "skip"), "skip of a Residual is a Linear"),
    ],
)
def test_refuses(call: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()


def test_a_refusal_leaves_the_network_as_it_was() -> None:
    model = nn.Sequential(Residual(None), Residual(nn.Linear(4, 4)))
    with pytest.raises(InputError):
        apply_curve(model, CURVE, shortcuts=lambda found: [*map(partial(scaling, attribute="skip"), found.children())])
    assert model[0].skip is None


def test_importing_the_models_does_not_import_torchvision() -> None:
    program = "import sys; from vsearch.models import apply_curve, resnet; from vsearch.curves import BASELINE"
    program += "; apply_curve(resnet(8, 10), BASELINE); assert 'torchvision' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
