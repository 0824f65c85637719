"""How noisy one score of a study is, and how far the best of many equal curves gets by luck alone."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

from vsearch.reports.study_data import StudyData


class ScoreNoise(NamedTuple):
    """The standard deviation of one score and its parts, in points (percent); None where a part is not known.

    The validation images are the same for all curves, and the seeds' spread was measured on them too: the sum counts a
    part of the noise twice, and is so rather too large than too small.
    """

    seeds: float | None
    """Of the mean over the study's replicates; None where no curve was trained with two seeds."""
    evaluation: float | None
    """Binomial, of so many validation images; None where their number is not known, or the accuracy."""

    @property
    def points(self) -> float | None:
        """Root of the sum of the squares of the known parts; None where no part is known."""
        parts = [part for part in self if part is not None]
        return math.hypot(*parts) if parts else None


def score_noise(data: StudyData) -> ScoreNoise:
    """The noise of one score, at the accuracy of the baseline (of the best trial, where there is no baseline)."""
    seeds = None if data.noise is None else data.noise.points / math.sqrt(data.spec.replicates)
    reference = data.baseline or (data.finished[0] if data.finished else None)
    accuracy = None if reference is None else reference.accuracy
    images = data.spec.evaluation_images
    if accuracy is None or images is None or not 0 <= accuracy <= 1:
        return ScoreNoise(seeds, None)
    return ScoreNoise(seeds, 100 * math.sqrt(accuracy * (1 - accuracy) / images))


def candidates(data: StudyData) -> int:
    """The trials that competed for being the best: finished and pruned, without the baseline."""
    return sum(trial.state in ("finished", "pruned") and trial.role != "baseline" for trial in data.trials)


def lead_by_luck(data: StudyData) -> float | None:
    """What the best of as many equal curves could lead by without being better, in points; None without known noise.

    Rather too large than too small, except that it lacks the seeds' part where that is not known.
    """
    noise, number = score_noise(data).points, candidates(data)
    return None if noise is None or not number else luck_of_best(number) * noise


def luck_of_best(number: int) -> float:
    """The expected highest of `number` independent standard normal numbers, at least 0.

    Source: Blom 1958's approximation; within 0.03 of the exact value from 2 to 5000.

    >>> round(luck_of_best(1), 3), round(luck_of_best(200), 2)
    (0.0, 2.73)
    """
    return NormalDist().inv_cdf((number - 0.375) / (number + 0.25)) if number > 1 else 0.0
