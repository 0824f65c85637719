"""The stand-alone file, with the values of one network in it."""

import re
from pathlib import Path

from vsearch.export import standalone
from vsearch.export.values import ConfirmedNetwork, ExportedCurve

_VALUES = re.compile(r"(# <values>.*?\n).*(# </values>)", re.DOTALL)
_WIDTH = 120


def network_program(exported: ExportedCurve) -> str:
    """`vsearch/export/standalone.py` as text, with this network's scales, classes, channels and statistics."""
    mean, std = (exported.mean, exported.std) if isinstance(exported, ConfirmedNetwork) else ((), ())
    values = (
        ("SCALES: tuple[float, ...]", exported.scales),
        ("NUM_CLASSES", exported.num_classes),
        ("CHANNELS", exported.channels),
        ("MEAN: tuple[float, ...]", mean),
        ("STD: tuple[float, ...]", std),
    )
    lines = "".join(_assignment(name, value) for name, value in values)
    source = Path(standalone.__file__).read_text(encoding="utf-8")
    return _VALUES.sub(lambda match: f"{match[1]}{lines}{match[2]}", source, count=1)


def _assignment(name: str, value: object) -> str:
    line = f"{name} = {value!r}\n"
    if len(line) <= _WIDTH or not isinstance(value, tuple):
        return line
    return f"{name} = (\n{''.join(f'    {item!r},{chr(10)}' for item in value)})\n"
