"""Which functions compute a network's convolutions and norms: the fastest that can be used where it is trained."""

import torch
from torch import nn

from vsearch.models import ResNet
from vsearch.models.compiled_convolutions import compiled_convolutions, convolutions_version
from vsearch.models.compiled_norms import compiled_norms, norms_version
from vsearch.models.fused import fused_functions
from vsearch.models.norms import TORCH_NORMS
from vsearch.models.resnet import torch_convolution


def use_fastest(network: nn.Module, device: torch.device) -> None:
    """Let a network of ours compute with functions for `device`; any other network is left alone.

    On a CPU they use one thread, and are used where this thread of the program has no more.
    """
    if not isinstance(network, ResNet):
        return
    if device.type == "cuda":
        network.use(*(fused_functions(device) or (TORCH_NORMS, torch_convolution)))
    elif torch.get_num_threads() == 1:
        network.use(compiled_norms() or TORCH_NORMS, compiled_convolutions() or torch_convolution)
    else:
        network.use(TORCH_NORMS, torch_convolution)


def function_versions(device: torch.device) -> dict[str, str]:
    """What computes them in a bf16 training on `device`, for its record: it decides over the last bits."""
    if device.type != "cuda":
        return {"norms": norms_version(), "convolutions": convolutions_version()}
    fused = fused_functions(device)
    if fused is None:
        return {"norms": "torch", "convolutions": "torch"}
    return {"norms": f"fused {fused.norms.version}", "convolutions": f"fused {fused.convolve.version}"}
