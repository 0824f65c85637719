"""A planned study in sentences: what it asks, what it answers, how much of it is done, what comes next."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from vsearch.confirmation.outcome import Outcome, Row
from vsearch.confirmation.sentences import progress_sentence, seeds_in_words, shape_sentence, verdict_sentence
from vsearch.curves import paper
from vsearch.reports.figures.setting import network_title
from vsearch.reports.study_data import Child, StudyData
from vsearch.reports.wording import capitalised, counted, points
from vsearch.spec.datasets import dataset_info
from vsearch.spec.study import StudySpec

FEWEST_SEEDS = 5
"""That are proposed where one pair of trainings tells nothing of the noise."""


def planned_question(spec: StudySpec) -> str:
    """`Does trial 12's curve of peak beat the plain ResNet-32 on CIFAR-10, with fresh seeds and on the test images?`"""
    info = dataset_info(spec.dataset)
    where = f"{network_title(spec.network, spec.depth)} on {spec.dataset if info is None else info.title}"
    if spec.purpose == "calibration":
        return f"Does a short training rank the curves of {spec.parent or 'a search'} as a long one does, for {where}?"
    claims = sum(item.is_claim for item in spec.planned)
    beat = f"{'Does' if claims == 1 else 'Do'} {_subject(spec)} beat the plain {where}"
    match spec.purpose:
        case "reproduction":
            gain = paper.GAINS.get(f"{spec.dataset}-{spec.network}{spec.depth}")
            by = "" if gain is None else f" by the {points(gain)} points that the paper gives"
            return f"{beat}{by}?"
        case "transfer":
            return f"{beat}, too?"
        case _:
            return f"{beat}, with fresh seeds and on the {spec.evaluated_on} images?"


def _subject(spec: StudySpec) -> str:
    """The curves that are asked about."""
    of = f" of {spec.parent}" if spec.parent else ""
    labels = [item.label for item in spec.planned if item.role == "candidate"]
    names = (
        [] if not labels else [f"the curve of {labels[0]}{of}"] if len(labels) == 1 else [f"{len(labels)} curves{of}"]
    )
    names += ["the paper's curve"] if any(item.role == "paper" for item in spec.planned) else []
    return " or ".join(names) or "a curve"


def planned_answer(data: StudyData) -> str:
    """The verdict in a sentence; of a calibration how much is trained."""
    if data.spec.purpose == "calibration":
        return f"{_ended(data)} of {counted(data.spec.trials, 'training')} have ended."
    return capitalised(verdict_sentence(data.outcome))


def planned_certainty(data: StudyData) -> str:
    """What else bears on the answer: the shape, what luck had added, what is missing."""
    if data.spec.purpose == "calibration":
        return "Its rank correlations tell from which epoch on pruning is safe."
    found = data.outcome
    parts = [shape_sentence(found), shrinkage_sentence(found), progress_sentence(found), diverged_sentence(found)]
    return " ".join(part for part in parts if part) or "All trainings of the plan have ended."


def shrinkage_sentence(outcome: Outcome) -> str:
    """The winner's lead in the search beside the one here, which luck did not choose; empty where none is known."""
    row = outcome.winner
    if row is None or row.search_lead is None or row.difference is None or row.shrinkage is None:
        return ""
    lead = f"In the search {row.label} led by {points(row.search_lead)} points"
    less = f", {row.shrinkage:.2f} less" if round(row.shrinkage, 2) > 0 else ""
    return f"{lead}, and here by {points(row.difference.mean)}{less}."


def diverged_sentence(outcome: Outcome) -> str:
    """Which curves have trainings that diverged; empty where none has."""
    rows = [row for row in outcome.rows if row.diverged]
    return f"Diverged: {', '.join(map(_diverged, rows))}." if rows else ""


def _diverged(row: Row) -> str:
    return f"{counted(row.diverged, 'training')} of {row.label}"


def planned_budget(data: StudyData) -> str:
    """How many of the planned trainings have ended, and what they cost."""
    spec = data.spec
    size = f"{len(spec.planned)} curves with {seeds_in_words(spec)} each"
    parts = [f"{_ended(data)} of {counted(spec.trials, 'training')} ({size})"]
    counts = ((state, sum(trial.state == state for trial in data.trials)) for state in ("running", "failed"))
    parts += [f"{number} {state}" for state, number in counts if number]
    limit = "" if spec.max_device_hours is None else f" of {spec.max_device_hours:g}"
    return f"Budget: {', '.join(parts)}, {_hours(data):.2f}{limit} device hours; {_state(data)}."


def _hours(data: StudyData) -> float:
    return sum(data.device_seconds.values()) / 3600


def _has_no_hours(data: StudyData) -> bool:
    """Whether trainings wait for which no device hours are left."""
    limit = data.spec.max_device_hours
    return limit is not None and _hours(data) >= limit and not is_over(data)


def _ended(data: StudyData) -> int:
    """Trainings with a result: that one diverged is a result, too."""
    return data.spec.trials - data.outcome.missing


def _state(data: StudyData) -> str:
    if data.state != "open":
        return f"the study is {data.state}"
    if _has_no_hours(data):
        return "its device hours are used up"
    if not is_over(data):
        return "it goes on" if any(trial.state == "running" for trial in data.trials) else "nobody trains it"
    return "some have to be trained again" if data.outcome.missing else "it is done"


def is_over(data: StudyData) -> bool:
    """Whether no training of a planned study waits or runs."""
    return not any(trial.state in ("waiting", "running") for trial in data.trials)


def planned_command(data: StudyData) -> str:
    """The command that brings a planned study on, or takes its result away."""
    name = shlex.quote(data.name)
    if data.state != "open":
        return f"vsearch study resume {name}"
    if any(trial.state == "running" for trial in data.trials):
        return f"vsearch study watch {name}"
    if _has_no_hours(data):
        return f"vsearch study resume {name} --max-device-hours {round(2 * _hours(data), 2):g}"
    if data.spec.purpose == "calibration":
        parent = shlex.quote(data.spec.parent or data.name)
        return f"vsearch calibrate {parent}"
    if data.outcome.missing or not is_over(data):
        return f"vsearch confirm {name}"
    if data.outcome.verdict == "confirmed":
        return f"vsearch export {name} -o {name}-network"
    if data.spec.seeds_per_curve == 1:
        return f"vsearch confirm {name} --seeds {FEWEST_SEEDS}"
    return f"vsearch report {name} -o {name}.html"


def child_sentences(children: Sequence[Child]) -> tuple[tuple[Child, str], ...]:
    """The planned studies that come from a search, each with what it shows."""
    return tuple((child, f"a {child.purpose}. {_shown(child)}") for child in children)


def _shown(child: Child) -> str:
    return capitalised(child.sentence) or ("It is done." if child.is_over else "It is not done yet.")
