"""Writing an export: a folder that somebody without vsearch can use."""

import hashlib
import json
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from vsearch import __version__
from vsearch.curves import shape
from vsearch.errors import InputError
from vsearch.export import standalone
from vsearch.export.card import curve_card, public_spec
from vsearch.export.folder import check_folder, write_folder
from vsearch.export.formats import (
    TOLERANCE,
    Run,
    check_onnx,
    largest_difference,
    random_batches,
    write_onnx,
    write_torch_export,
)
from vsearch.export.program import network_program
from vsearch.export.terms import title_of
from vsearch.export.values import ConfirmedNetwork, ExportedCurve, Origin

SCHEMA = "vsearch.export/1"
Write = Callable[[standalone.Network, Tensor, Path], Run]


def export_network(
    network: ConfirmedNetwork, folder: Path, *, onnx: bool = False, torch_export: bool = False, force: bool = False
) -> Path:
    """Write weights, curve, card and stand-alone file of a confirmed network into `folder`, all of them or nothing.

    Args:
        onnx: also `model.onnx`; needs the extra `vsearch[onnx]`.
        torch_export: also `model.pt2`.
        force: replace an older export in `folder`.

    Raises:
        InputError: the folder is taken or cannot be made, or a package for ONNX is missing.
        ExportMismatch: a further form, loaded again, gives other outputs than the network.
        DataError: the disk is full or fails.
    """
    target = check_folder(folder, force=force)
    if onnx:
        check_onnx()
    forms: dict[str, Write] = {}
    forms |= {"model.pt2": write_torch_export} if torch_export else {}
    forms |= {"model.onnx": write_onnx} if onnx else {}
    write_folder(target, lambda place: _write_network(network, forms, place))
    return target


def export_curve(curve: ExportedCurve, folder: Path, *, force: bool = False) -> Path:
    """Write curve, card and stand-alone file, without weights, into `folder`, all of them or nothing.

    Raises:
        InputError: the folder is taken or cannot be made.
        DataError: the disk is full or fails.
    """
    target = check_folder(folder, force=force)
    write_folder(target, lambda place: _write_texts(curve, [], {}, place))
    return target


def _write_network(network: ConfirmedNetwork, forms: dict[str, Write], place: Path) -> None:
    weights = save(
        {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict.items()},
        metadata={"format": "pt", "vsearch": __version__, "curve": network.curve.to_json()},
    )
    (place / standalone.WEIGHTS).write_bytes(weights)
    module = _rebuilt(network, place)
    notes = []
    for name, write in forms.items():
        example = torch.zeros(2, network.channels, network.image_size, network.image_size)
        run = write(module, example, place / name)
        largest = largest_difference(module, run, _batches(network), name)
        notes.append(
            f"`{name}` takes normalised images `(N, {network.channels}, {network.image_size}, {network.image_size})` "
            f"float32; loaded again, its logits differ by {largest:.1e} at most ({TOLERANCE[name]:.0e} is allowed)."
        )
    _write_texts(network, notes, {"weights_sha256": hashlib.sha256(weights).hexdigest()}, place)


def _rebuilt(network: ConfirmedNetwork, place: Path) -> standalone.Network:
    """The network as the stand-alone file reads it from the written weights.

    Raises:
        InputError: the weights are not those of this depth, or hold other scales than the curve's.
    """
    module = standalone.Network(network.scales, network.num_classes, network.channels)
    try:
        module.load_state_dict(standalone.read_safetensors(place / standalone.WEIGHTS))
    except RuntimeError as error:
        first_lines = " ".join(str(error).split()[:40])
        raise InputError(
            f"the weights do not fit ResNet-{network.depth} with {network.num_classes} classes: {first_lines}"
        ) from None
    found = tuple(float(block.scale) for block in module.blocks if isinstance(block, standalone.Block))
    if found != network.scales:
        raise InputError(f"the weights were trained with the scales {found}, the curve gives {network.scales}")
    return module.eval()


def _batches(network: ConfirmedNetwork) -> Iterator[Tensor]:
    noise = random_batches(network.channels, network.image_size)
    if network.images is None:
        return noise
    mean, std = (torch.tensor(values) for values in (network.mean, network.std))
    return chain(noise, [((network.images - mean) / std).permute(0, 3, 1, 2)])


def _write_texts(exported: ExportedCurve, notes: list[str], extra: dict[str, Any], place: Path) -> None:
    content = json.dumps(_content(exported) | extra, indent=2, allow_nan=False) + "\n"
    texts = {
        "curve.json": content,
        "CARD.md": curve_card(exported, notes),
        "network.py": network_program(exported),
    }
    for name, text in texts.items():
        (place / name).write_text(text, encoding="utf-8", newline="\n")


def _content(exported: ExportedCurve) -> dict[str, Any]:
    """`curve.json`."""
    scales = exported.scales
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "vsearch": __version__,
        "curve": exported.curve.to_dict(),
        "depth": exported.depth,
        "num_blocks": len(scales),
        "scales": list(scales),
        "mean": shape.mean(scales),
        "geometric_mean": shape.geometric_mean(scales),
        "dataset": title_of(exported.dataset) if exported.dataset else None,
        "origin": None if exported.origin is None else _origin(exported.origin),
        "certainty": None if exported.certainty is None else exported.certainty.to_json(),
    }
    return content | (_training(exported) if isinstance(exported, ConfirmedNetwork) else {})


def _training(network: ConfirmedNetwork) -> dict[str, Any]:
    return {
        "role": network.role,
        "seed": network.seed,
        "test_accuracy": network.accuracy,
        "choice": network.choice,
        "image_size": network.image_size,
        "channels": network.channels,
        "num_classes": network.num_classes,
        "pixel_mean": list(network.mean),
        "pixel_std": list(network.std),
    }


def _origin(origin: Origin) -> dict[str, Any]:
    return {
        "study": origin.study,
        "parent": origin.parent or None,
        "trial": origin.trial,
        "spec": json.loads(public_spec(origin.spec)) if origin.spec else None,
        "versions": dict(origin.versions),
        "commit": origin.commit or None,
        "device": origin.device or None,
        "precision": origin.precision or None,
    }
