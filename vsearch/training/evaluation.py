"""How well a network does on images that it is not trained on."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from vsearch.data import ImageSet
from vsearch.data.augment import normalise

CPU_BATCH = 250
GPU_BATCH = 2500


class Evaluation(NamedTuple):
    """Mean cross-entropy, and accuracy in [0, 1]."""

    loss: float
    accuracy: float


@torch.inference_mode()
def evaluate(network: nn.Module, images: ImageSet, mean: Tensor, std: Tensor, dtype: torch.dtype) -> Evaluation:
    """Mean loss and accuracy of `network` over `images`, which lie on its device; the last batch may be smaller.

    Leaves the network in evaluation mode. `mean` and `std` are in pixel units, as `normalise` takes them; `dtype`
    bfloat16 turns autocast on.
    """
    device = images.images.device
    batch_size = GPU_BATCH if device.type == "cuda" else CPU_BATCH
    network.eval()
    loss = torch.zeros((), dtype=torch.float64, device=device)
    correct = torch.zeros((), dtype=torch.int64, device=device)
    parts = zip(torch.split(images.images, batch_size), torch.split(images.labels, batch_size), strict=True)
    for pixels, labels in parts:
        with torch.autocast(device.type, torch.bfloat16, enabled=dtype is torch.bfloat16):
            logits = network(normalise(pixels, mean, std, dtype)).float()
        loss += functional.cross_entropy(logits, labels, reduction="sum")
        correct += (logits.argmax(dim=1) == labels).sum()
    total_loss, total_correct = torch.stack([loss, correct.double()]).tolist()
    return Evaluation(total_loss / len(images.labels), total_correct / len(images.labels))
