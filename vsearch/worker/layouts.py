"""How many trainings a device takes at the same time: given, remembered, or found by a short measurement."""

import json
import logging
import os
from pathlib import Path
from typing import Any

import torch

from vsearch.training.layout import Layout
from vsearch.training.probe import fastest
from vsearch.worker.fleet import core_count
from vsearch.worker.workplace import Workplace, device_name

log = logging.getLogger("vsearch.worker")

FILE = "layouts.json"
"""In the home folder: what was measured, by what it depends on."""
MOST = 1024
"""Slots, or threads of each."""


class Layouts:
    """The layout of each kind of training on this machine.

    Args:
        home: the folder that remembers what was measured.
        slots: as given by the user; None: as many as are fastest together.
        threads: of the CPU for each slot; None: likewise.
    """

    def __init__(self, home: Path, slots: int | None = None, threads: int | None = None) -> None:
        self._path = home / FILE
        self._slots, self._threads = slots, threads
        self._found: dict[str, Layout] = {}

    def is_known(self, workplace: Workplace) -> bool:
        """Whether `of` answers without a measurement."""
        return self._known(workplace) is not None

    def of(self, workplace: Workplace) -> Layout:
        """The layout for trainings of that workplace; measured now where it is not known, for some seconds."""
        known = self._known(workplace)
        if known is not None:
            return known
        layout = fastest(workplace.sample, workplace.device, core_count(), self._slots, self._threads)
        key = self._key(workplace)
        self._found[key] = layout
        self._remember(key, layout)
        return layout

    def lower(self, workplace: Workplace, slots: int) -> int:
        """Take no more than so many slots from now on, at least one; gives their number."""
        layout = self.of(workplace)
        key = self._key(workplace)
        self._found[key] = Layout(max(1, min(layout.slots, slots)), layout.threads)
        if self._slots is None:
            self._remember(key, self._found[key])
        return self._found[key].slots

    def _known(self, workplace: Workplace) -> Layout | None:
        key = self._key(workplace)
        if key not in self._found:
            if self._slots is not None and self._threads is not None:
                self._found[key] = Layout(self._slots, self._threads)
            elif (remembered := _layout(self._read().get(key))) is not None:
                self._found[key] = remembered
        return self._found.get(key)

    def remembered(self, device: torch.device) -> dict[str, Layout]:
        """What was measured on such a device here, by the rest of what it depends on."""
        machine = _machine(device)
        found = {key: _layout(value) for key, value in self._read().items() if key.startswith(machine)}
        return {key.removeprefix(machine): layout for key, layout in found.items() if layout is not None}

    def _key(self, workplace: Workplace) -> str:
        """All that the best layout depends on; a change of any of it asks for a new measurement."""
        spec, images = workplace.spec, workplace.data.train.images
        shape = "x".join(map(str, images.shape[1:]))
        given = f"slots {self._slots or 'auto'}, threads {self._threads or 'auto'}"
        return (
            f"{_machine(workplace.device)}"
            f"{spec.network}-{spec.depth}, {shape}, batch {spec.recipe.batch_size}, {workplace.precision}, {given}"
        )

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _remember(self, key: str, layout: Layout) -> None:
        """Of two workers that write at once one loses; it measures again another time."""
        text = json.dumps(self._read() | {key: layout._asdict()}, indent=1, sort_keys=True)
        passing = self._path.with_name(f".{FILE}.{os.getpid()}")
        try:
            passing.write_text(text + "\n")
            passing.replace(self._path)
        except OSError as error:
            log.warning("what was measured is not remembered: cannot write %s (%s)", self._path, error.strerror)


def _machine(device: torch.device) -> str:
    return f"{device_name(device)}, {core_count()} cores, torch {torch.__version__}, "


def _layout(value: Any) -> Layout | None:
    """A layout that was read from a file, None if it is none."""
    if not isinstance(value, dict) or value.keys() != set(Layout._fields):
        return None
    is_sound = all(type(number) is int and 1 <= number <= MOST for number in value.values())
    return Layout(**value) if is_sound else None
