"""`vsearch doctor`: what this machine has."""

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click

from vsearch import __version__
from vsearch.cli.options import Settings, all_options, json_option
from vsearch.cli.output import print_json, print_line
from vsearch.errors import VsearchError
from vsearch.settings import OPTIONS
from vsearch.spec.datasets import DATASETS

_PACKAGES = (
    *("optuna", "torch", "torchvision", "sqlalchemy", "psycopg2-binary", "plotly", "numpy", "scikit-learn"),
    *("fsspec", "s3fs", "gcsfs"),
)
_PLACES = {
    "cifar10": "cifar-10-batches-py",
    "cifar100": "cifar-100-python",
    "fashion-mnist": "FashionMNIST/raw",
    "svhn": "train_32x32.mat",
}
"""Where torchvision lays the data sets in the data folder."""


@click.command()
@json_option
@all_options
def doctor(as_json: bool, settings: Settings) -> None:
    """Tell versions, settings and where they come from, storage, checkpoints, device and data sets; leaves no trace."""
    content: dict[str, Any] = {
        "vsearch": __version__,
        "python": sys.version.split()[0],
        "system": platform.platform(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "settings": _settings(settings),
        "storage": _storage(settings),
        "checkpoints": _checkpoints(settings),
        "device": _device(settings),
        "slots": _slots(settings),
        "data": _data(settings),
    }
    if as_json:
        print_json("doctor", content)
        return
    print_line(f"vsearch {__version__}, Python {content['python']}, {content['system']}")
    _section("packages", [(name, found or "missing") for name, found in content["packages"].items()])
    width = max(len(setting["value"]) for setting in content["settings"].values())
    _section(
        "settings",
        [
            (name, f"{setting['value']:<{width}}  {_origin(setting)}".rstrip())
            for name, setting in content["settings"].items()
        ],
    )
    _section("storage", [("state", content["storage"]["state"])])
    _section("checkpoints", [("state", content["checkpoints"]["state"])])
    _section("device", list(content["device"].items()))
    if content["slots"]:
        _section("slots that were found best", [(_layout(found), kind) for kind, found in content["slots"].items()])
    _section("data", [(name, entry["state"]) for name, entry in content["data"].items()])


def _section(title: str, rows: list[tuple[str, object]]) -> None:
    print_line()
    print_line(title)
    for name, value in rows:
        print_line(f"  {name:<16} {value}")


def _origin(setting: dict[str, str]) -> str:
    if setting["origin"] == "default":
        return f"default; {setting['variable']} sets it"
    return f"from {setting['origin']}"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _settings(settings: Settings) -> dict[str, dict[str, str]]:
    from vsearch.storage import redact

    found = {}
    for option in OPTIONS:
        setting = settings.by_name(option.name)
        origin = f"--{option.name}" if setting.origin == "flag" else setting.origin
        found[option.name] = {"value": redact(setting.value), "origin": origin, "variable": option.variable}
    return found


def _storage(settings: Settings) -> dict[str, Any]:
    from vsearch.storage import open_storage

    if settings.is_untouched:
        return {"works": True, "studies": 0, "state": "no database yet; the first study makes it"}
    try:
        studies = len(open_storage(settings.storage.value, create=False, retry_seconds=0).study_names())
    except VsearchError as error:
        return {"works": False, "studies": None, "state": f"does not work: {error}"}
    return {"works": True, "studies": studies, "state": f"works; {studies} {'study' if studies == 1 else 'studies'}"}


def _checkpoints(settings: Settings) -> dict[str, Any]:
    """Whether checkpoints can be written: by writing something and deleting it."""
    from vsearch.storage import open_storage
    from vsearch.storage.checkpoints import DATABASE, open_store

    place = settings.checkpoints.value
    if place == DATABASE and settings.is_untouched:
        return {"works": True, "state": "in the database, once there is one"}
    try:
        storage = None
        if place == DATABASE:
            storage = open_storage(settings.storage.value, create=False, retry_seconds=0)
        store = open_store(place, storage)
        store.probe()
    except VsearchError as error:
        return {"works": False, "state": f"does not work: {error}"}
    return {"works": True, "state": f"can be written ({store.place}), every {store.seconds:.0f} s"}


def _device(settings: Settings) -> dict[str, Any]:
    from vsearch.training.device import choose_device, choose_precision
    from vsearch.worker.fleet import core_count
    from vsearch.worker.workplace import device_name

    try:
        device = choose_device(settings.device.value)
    except VsearchError as error:
        return {"device": f"does not work: {error}", "cores": core_count()}
    return {
        "device": f"{device} ({device_name(device)})",
        "precision": choose_precision("auto", device),
        "cores": core_count(),
    }


def _slots(settings: Settings) -> dict[str, dict[str, int]]:
    """The layouts that workers of this machine remember, by what they depend on."""
    from vsearch.training.device import choose_device
    from vsearch.worker.layouts import Layouts

    try:
        device = choose_device(settings.device.value)
    except VsearchError:
        return {}
    return {kind: layout._asdict() for kind, layout in Layouts(settings.home_path).remembered(device).items()}


def _layout(found: dict[str, int]) -> str:
    return f"{found['slots']}, {found['threads']} {'thread' if found['threads'] == 1 else 'threads'} each"


def _data(settings: Settings) -> dict[str, dict[str, Any]]:
    return {name: _data_set(name, settings.data_path) for name in DATASETS}


def _data_set(name: str, folder: Path) -> dict[str, Any]:
    if name not in _PLACES:
        return {"is_there": True, "state": "comes with scikit-learn"}
    place = folder / _PLACES[name]
    if place.exists():
        return {"is_there": True, "state": f"in {place}"}
    size = DATASETS[name].download_megabytes
    return {"is_there": False, "state": f"not there; --download of `vsearch study run` fetches {size} MB"}
