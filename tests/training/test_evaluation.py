"""Loss and accuracy over a set of images."""

import torch
from torch import Tensor, nn

from vsearch.data import ImageSet
from vsearch.training.evaluation import evaluate


class FirstPixel(nn.Module):
    """Votes for class 1 where the first pixel is bright, with a margin of 1."""

    def forward(self, images: Tensor) -> Tensor:
        bright = (images[:, 0, 0, 0] > 0).float()
        return torch.stack([1 - bright, bright], dim=1)


def test_every_image_counts_once_also_in_a_last_smaller_batch() -> None:
    pixels = torch.zeros(601, 2, 2, 1, dtype=torch.uint8)
    pixels[:200] = 255
    labels = torch.ones(601, dtype=torch.int64)
    result = evaluate(
        FirstPixel(), ImageSet(pixels, labels), torch.tensor([100.0]), torch.tensor([50.0]), torch.float32
    )
    right, wrong = torch.nn.functional.softplus(torch.tensor([-1.0, 1.0])).tolist()
    assert result.accuracy == 200 / 601
    assert abs(result.loss - (200 * right + 401 * wrong) / 601) < 1e-6


def test_the_network_is_evaluated_in_evaluation_mode_and_its_statistics_stay() -> None:
    network = nn.Sequential(nn.BatchNorm2d(1), nn.Flatten())
    pixels = torch.randint(256, (50, 2, 2, 1), dtype=torch.uint8)
    mean, std = torch.tensor([10.0]), torch.tensor([2.0])
    evaluate(network, ImageSet(pixels, torch.zeros(50, dtype=torch.int64)), mean, std, torch.float32)
    running = network[0].running_mean
    assert isinstance(running, Tensor)
    assert running.tolist() == [0.0]
