"""The curve card: where an exported curve or network comes from, how sure it is, and on what terms."""

import json
from collections.abc import Sequence
from pathlib import PurePath

from vsearch import __version__
from vsearch.curves import shape
from vsearch.errors import shorten
from vsearch.export.terms import terms_of, title_of
from vsearch.export.values import Certainty, ConfirmedNetwork, ExportedCurve, Origin
from vsearch.spec.datasets import FOLDER_PREFIX

PAPER = (
    "The method is variational scaling: the shortcut of each residual block is multiplied by a fixed function of "
    "depth. Cite the paper that proposed it (in Korean, known to vsearch by its text `variational-scaling-ko.txt`) "
    "and that of the networks: K. He et al., Deep Residual Learning for Image Recognition, 2015, arXiv:1512.03385."
)


def curve_card(exported: ExportedCurve, notes: Sequence[str] = ()) -> str:
    """The card as Markdown; `notes` are sentences on further files of the export."""
    parts = [
        ("", [f"# Curve card: {exported.curve}", "", _summary(exported)]),
        ("The curve", _curve(exported)),
        ("How sure", _sureness(exported)),
        ("Where it comes from", _origin(exported.origin)),
        ("Images and their terms", _images(exported)),
        ("How to use it", [*_usage(exported), *(f"- {note}" for note in notes)]),
        ("How to cite it", [f"- {PAPER}", f"- vsearch {__version__}, Apache-2.0 (`CITATION.cff` in its source)."]),
    ]
    if exported.origin is not None and exported.origin.spec:
        parts.append(("The study's spec", [f"```json\n{public_spec(exported.origin.spec)}\n```"]))
    return "\n".join("\n".join([f"## {title}", ""] * bool(title) + lines) + "\n" for title, lines in parts)


def _summary(exported: ExportedCurve) -> str:
    what = f"ResNet-{exported.depth} ({len(exported.scales)} blocks)"
    if not isinstance(exported, ConfirmedNetwork):
        return f"A curve of shortcut scales at {what}, without weights."
    return (
        f"{what} trained on {title_of(exported.dataset)} with a fixed scale on every shortcut: test accuracy "
        f"{100 * exported.accuracy:.2f} %."
    )


def _curve(exported: ExportedCurve) -> list[str]:
    scales = exported.scales
    return [
        f"- Curve: `{exported.curve!r}`",
        f"- Scales, first block to last: {', '.join(f'{scale:.4f}' for scale in scales)}",
        f"- Mean {shape.mean(scales):.4f}, geometric mean {shape.geometric_mean(scales):.4f}. The scale multiplies the "
        "shortcut, not the branch; it is fixed and adds no parameter.",
    ]


def _sureness(exported: ExportedCurve) -> list[str]:
    lines = []
    if isinstance(exported, ConfirmedNetwork):
        lines.append(f"- {_sentence(exported.choice)} The accuracy of a single training is no measure of the curve.")
    if isinstance(exported, ConfirmedNetwork) and exported.role == "baseline":
        return [*lines, "- It is the plain network itself: all scales are 1."]
    return [*lines, *_certainty(exported.certainty)]


def _certainty(certainty: Certainty | None) -> list[str]:
    if certainty is None:
        return ["- **Not confirmed**: no comparison with the plain network (all scales 1) is known for this curve."]
    interval = "so few pairs have no interval"
    if certainty.is_finite:
        interval = f"95 % interval {100 * certainty.low:+.2f} to {100 * certainty.high:+.2f}"
        interval += f" ({certainty.interval_kind})" if certainty.interval_kind else ""
    pairs = "1 pair" if certainty.pairs == 1 else f"{certainty.pairs} pairs"
    return [
        f"- Against the plain network: {100 * certainty.difference:+.2f} points of test accuracy, {interval}, from "
        f"{pairs} of trainings with the same seeds.",
        f"- Verdict: {_sentence(certainty.verdict)}",
        *(f"- {_sentence(note)}" for note in certainty.notes),
    ]


def _origin(origin: Origin | None) -> list[str]:
    if origin is None:
        return ["- Given by hand; from no study."]
    versions = ", ".join(f"{name} {version}" for name, version in sorted(origin.versions.items()))
    facts = (
        ("Study", f"`{origin.study}`"),
        ("Found in", f"`{origin.parent}`" if origin.parent else ""),
        ("Trial", "" if origin.trial is None else str(origin.trial)),
        ("Trained with", versions),
        ("Commit", origin.commit),
        ("Device", origin.device),
        ("Precision", f"{origin.precision}, also of the test accuracy" if origin.precision else ""),
    )
    return [f"- {name}: {_plain(text)}" for name, text in facts if text]


def _plain(text: str) -> str:
    """What stands in a database, without what would steer a terminal or a browser."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "?" for sign in text).replace("<", "&lt;")


def public_spec(text: str) -> str:
    """A spec's JSON, in lines, with only the last part of a folder's path."""
    spec = json.loads(text)
    dataset = spec.get("dataset", "")
    if isinstance(dataset, str) and dataset.startswith(FOLDER_PREFIX):
        spec["dataset"] = FOLDER_PREFIX + PurePath(dataset.removeprefix(FOLDER_PREFIX)).name
    return json.dumps(spec, indent=2, sort_keys=True)


def _images(exported: ExportedCurve) -> list[str]:
    if not exported.dataset:
        return ["- None: the curve was trained on nothing here."]
    terms = terms_of(exported.dataset)
    lines = [
        f"- Data set: {title_of(exported.dataset)}",
        f"- Licence: {_sentence(terms.licence)} Check it before you publish or sell what was trained on them.",
        f"- Source: {_sentence(terms.source)}",
    ]
    if isinstance(exported, ConfirmedNetwork):
        size = f"{exported.image_size}×{exported.image_size}×{exported.channels}"
        lines += [
            f"- Images {size}, {exported.num_classes} classes; pixels 0 … 255 are normalised as (pixel - mean) / std, "
            f"mean {_numbers(exported.mean)}, std {_numbers(exported.std)} per channel."
        ]
    return lines


def _usage(exported: ExportedCurve) -> list[str]:
    if isinstance(exported, ConfirmedNetwork):
        loaded = "from network import load, normalise\nlogits = load()(normalise(images))  # images (N, H, W, C) uint8"
    else:
        loaded = "from network import build\nnetwork = build()  # fresh weights"
    applied = (
        "from vsearch.curves import from_dict\nfrom vsearch.models import apply_curve\n"
        'apply_curve(model, from_dict(json.load(open("curve.json"))["curve"]))'
    )
    return [
        "`network.py` needs torch alone:",
        "",
        f"```python\n{loaded}\n```",
        "",
        "With vsearch the curve goes on the shortcuts of any other network, such as torchvision's ResNets:",
        "",
        f"```python\n{applied}\n```",
        "",
    ]


def _sentence(text: str) -> str:
    text = shorten(text, 600).strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _numbers(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values)
