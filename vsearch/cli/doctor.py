"""`vsearch doctor`: what this machine has."""

import platform
import sys
from importlib.metadata import version
from pathlib import Path

import click

from vsearch import __version__
from vsearch.cli.options import Settings, all_options, json_option
from vsearch.cli.output import print_json
from vsearch.errors import VsearchError
from vsearch.settings import OPTIONS

_PACKAGES = ("optuna", "torch", "torchvision", "sqlalchemy", "psycopg2-binary", "plotly", "numpy", "scikit-learn")


@click.command()
@json_option
@all_options
def doctor(as_json: bool, settings: Settings) -> None:
    """Tell versions, device, storage, data sets, and where each setting comes from."""
    content = {
        "vsearch": __version__,
        "python": sys.version.split()[0],
        "system": platform.platform(),
        "packages": {name: version(name) for name in _PACKAGES},
        "settings": _settings(settings),
        "storage": _storage(settings),
        "device": _device(settings),
        "data": _data(settings.data_path),
    }
    if as_json:
        print_json("doctor", content)
        return
    for key, value in content.items():
        if isinstance(value, dict):
            click.echo(f"{key}")
            for name, inner in value.items():
                click.echo(f"  {name:<18} {inner}")
        else:
            click.echo(f"{key:<20} {value}")


def _settings(settings: Settings) -> dict[str, str]:
    from vsearch.storage import redact

    found = {option.name: settings.by_name(option.name) for option in OPTIONS}
    return {name: f"{redact(setting.value)} ({setting.origin})" for name, setting in found.items()}


def _storage(settings: Settings) -> dict[str, str]:
    from vsearch.storage import open_storage

    try:
        storage = open_storage(settings.storage.value, retry_seconds=0)
        return {"state": "works", "studies": str(len(storage.study_names()))}
    except VsearchError as error:
        return {"state": f"does not work: {error}"}


def _device(settings: Settings) -> dict[str, str]:
    from vsearch.training.device import choose_device, choose_precision
    from vsearch.worker.fleet import core_count
    from vsearch.worker.workplace import device_name

    try:
        device = choose_device(settings.device.value)
    except VsearchError as error:
        return {"device": f"does not work: {error}", "cores": str(core_count())}
    return {
        "device": f"{device} ({device_name(device)})",
        "precision": choose_precision("auto", device),
        "cores": str(core_count()),
    }


def _data(folder: Path) -> dict[str, str]:
    places = {"cifar10": "cifar-10-batches-py", "cifar100": "cifar-100-python"}
    found = {
        name: "there" if (folder / place).is_dir() else f"not in {folder}; --download fetches it"
        for name, place in places.items()
    }
    return {"digits": "there (comes with scikit-learn)", **found}
