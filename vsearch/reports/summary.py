"""A study in a few honest sentences: what it asks, what is best so far, how sure that is, what comes next."""

from __future__ import annotations

import math
import shlex
from typing import NamedTuple

from vsearch.errors import shorten
from vsearch.reports.figures.setting import network_title
from vsearch.reports.planned_words import (
    child_sentences,
    is_over,
    planned_answer,
    planned_budget,
    planned_certainty,
    planned_command,
    planned_question,
)
from vsearch.reports.score_noise import ScoreNoise, candidates, lead_by_luck, score_noise
from vsearch.reports.study_data import StudyData
from vsearch.reports.wording import counted, percent, points
from vsearch.search.trials import TrialResult
from vsearch.spec.datasets import dataset_info
from vsearch.spec.study import StudySpec

NOTHING, WORTH = "nothing is shown yet", "worth confirming, not confirmed"
LONGEST_CURVE = 160
"""Characters of a curve in a sentence; free levels of a deep network have more."""


class Summary(NamedTuple):
    """What a reader wants to know of a study first."""

    study: str
    question: str
    best: TrialResult | None
    """The finished trial with the highest score; the baseline, if that is it."""
    baseline: TrialResult | None
    difference: float | None
    """Of the best to the baseline, in points."""
    noise: ScoreNoise
    luck: float | None
    """As `lead_by_luck` gives it."""
    candidates: int
    """Trials that competed for being the best."""
    how_sure: str
    """One to three sentences."""
    budget: str
    next_command: str
    scales: tuple[float, ...] = ()
    """Of the curve that is shown: the best one, or the winner of a planned study; empty where there is none."""
    answer: str = ""
    """What a planned study answers; empty for a search."""
    children: tuple[str, ...] = ()
    """What the planned studies that come from a search show, a sentence for each."""

    @property
    def headline(self) -> str:
        """The answer of a planned study; else the best curve with its score and difference, or that there is none."""
        if self.answer:
            return self.answer
        if self.best is None:
            return "No trial has finished yet."
        is_baseline = self.best.role == "baseline"
        curve = shorten(str(self.best.curve or "a curve that is not recorded"), LONGEST_CURVE)
        name = f"{'the baseline' if is_baseline else curve} (trial {self.best.number})"
        gain = "" if is_baseline or self.difference is None else f", {points(self.difference)} points to the baseline"
        return f"Best so far: {name}, {percent(self.best.accuracy)} validation accuracy{gain}."

    def lines(self) -> tuple[str, ...]:
        """All of it, a line each."""
        told = (self.question, self.headline, self.how_sure, *self.children)
        return (*told, self.budget, f"Next: {self.next_command}")


def summary(data: StudyData) -> Summary:
    """What the trials of a study say, and no more than that."""
    if data.spec.planned:
        return _planned_summary(data)
    best = data.finished[0] if data.finished else None
    noise, luck, number = score_noise(data), lead_by_luck(data), candidates(data)
    difference = None if best is None else data.difference(best)
    return Summary(
        study=data.name,
        question=question(data.spec),
        best=best,
        baseline=data.baseline,
        difference=difference,
        noise=noise,
        luck=luck,
        candidates=number,
        how_sure=_how_sure(best, difference, noise, luck, number),
        budget=_budget(data),
        next_command=next_command(data),
        scales=() if best is None else best.scales,
        children=tuple(f"{child.name}, {words}" for child, words in child_sentences(data.children)),
    )


def _planned_summary(data: StudyData) -> Summary:
    winner = data.outcome.winner
    difference = None if winner is None or winner.difference is None else winner.difference.mean
    return Summary(
        study=data.name,
        question=planned_question(data.spec),
        best=None,
        baseline=None,
        difference=difference,
        noise=ScoreNoise(None, None),
        luck=None,
        candidates=len(data.outcome.claims),
        how_sure=planned_certainty(data),
        budget=planned_budget(data),
        next_command=next_command(data),
        scales=() if winner is None else winner.curve.scales(data.spec.num_blocks),
        answer=planned_answer(data),
    )


def question(spec: StudySpec) -> str:
    """`Which triangle or ramp curve beats the plain ResNet-32 on CIFAR-10?`"""
    *others, last = spec.families
    families = f"{', '.join(others)} or {last}" if others else last
    info = dataset_info(spec.dataset)
    where = spec.dataset if info is None else info.title
    return f"Which {families} curve beats the plain {network_title(spec.network, spec.depth)} on {where}?"


def _how_sure(
    best: TrialResult | None, difference: float | None, noise: ScoreNoise, luck: float | None, number: int
) -> str:
    if best is None:
        return "Nothing can be said before a trial has finished."
    if difference is None:
        return "The baseline has not finished, so there is nothing to compare with yet."
    if not number:
        return "Only the baseline has been trained: there is nothing to compare yet."
    if best.role == "baseline" or difference <= 0:
        return f"No curve beats the baseline yet, of {number} tried."
    if luck is None:
        return (
            f"How noisy a score is, is not known here ({_noise_words(noise)}), so the lead of {points(difference)} "
            f"points, the best of {number}, shows nothing yet."
        )
    return f"{_verdict(difference, luck, noise, number)} Noise of one score: {_noise_words(noise)}."


