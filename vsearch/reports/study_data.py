"""A study as figures and reports see it: its spec and its trials at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import optuna

from vsearch.search.ranking import SeedNoise, seed_noise
from vsearch.search.stored import StoredStudy, refreshed
from vsearch.search.trials import TrialResult, trial_results
from vsearch.spec.study import StudySpec


@dataclass(frozen=True)
class StudyData:
    """What all figures of a study are gathered from; read once, so that they agree with each other."""

    spec: StudySpec
    study_id: int
    state: str
    """`open`, `stopped`, `paused` or `cancelled`."""
    trials: tuple[TrialResult, ...]
    """Those that count, by number: without the ones that a person excluded or cancelled."""
    device_seconds: Mapping[int, float] = field(default_factory=dict)
    """For which workers held each trial, lost attempts included, by number."""
    optuna_study: optuna.Study | None = None
    """For Optuna's own evaluators."""

    @property
    def name(self) -> str:
        """The study's name."""
        return self.spec.name

    @cached_property
    def finished(self) -> tuple[TrialResult, ...]:
        """Trials that were trained to their last epoch and have a score, best first; of equals the earlier."""
        found = [trial for trial in self.trials if trial.is_finished and trial.accuracy is not None]
        return tuple(sorted(found, key=lambda trial: (-(trial.accuracy or 0.0), trial.number)))

    @property
    def baseline(self) -> TrialResult | None:
        """The finished baseline; None before that."""
        return next((trial for trial in self.finished if trial.role == "baseline"), None)

    @property
    def paper(self) -> tuple[TrialResult, ...]:
        """The finished curves of the paper, best first."""
        return tuple(trial for trial in self.finished if trial.role == "paper")

    @cached_property
    def noise(self) -> SeedNoise | None:
        """Seed noise pooled over curves that were trained with several seeds; None where none was."""
        return seed_noise(list(self.finished))

    def difference(self, trial: TrialResult) -> float | None:
        """A trial's last accuracy above the finished baseline's, in points (percent); None without either."""
        if self.baseline is None or self.baseline.accuracy is None or trial.accuracy is None:
            return None
        return 100 * (trial.accuracy - self.baseline.accuracy)


def study_data(study: StoredStudy) -> StudyData:
    """Everything that figures need of a study, read now.

    Raises:
        DamagedRow: a row of it holds what vsearch cannot have written.
        InputError: the study is gone.
    """
    study = refreshed(study)
    trials = tuple(trial for trial in trial_results(study) if trial.counts)
    seconds = study.storage.held_seconds(study.study_id)
    return StudyData(study.spec, study.study_id, study.state, trials, seconds, study.optuna_study)
