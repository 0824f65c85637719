"""`vsearch export`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vsearch.cli.curve import curve_of
from vsearch.cli.options import Settings, settings_options
from vsearch.cli.output import note, print_line
from vsearch.curves import Curve, families, paper
from vsearch.errors import InputError, shorten, unknown_name
from vsearch.spec.datasets import DATASETS

if TYPE_CHECKING:
    from vsearch.export import ConfirmedNetwork, ExportedCurve
    from vsearch.search.stored import StoredStudy
    from vsearch.storage import Storage

DEPTH = 32
"""Of a curve that is no curve of the paper."""


@click.command()
@click.argument("source", metavar="STUDY|CURVE")
@click.argument("knobs", nargs=-1, metavar="[KNOB=VALUE]...")
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Folder to make and fill."
)
@click.option("--which", default="", metavar="LABEL", help="Curve of the confirmation. [default: its winner]")
@click.option("--seed-index", type=int, help="Its training with that seed, from 0. [default: median test accuracy]")
@click.option("--curve-only", is_flag=True, help="No weights: the curve, its card and the network to build.")
@click.option("--depth", type=int, help="Layers, 6n+2, for a CURVE. [default: the paper's, or 32]")
@click.option("--torch-export", is_flag=True, help="Also model.pt2, compared with the network.")
@click.option("--onnx", is_flag=True, help="Also model.onnx, compared with the network; needs vsearch[onnx].")
@click.option("--download", is_flag=True, help="Fetch the images if they are missing: their mean is needed.")
@click.option("--force", is_flag=True, help="Replace an older export.")
@settings_options("home", "storage", "storage-timeout", "data-dir", "checkpoints")
def export(
    source: str,
    knobs: tuple[str, ...],
    output: Path,
    which: str,
    seed_index: int | None,
    curve_only: bool,
    depth: int | None,
    torch_export: bool,
    onnx: bool,
    download: bool,
    force: bool,
    settings: Settings,
) -> None:
    """A confirmed network to take away: weights, curve, card, and one file that loads it with torch alone.

        vsearch export STUDY -o taken

    STUDY is a confirmation, or the study that was confirmed. Of its winner it takes the training of median test
    accuracy, not the luckiest. CURVE, as in `vsearch curve show`, exports the curve without weights.
    """
    from vsearch.export.folder import check_folder

    check_folder(output, force=force)
    storage = None if knobs or settings.is_untouched else _storage(settings)
    study = None if storage is None else _study(storage, source)
    if study is None:
        _refuse(("--which", which), ("--seed-index", seed_index is not None), why="is for a study, not for a curve")
        _refuse(("--onnx", onnx), ("--torch-export", torch_export), why="needs weights, and a curve has none")
        _write_curve(_given(source, knobs, depth, storage), output, force=force)
        return
    _refuse(("--depth", depth is not None), why="is for a curve; a study has its own")
    if curve_only:
        from vsearch.export.stored import stored_curve

        _refuse(("--onnx", onnx), ("--torch-export", torch_export), why="needs weights, which --curve-only leaves out")
        _refuse(("--seed-index", seed_index is not None), why="chooses weights, which --curve-only leaves out")
        _write_curve(stored_curve(study, which), output, force=force)
        return
    network = _network(study, settings, which, seed_index, download=download)
    _write_network(network, output, onnx=onnx, torch_export=torch_export, force=force)


def _write_curve(curve: "ExportedCurve", output: Path, *, force: bool) -> None:
    from vsearch.export import export_curve

    print_line(str(export_curve(curve, output, force=force)))


def _network(
    study: "StoredStudy", settings: Settings, which: str, seed_index: int | None, *, download: bool
) -> "ConfirmedNetwork":
    from vsearch.export.stored import confirmed_network
    from vsearch.storage.checkpoints import open_store

    return confirmed_network(
        study,
        open_store(settings.checkpoints.value, study.storage),
        data_path=settings.data_path,
        which=which,
        seed_index=seed_index,
        download=download,
    )


def _write_network(network: "ConfirmedNetwork", output: Path, *, onnx: bool, torch_export: bool, force: bool) -> None:
    from vsearch.export import export_network

    print_line(str(export_network(network, output, onnx=onnx, torch_export=torch_export, force=force)))
    note(f"{100 * network.accuracy:.2f} % test accuracy; CARD.md says how sure that is, and on what terms")


def _storage(settings: Settings) -> "Storage":
    from vsearch.storage import open_storage

    return open_storage(settings.storage.value, create=False, retry_seconds=settings.retry_seconds)


def _study(storage: "Storage", name: str) -> "StoredStudy | None":
    from vsearch.search.stored import open_study

    return open_study(storage, name) if name in storage.study_names() else None


def _refuse(*options: tuple[str, object], why: str) -> None:
    for option, is_given in options:
        if is_given:
            raise InputError(f"{option} {why}; leave it out")


def _given(source: str, knobs: tuple[str, ...], depth: int | None, storage: "Storage | None") -> "ExportedCurve":
    """A curve that is written out; a curve of the paper brings its data set's classes and its depth."""
    from vsearch.export import ExportedCurve

    dataset, _, network = source.removeprefix("paper:").partition("-")
    info = DATASETS[dataset] if source.removeprefix("paper:") in paper.CURVES else None
    return ExportedCurve(
        curve=_parsed(source, knobs, storage),
        depth=depth or (int(network.removeprefix("resnet")) if info else DEPTH),
        num_classes=info.num_classes if info else 10,
        channels=info.channels if info else 3,
    )


def _parsed(source: str, knobs: tuple[str, ...], storage: "Storage | None") -> Curve:
    is_name = source.replace("-", "").replace("_", "").replace(".", "").isalnum()
    if is_name and source not in families() and source not in paper.CURVES:
        studies = sorted(storage.study_names()) if storage is not None else []
        raise unknown_name("study or curve", shorten(source), [*studies, *families(), *paper.CURVES])
    return curve_of(source, knobs)
