"""A residual network for small images with a fixed scale on each shortcut; needs torch alone, and no vsearch.

    from network import load, normalise
    network = load()                     # weights.safetensors beside this file
    logits = network(normalise(images))  # images (N, H, W, C), bytes 0 … 255

`python network.py` checks the weights and shows what the network is. CARD.md tells where it comes from.
"""

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

# <values> of this network, written by `vsearch export`
SCALES: tuple[float, ...] = (1.0, 1.0, 1.0)
NUM_CLASSES = 10
CHANNELS = 3
MEAN: tuple[float, ...] = ()
STD: tuple[float, ...] = ()
# </values>

WIDTHS = (16, 32, 64)
WEIGHTS = "weights.safetensors"
LONGEST_HEADER = 100_000_000
DTYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64}


class Block(nn.Module):
    """`relu(scale * h(x) + F(x))`: the scale multiplies the shortcut `h`, not the branch `F`.

    Where the shape changes `h` takes every second pixel and fills the new channels with zeros (option A of He et al.).
    """

    scale: Tensor

    def __init__(self, in_width: int, width: int, stride: int, scale: float) -> None:
        super().__init__()
        self.stride, self.new_channels, self.factor = stride, width - in_width, scale
        self.conv1 = _conv3x3(in_width, width, stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = _conv3x3(width, width, 1)
        self.bn2 = nn.BatchNorm2d(width)
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        """`(N, C, H, W)` -> `(N, width, H / stride, W / stride)`."""
        branch = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        branch = self.bn2(self.conv2(branch))
        if self.new_channels:
            x = functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.new_channels))
        return functional.relu(branch.add_(x, alpha=self.factor), inplace=True)


class Network(nn.Module):
    """The CIFAR network of He et al. 2015, section 4.2: three stages of equally many blocks."""

    def __init__(self, scales: Sequence[float], num_classes: int, channels: int) -> None:
        super().__init__()
        self.conv = _conv3x3(channels, WIDTHS[0], 1)
        self.bn = nn.BatchNorm2d(WIDTHS[0])
        per_stage, blocks, in_width = len(scales) // len(WIDTHS), [], WIDTHS[0]
        for index, scale in enumerate(scales):
            width = WIDTHS[index // per_stage]
            blocks.append(Block(in_width, width, 1 if width == in_width else 2, scale))
            in_width = width
        self.blocks = nn.Sequential(*blocks)
        self.classifier = nn.Linear(WIDTHS[-1], num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Normalised images `(N, channels, H, W)` -> logits `(N, num_classes)`."""
        x = functional.relu(self.bn(self.conv(images)), inplace=True)
        logits: Tensor = self.classifier(self.blocks(x).mean(dim=(2, 3)))
        return logits


def build(scales: Sequence[float] = SCALES, num_classes: int = NUM_CLASSES, channels: int = CHANNELS) -> Network:
    """The network with fresh weights, for training: He-normal (fan out), as vsearch draws them."""
    network = Network(scales, num_classes, channels)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    nn.init.kaiming_normal_(network.classifier.weight, nonlinearity="linear")
    nn.init.zeros_(network.classifier.bias)
    return network


def load(folder: str | Path | None = None) -> Network:
    """The trained network in evaluation mode, from `weights.safetensors` in `folder`, by default beside this file.

    Raises:
        ValueError: the file is damaged, or belongs to another network.
    """
    path = (Path(__file__).parent if folder is None else Path(folder)) / WEIGHTS
    state = read_safetensors(path)
    network = Network(SCALES, NUM_CLASSES, CHANNELS)
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise ValueError(f"{path} holds the weights of another network: {error}") from None
    if tuple(float(state[f"blocks.{block}.scale"]) for block in range(len(SCALES))) != SCALES:
        raise ValueError(f"{path} was trained with other scales than those written in {__file__}")
    return network.eval()


def normalise(images: Tensor) -> Tensor:
    """Images `(N, H, W, C)` uint8 -> `(N, C, H, W)` float32, (pixel - mean) / std with those of the training images."""
    if not MEAN:
        raise ValueError("exported without weights: the mean and std of its training images are not known")
    if images.dtype != torch.uint8 or images.dim() != 4 or images.shape[3] != CHANNELS:
        raise ValueError(f"images are {images.dtype} {tuple(images.shape)}; needed is uint8 (N, H, W, {CHANNELS})")
    count, height, width, channels = images.shape
    mean, std = (torch.tensor(values, device=images.device).repeat(width) for values in (MEAN, STD))
    rows = images.reshape(count, height, width * channels).to(torch.float32).sub_(mean).div_(std)
    return rows.view(count, height, width, channels).permute(0, 3, 1, 2)


def read_safetensors(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file by name; nothing in it can run code.

    The format: the header's length (8 bytes, little-endian), the header (JSON), the numbers of all tensors.

    Raises:
        ValueError: the file is damaged, or of a kind that this reader does not know.
    """
    content = Path(path).read_bytes()
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 + length or length > LONGEST_HEADER or sys.byteorder != "little":
        raise ValueError(f"{path} is cut off, or is no safetensors file (or this machine is big-endian)")
    data = memoryview(bytearray(content))[8 + length :]
    try:
        header = json.loads(content[8 : 8 + length])
        entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
        if sum(len(_bytes_of(data, entry)) for entry in entries.values()) != len(data):
            raise ValueError("its size does not agree with its header")
        return {name: _tensor(data, entry) for name, entry in entries.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise ValueError(f"{path} is damaged: {error!r}") from None


def _tensor(data: memoryview, entry: dict[str, list[int]]) -> Tensor:
    part, shape, dtype = _bytes_of(data, entry), entry["shape"], DTYPES[str(entry["dtype"])]
    if len(part) != math.prod(shape) * dtype.itemsize:
        raise ValueError("a tensor's size does not agree with its shape")
    return torch.frombuffer(bytearray(part), dtype=dtype).reshape(shape)


def _bytes_of(data: memoryview, entry: dict[str, list[int]]) -> memoryview:
    begin, end = entry["data_offsets"]
    if not 0 <= begin < end <= len(data):
        raise ValueError("a tensor lies outside of the file")
    return data[begin:end]


def _conv3x3(in_width: int, width: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(in_width, width, kernel_size=3, stride=stride, padding=1, bias=False)


def _main() -> None:
    try:
        network = load()
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    parameters = sum(parameter.numel() for parameter in network.parameters())
    print(f"{len(SCALES)} blocks, {parameters} parameters, {CHANNELS} channels, {NUM_CLASSES} classes")  # noqa: T201
    print("scales", *(f"{scale:.4g}" for scale in SCALES))  # noqa: T201


if __name__ == "__main__":
    _main()
