import pytest
import torch
from torch import Tensor
from torchvision.transforms import functional

from vsearch.data.augment import EpochPlan, batches, crop_and_flip, epoch_plan, normalise
from vsearch.data.pad import pad_images
from vsearch.data.sets import Augmentation, ImageSet
from vsearch.errors import InputError

CIFAR = Augmentation(pad=4, flip=True)
SHAPES = [((32, 32, 3), CIFAR), ((28, 28, 1), Augmentation(2, True)), ((9, 13, 3), Augmentation(3, False))]
NONE = Augmentation(pad=0, flip=False)
MEAN = torch.tensor([125.3, 122.9, 113.9])
STD = torch.tensor([62.9, 62.1, 66.7])


def image_set(count: int = 50, shape: tuple[int, int, int] = (32, 32, 3)) -> ImageSet:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (count, *shape), dtype=torch.uint8, generator=generator)
    return ImageSet(images, torch.arange(count) % 10)


def one_by_one(images: Tensor, plan: EpochPlan, augmentation: Augmentation) -> Tensor:
    """What torchvision makes of each image by itself, `(N, H, W, C)`."""
    made = []
    height, width = images.shape[1:3]
    for index, (top, left), flip in zip(*(part.tolist() for part in plan), strict=True):
        padded = functional.pad(images[index].permute(2, 0, 1), [augmentation.pad])
        cropped = functional.crop(padded, top, left, height, width)
        made.append((functional.hflip(cropped) if flip else cropped).permute(1, 2, 0))
    return torch.stack(made)


@pytest.mark.parametrize(("shape", "augmentation"), SHAPES)
def test_batch_equals_torchvisions_crop_and_flip_of_each_image(
    shape: tuple[int, int, int], augmentation: Augmentation
) -> None:
    images = image_set(shape=shape).images
    plan = epoch_plan(50, augmentation, seed=1, epoch=2)
    made = crop_and_flip(pad_images(images, augmentation.pad), plan, shape[:2])
    assert torch.equal(made, one_by_one(images, plan, augmentation))


def test_batches_are_the_normalised_reference_in_order() -> None:
    train = image_set()
    plan = epoch_plan(50, CIFAR, seed=1, epoch=0)
    wanted = (one_by_one(train.images, plan, CIFAR).float() - MEAN) / STD
    made = list(batches(train, plan, MEAN, STD, CIFAR, 16, torch.float32))
    assert torch.equal(torch.cat([images for images, _ in made]), wanted[:48].permute(0, 3, 1, 2))
    assert torch.equal(torch.cat([labels for _, labels in made]), train.labels[plan.order[:48]])


def test_last_incomplete_batch_is_dropped() -> None:
    plan = epoch_plan(50, CIFAR, seed=1, epoch=0)
    assert len(list(batches(image_set(), plan, MEAN, STD, CIFAR, 16, torch.float32))) == 3
    assert len(list(batches(image_set(), plan, MEAN, STD, CIFAR, 25, torch.float32))) == 2


def test_batches_have_channels_last_strides() -> None:
    plan = epoch_plan(50, CIFAR, seed=1, epoch=0)
    images, _ = next(batches(image_set(), plan, MEAN, STD, CIFAR, 16, torch.bfloat16))
    assert images.shape == (16, 3, 32, 32)
    assert images.dtype == torch.bfloat16
    assert images.is_contiguous(memory_format=torch.channels_last)


def test_without_augmentation_every_image_is_served_unchanged_once() -> None:
    train = image_set()
    plan = epoch_plan(50, NONE, seed=1, epoch=0)
    images, _ = next(batches(train, plan, torch.zeros(3), torch.ones(3), NONE, 50, torch.float32))
    assert torch.equal(images.permute(0, 2, 3, 1)[plan.order.argsort()].byte(), train.images)