def _verdict(difference: float, luck: float, noise: ScoreNoise, number: int) -> str:
    lead = f"The lead of {points(difference)} points"
    if number == 1:
        varies = math.sqrt(2) * (noise.points or 0.0)
        end = NOTHING if difference <= 2 * varies else WORTH
        return f"{lead} is one difference of two scores, and such a one varies by {varies:.2f} points by chance: {end}."
    could = f"the {points(luck)} that the best of {number} equal curves can show by luck alone"
    if round(difference, 2) <= round(luck, 2):
        return f"{lead} is no more than {could}: {NOTHING}."
    if noise.seeds is None:
        return f"{lead} is more than {could}, but the seeds' part is missing in that: {WORTH}."
    return f"{lead} is more than {could}: {WORTH}."


def _noise_words(noise: ScoreNoise) -> str:
    seeds = (
        "of the seeds not known, as no curve was trained with two seeds"
        if noise.seeds is None
        else f"{noise.seeds:.2f} points of the seeds"
    )
    evaluation = (
        "of the evaluation not known, as the validation images were not counted"
        if noise.evaluation is None
        else f"{noise.evaluation:.2f} points of the evaluation"
    )
    return f"{evaluation}, {seeds}"


def _budget(data: StudyData) -> str:
    count = {state: sum(t.state == state for t in data.trials) for state in ("finished", "pruned", "failed", "running")}
    spec, done = data.spec, count["finished"] + count["pruned"]
    parts = [f"{done} of {counted(spec.trials, 'trial')} ({count['finished']} finished, {count['pruned']} pruned)"]
    parts += [f"{count[state]} {state}" for state in ("running", "failed") if count[state]]
    if spec.max_epochs is not None:
        parts.append(f"{_epochs(data)} of {spec.max_epochs} epochs")
    hours = _device_hours(data)
    limit = "" if spec.max_device_hours is None else f" of {spec.max_device_hours:g}"
    parts.append(f"{hours:.2f}{limit} device hours")
    return f"Budget: {', '.join(parts)}; {_state(data)}."


def _state(data: StudyData) -> str:
    if is_spent(data):
        return "it is used up"
    return "too many failed for more" if has_failed(data) else f"the study is {data.state}"


def _epochs(data: StudyData) -> int:
    """Of ended trials, as the budget counts them, but without those that a person took out."""
    return sum(len(trial.learning_curve) for trial in data.trials if trial.state not in ("running", "waiting"))


def _device_hours(data: StudyData) -> float:
    return sum(data.device_seconds.values()) / 3600


def next_command(data: StudyData) -> str:
    """The command that brings the study on, or shows what came out of it."""
    if data.spec.planned:
        return planned_command(data)
    name = shlex.quote(data.name)
    if is_spent(data):
        return _next_of_spent(data, name)
    if has_failed(data):
        return f"vsearch trial list {name} --state failed"
    if data.state != "open":
        return f"vsearch study resume {name}"
    if any(trial.state == "running" for trial in data.trials):
        return f"vsearch study watch {name}"
    return f"vsearch study run {name}"


def _next_of_spent(data: StudyData, name: str) -> str:
    """A search's best score is no claim yet: it has to be confirmed, and its confirmation to be read."""
    if not any(trial.role != "baseline" for trial in data.finished):
        return f"vsearch study best {name}" if data.finished else f"vsearch trial list {name}"
    confirmations = [child for child in data.children if child.purpose == "confirmation"]
    unfinished = next((child for child in confirmations if not child.is_over), None)
    if unfinished is not None:
        return f"vsearch confirm {shlex.quote(unfinished.name)}"
    names = " ".join((name, *(shlex.quote(child.name) for child in confirmations)))
    return f"vsearch report {names} -o {name}.html" if confirmations else f"vsearch confirm {name}"


def is_spent(data: StudyData) -> bool:
    """Whether the trials, epochs or device hours of the budget are used up, so that no trial can begin.

    A planned study is when none of its trainings waits or runs.
    """
    spec = data.spec
    if spec.planned:
        return is_over(data)
    if sum(trial.state in ("finished", "pruned") for trial in data.trials) >= spec.trials:
        return True
    if spec.max_device_hours is not None and _device_hours(data) >= spec.max_device_hours:
        return True
    has_begun = any(trial.state in ("running", "waiting") and trial.epochs for trial in data.trials)
    return spec.max_epochs is not None and not has_begun and _epochs(data) + spec.epochs > spec.max_epochs


def has_failed(data: StudyData) -> bool:
    """Whether so many trials failed that no more are begun."""
    return sum(trial.state == "failed" for trial in data.trials) >= data.spec.max_failed
