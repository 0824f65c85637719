"""The network in forms that other programs run: torch.export and ONNX, each compared with the network itself."""

import importlib.util
import io
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from vsearch.errors import InputError, VsearchError

Run = Callable[[Tensor], Tensor]

BATCHES = (1, 2, 7)
"""Sizes of the random batches that are compared; none of them but one is that of the export's example."""
TOLERANCE = {"model.pt2": 1e-5, "model.onnx": 1e-4}
"""Of a logit, absolute or relative to the largest of its batch; ONNX Runtime adds in another order than torch."""
ONNX_PACKAGES = ("onnx", "onnxscript", "onnxruntime")


class ExportMismatch(VsearchError):
    """An exported form gives other outputs than the network."""


def check_onnx() -> None:
    """Find out whether ONNX can be written and run here.

    Raises:
        InputError: a package is missing.
    """
    missing = [name for name in ONNX_PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"--onnx needs {', '.join(missing)}; install vsearch[onnx], or leave --onnx out")


def write_torch_export(network: nn.Module, example: Tensor, path: Path) -> Run:
    """Write `network` as a torch.export program of any batch size; what is given back runs the file."""
    program = torch.export.export(network, (example,), dynamic_shapes=_any_batch())
    buffer = io.BytesIO()  # torch's own writer has no name for a full disk
    torch.export.save(program, buffer)
    path.write_bytes(buffer.getvalue())
    return torch.export.load(path).module()


def write_onnx(network: nn.Module, example: Tensor, path: Path) -> Run:
    """Write `network` as ONNX, `images` -> `logits`, of any batch size; what is given back runs the file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside of torch's exporter
        program = torch.onnx.export(
            network,
            (example,),
            dynamo=True,
            dynamic_shapes=_any_batch(),
            input_names=["images"],
            output_names=["logits"],
            verbose=False,
        )
    assert program is not None
    path.write_bytes(program.model_proto.SerializeToString())
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return lambda images: torch.from_numpy(session.run(None, {"images": images.contiguous().numpy()})[0])


def largest_difference(network: Run, exported: Run, batches: Iterator[Tensor], name: str) -> float:
    """The largest difference of a logit between two ways to run a network, relative to its batch's largest or to 1.

    Raises:
        ExportMismatch: it is above the tolerance for the file of that name, or no number.
    """
    largest = 0.0
    with torch.inference_mode():
        for images in batches:
            expected = network(images)
            difference = (exported(images) - expected).abs().max() / expected.abs().max().clamp(min=1)
            largest = max(largest, float(difference.nan_to_num(float("inf"))))
    if largest > TOLERANCE[name]:
        raise ExportMismatch(
            f"{name} gives other logits than the network: they differ by {largest:.2g}, allowed is "
            f"{TOLERANCE[name]:.0e}; nothing was exported. Leave this form out, or try another version of torch"
        )
    return largest


def random_batches(channels: int, size: int) -> Iterator[Tensor]:
    """Normalised images of noise, always the same."""
    generator = torch.Generator().manual_seed(0)
    for count in BATCHES:
        yield torch.randn(count, channels, size, size, generator=generator)


def _any_batch() -> dict[str, dict[int, object]]:
    return {"images": {0: torch.export.Dim("batch", min=1)}}
