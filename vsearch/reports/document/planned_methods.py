"""How the numbers of a planned study came about, in its own words."""

from __future__ import annotations

import shlex

from vsearch.confirmation.outcome import LEVEL
from vsearch.confirmation.sentences import seeds_in_words
from vsearch.reports.study_data import StudyData
from vsearch.reports.wording import counted
from vsearch.spec.study import StudySpec

Pairs = tuple[tuple[str, str], ...]


def planned_set_up(data: StudyData) -> Pairs:
    """Network, images, curves, seeds and how the intervals were reckoned: name and value."""
    spec = data.spec
    return (
        ("purpose", spec.purpose),
        ("comes from", _origin(data)),
        ("network", f"{spec.network}{spec.depth}: {spec.num_blocks} residual blocks; the curve scales their shortcuts"),
        ("data set", spec.dataset),
        ("training images", _training_images(spec)),
        ("judged by", _evaluation_images(spec)),
        ("split seed", str(spec.split_seed)),
        ("curves", f"{len(spec.planned)}: {', '.join(f'{item.label} ({item.role})' for item in spec.planned)}"),
        ("seeds", _seeds(spec)),
        ("pairs", "with the same seed two curves begin with the same weights and see the same images in one order"),
        ("number of seeds", _sequential(spec)),
        ("length of a training", f"{counted(spec.epochs, 'epoch')}; the accuracy after the last one counts"),
        ("intervals", _intervals(data)),
    )


def planned_commands(data: StudyData) -> Pairs:
    """What it does, and the command."""
    name = shlex.quote(data.name)
    first = next((trial.number for trial in data.trials if trial.is_finished), 0)
    return (
        ("Make the study again from the TOML below, saved in a file", f"vsearch study create {name}.toml"),
        ("Train its trainings, or those that are missing", f"vsearch worker --study {name}"),
        ("Train one of them again from its record, and compare", f"vsearch trial replay {name} {first}"),
        ("All trainings, each with its seed and digests", f"vsearch study export {name} --format csv -o {name}.csv"),
        ("This report again", f"vsearch report {name} -o {name}.html"),
    )


def _seeds(spec: StudySpec) -> str:
    settled = "".join(
        f"; {item.label} got {item.seeds}, as it was decided then" for item in spec.planned if item.seeds is not None
    )
    return f"{seeds_in_words(spec)} for each curve, the same for all, and none that a search trains with{settled}"


def _origin(data: StudyData) -> str:
    if not data.spec.parent:
        return "no other study"
    return f"the study {data.spec.parent}{'' if data.has_parent else ', which was deleted'}"


def _training_images(spec: StudySpec) -> str:
    where = "the whole official train split" if spec.evaluated_on == "test" else "the training part of the train split"
    number = spec.training_images
    if spec.train_images:
        return f"{number}, a stratified subset of {where}"
    return where if number is None else f"{where}: {number} images"


def _evaluation_images(spec: StudySpec) -> str:
    number = spec.evaluation_images
    images = f"{'the' if number is None else number} {spec.evaluated_on} images"
    if spec.evaluated_on == "test":
        return f"{images} of the official test split, which no search opens: only studies such as this one read it"
    return f"{images}; the test split is not used"


def _sequential(spec: StudySpec) -> str:
    if spec.sequential:
        return "depends on the results; the corrected intervals stay valid however often one looks"
    return "fixed before the first training"


def _intervals(data: StudyData) -> str:
    if data.spec.purpose == "calibration":
        return "of rank correlations; no curve is claimed to be better"
    claims = max(1, len(data.outcome.claims)) * data.together
    together = f" in {data.together} studies that are read together" if data.together > 1 else ""
    corrected = "confidence sequence" if data.spec.sequential else "paired t"
    return (
        f"{LEVEL:.0%} each: paired t for a curve alone; {corrected}, corrected (Bonferroni) for "
        f"{counted(claims, 'comparison')}{together}, from which verdicts are read; bootstrap of the pairs beside them"
    ).replace("%", " %")