def test_border_is_the_colour_zero_before_normalisation() -> None:
    white = ImageSet(torch.full((1, 4, 4, 1), 255, dtype=torch.uint8), torch.zeros(1, dtype=torch.int64))
    plan = EpochPlan(torch.tensor([0]), torch.tensor([[0, 0]]), torch.tensor([False]))
    mean, std = torch.tensor([100.0]), torch.tensor([50.0])
    images, _ = next(batches(white, plan, mean, std, Augmentation(1, False), 1, torch.float32))
    assert images[0, 0, 0].tolist() == [-2.0] * 4
    assert images[0, 0, 1].tolist() == pytest.approx([-2.0, 3.1, 3.1, 3.1])


def test_a_kept_padded_copy_gives_the_same_batches() -> None:
    train = image_set()
    plan = epoch_plan(50, CIFAR, seed=1, epoch=0)
    padded = pad_images(train.images, CIFAR.pad)
    given = next(batches(train, plan, MEAN, STD, CIFAR, 16, torch.float32, padded=padded))
    made = next(batches(train, plan, MEAN, STD, CIFAR, 16, torch.float32))
    assert torch.equal(given[0], made[0])


def test_more_images_per_batch_than_there_are_is_refused() -> None:
    plan = epoch_plan(50, CIFAR, seed=1, epoch=0)
    with pytest.raises(InputError, match="batch_size is 51, but there are only 50"):
        batches(image_set(), plan, MEAN, STD, CIFAR, 51, torch.float32)


def test_plan_depends_on_seed_and_epoch_alone() -> None:
    first = epoch_plan(1000, CIFAR, seed=5, epoch=3)
    torch.manual_seed(99)
    torch.rand(10)
    again = epoch_plan(1000, CIFAR, seed=5, epoch=3)
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))


def test_plan_leaves_the_global_random_state_alone() -> None:
    before = torch.get_rng_state()
    epoch_plan(1000, CIFAR, seed=5, epoch=3)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(("seed", "epoch"), [(5, 4), (6, 3), (3, 5), (53, 0), (5, 30)])
def test_another_seed_or_epoch_gives_another_plan(seed: int, epoch: int) -> None:
    one, other = epoch_plan(1000, CIFAR, seed=5, epoch=3), epoch_plan(1000, CIFAR, seed=seed, epoch=epoch)
    assert not torch.equal(one.order, other.order)
    assert not torch.equal(one.offsets, other.offsets)


def test_order_does_not_depend_on_the_augmentation() -> None:
    one, other = (epoch_plan(1000, augmentation, seed=5, epoch=3) for augmentation in (CIFAR, NONE))
    assert torch.equal(one.order, other.order)


def test_plan_uses_every_offset_about_equally_and_flips_half() -> None:
    plan = epoch_plan(45_000, CIFAR, seed=0, epoch=0)
    assert sorted(plan.order.tolist()) == list(range(45_000))
    for side in (0, 1):
        counts = plan.offsets[:, side].bincount()
        assert len(counts) == 9
        # 5,000 expected, standard deviation 67.
        assert (abs(counts - 5000) < 400).all()
    assert abs(plan.flips.float().mean().item() - 0.5) < 0.015


def test_no_flip_and_no_offset_where_the_augmentation_has_none() -> None:
    plan = epoch_plan(1000, NONE, seed=0, epoch=0)
    assert not plan.flips.any()
    assert not plan.offsets.any()


def test_normalise_is_reckoned_in_float32_and_rounded_once() -> None:
    images = image_set().images
    exact = normalise(images, MEAN, STD, torch.float32)
    assert torch.equal(exact, ((images.float() - MEAN) / STD).permute(0, 3, 1, 2))
    assert torch.equal(normalise(images, MEAN, STD, torch.bfloat16), exact.bfloat16())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_serves_the_same_pixels_as_the_cpu() -> None:
    train = image_set()
    plan = epoch_plan(50, CIFAR, seed=1, epoch=0)
    here = next(batches(train, plan, MEAN, STD, CIFAR, 16, torch.float32))
    there = next(batches(train.to("cuda"), plan, MEAN.cuda(), STD.cuda(), CIFAR, 16, torch.float32))
    assert there[0].is_cuda
    assert torch.allclose(there[0].cpu(), here[0], rtol=1e-6, atol=1e-6)
    assert torch.equal(there[1].cpu(), here[1])
