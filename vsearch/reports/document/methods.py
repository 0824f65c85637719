"""How the numbers of a study came about: its spec, what its trials recorded, and the commands that repeat it."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable
from dataclasses import fields
from typing import Any, NamedTuple

from vsearch.reports.document.planned_methods import planned_commands, planned_set_up
from vsearch.reports.study_data import StudyData
from vsearch.reports.wording import counted
from vsearch.search import attributes
from vsearch.search.trials import TrialResult
from vsearch.spec.datasets import dataset_info
from vsearch.spec.study import StudySpec
from vsearch.spec.toml import to_toml

_DEFAULT_LENGTH = ("iterations", "epochs")
"""Of a recipe: for studies that name no epochs, and so in none that is stored."""


class Recorded(NamedTuple):
    """What trials recorded of one thing, such as the device that trained them."""

    thing: str
    values: tuple[tuple[str, int], ...]
    """Each value with the number of trials that recorded it, the most frequent first."""

    @property
    def differs(self) -> bool:
        """Whether trials recorded several values, so that they cannot be compared blindly."""
        return len(self.values) > 1


class Methods(NamedTuple):
    """What a reader needs to judge and to repeat a study."""

    set_up: tuple[tuple[str, str], ...]
    """Network, images, search, budget: name and value."""
    recipe: tuple[tuple[str, str], ...]
    recorded: tuple[Recorded, ...]
    seeds: tuple[int, ...]
    """Of training, each once, in the order of the trials."""
    toml: str
    """The spec as `vsearch study create` reads it."""
    commands: tuple[tuple[str, str], ...]
    """What it does, and the command."""


def methods(data: StudyData) -> Methods:
    """The methods of a study."""
    spec = data.spec
    names = [field.name for field in fields(spec.recipe) if field.name not in _DEFAULT_LENGTH]
    return Methods(
        set_up=planned_set_up(data) if spec.planned else _set_up(spec),
        recipe=tuple((name.replace("_", " "), _shown(getattr(spec.recipe, name))) for name in names),
        recorded=_recorded(data.trials),
        seeds=tuple(dict.fromkeys(seed for trial in data.trials for seed in trial.seeds)),
        toml=to_toml(spec),
        commands=planned_commands(data) if spec.planned else _commands(data),
    )


def _set_up(spec: StudySpec) -> tuple[tuple[str, str], ...]:
    info = dataset_info(spec.dataset)
    train = _images(spec.train_images, info.train_images if info else None)
    validation = _images(spec.validation_images, info.validation_images if info else None)
    rungs = ", ".join(map(str, spec.rungs)) or "none"
    return (
        ("network", f"{spec.network}{spec.depth}: {spec.num_blocks} residual blocks; the curve scales their shortcuts"),
        ("data set", spec.dataset),
        ("training images", train),
        ("validation images", f"{validation}; the test set is not used in a search"),
        ("split seed", str(spec.split_seed)),
        ("curve families", ", ".join(spec.families)),
        ("knobs", "; ".join(f"{key} = {text}" for key, text in spec.knobs)),
        ("sampler", f"{spec.sampler}, seed {spec.seed}, {spec.startup_trials} random trials first"),
        ("pruner", f"{spec.pruner}; rungs at epochs: {rungs}"),
        ("budget", _budget(spec)),
        ("objective", f"validation accuracy after the last epoch, mean over {counted(spec.replicates, 'seed')}"),
    )


def _images(subset: int | None, available: int | None) -> str:
    if subset:
        return f"{subset}, a stratified subset" + (f" of {available}" if available else "")
    return f"all {available}" if available else "all"


def _budget(spec: StudySpec) -> str:
    text = f"{spec.trials} trials of {spec.epochs} epochs"
    if spec.max_epochs is not None:
        text += f", at most {spec.max_epochs} epochs together"
    if spec.max_device_hours is not None:
        text += f", at most {spec.max_device_hours:g} device hours"
    return text


_RECORDED: tuple[tuple[str, str], ...] = (
    ("device", attributes.DEVICE),
    ("precision", attributes.PRECISION),
    ("threads", attributes.THREADS),
    ("commit", attributes.COMMIT),
    ("digest of the split", attributes.SPLIT),
    ("digest of the spec", attributes.SPEC_DIGEST),
)


def _recorded(trials: Iterable[TrialResult]) -> tuple[Recorded, ...]:
    trials = tuple(trials)
    found = [_values(name, (trial.attributes.get(key) for trial in trials)) for name, key in _RECORDED]
    versions = [trial.attributes.get(attributes.VERSIONS, {}) for trial in trials]
    names = dict.fromkeys(name for table in versions for name in table)
    found += [_values(f"version of {name}", (table.get(name) for table in versions)) for name in names]
    return tuple(recorded for recorded in found if recorded.values)


def _values(thing: str, values: Iterable[Any]) -> Recorded:
    return Recorded(thing, tuple(Counter(_shown(value) for value in values if value is not None).most_common()))


def _commands(data: StudyData) -> tuple[tuple[str, str], ...]:
    name = shlex.quote(data.name)
    best = data.finished[0].number if data.finished else 0
    return (
        ("Make the study again from the TOML below, saved in a file", f"vsearch study create {name}.toml"),
        ("Train its trials", f"vsearch worker --study {name}"),
        ("Train the best trial again from its record, and compare", f"vsearch trial replay {name} {best}"),
        ("The same for the best three, with an exit code", f"vsearch verify {name} --top 3"),
        ("All trials, each with its seeds and digests", f"vsearch study export {name} --format csv -o {name}.csv"),
        ("This report again", f"vsearch report {name} -o {name}.html"),
    )


def _shown(value: object) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(map(_shown, value)) or "none"
    return "not set" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
