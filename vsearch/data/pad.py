"""Zero pixels around images, from which random crops are taken."""

from torch import Tensor


def pad_images(images: Tensor, pad: int) -> Tensor:
    """`images (N, H, W, C) uint8 -> (N, H + 2·pad, W + 2·pad, C)` with zero pixels around; itself for `pad` 0."""
    if pad == 0:
        return images
    count, height, width, channels = images.shape
    padded = images.new_zeros(count, height + 2 * pad, width + 2 * pad, channels)
    padded[:, pad : pad + height, pad : pad + width] = images
    return padded
