"""A study as figures and reports see it: its spec and its trials at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import optuna

from vsearch.confirmation.calibration import Calibration, calibration
from vsearch.confirmation.outcome import Outcome, outcome
from vsearch.confirmation.sentences import verdict_sentence
from vsearch.confirmation.stored_calibrations import calibration_around, read
from vsearch.errors import InputError
from vsearch.search.damage import DamagedRow
from vsearch.search.ranking import SeedNoise, seed_noise
from vsearch.search.relatives import parent_of, planned_specs, read_together
from vsearch.search.stored import StoredStudy, open_study, refreshed
from vsearch.search.trials import TrialResult, trial_results
from vsearch.spec.study import StudySpec


class Child(NamedTuple):
    """A planned study that comes from a search, in short."""

    name: str
    study_id: int
    purpose: str
    verdict: str
    """`confirmed`, `not shown` or `worse`; empty for a calibration."""
    sentence: str
    is_over: bool
    """Whether none of its trainings waits or runs."""


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
    search: tuple[TrialResult, ...] = ()
    """Of a planned study: the trials of the study that it comes from."""
    has_parent: bool = False
    """Whether that study is still there."""
    together: int = 1
    """Planned studies that answer one question together, this one included: its intervals are corrected for all."""
    children: tuple[Child, ...] = ()
    """The planned studies that come from it, oldest first."""
    calibration: Calibration | None = None
    """The newest of a search, or the one that a study belongs to; None where there is none, or a row is damaged."""

    @property
    def name(self) -> str:
        """The study's name."""
        return self.spec.name

    @cached_property
    def outcome(self) -> Outcome:
        """What a planned study shows; of a search there is none to ask for."""
        return outcome(self.spec, self.trials, self.search, studies=self.together)

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

    def baseline_for(self, trial: TrialResult) -> TrialResult | None:
        """The finished baseline that a trial is compared with: in a planned study the one with its seed."""
        if not self.spec.planned:
            return self.baseline
        return next((other for other in self.finished if other.role == "baseline" and other.pair == trial.pair), None)

    def difference(self, trial: TrialResult) -> float | None:
        """A trial's last accuracy above its finished baseline's, in points (percent); None without either."""
        baseline = self.baseline_for(trial)
        if baseline is None or baseline.accuracy is None or trial.accuracy is None:
            return None
        return 100 * (trial.accuracy - baseline.accuracy)


def study_data(study: StoredStudy) -> StudyData:
    """Everything that figures need of a study, read now.

    Raises:
        DamagedRow: a row of it holds what vsearch cannot have written.
        InputError: the study is gone.
    """
    study = refreshed(study)
    trials = tuple(trial for trial in trial_results(study) if trial.counts)
    planned, parent = planned_specs(study.storage), parent_of(study)
    return StudyData(
        study.spec,
        study.study_id,
        study.state,
        trials,
        study.storage.held_seconds(study.study_id),
        study.optuna_study,
        search=() if parent is None else _readable(parent),
        has_parent=parent is not None,
        together=read_together(study.spec, planned),
        children=tuple(_child(study, spec, planned) for spec in planned if spec.parent == study.name),
        calibration=_calibration(study, planned),
    )


def _calibration(study: StoredStudy, planned: list[StudySpec]) -> Calibration | None:
    names = (study.name, study.spec.parent)
    if not any(spec.purpose == "calibration" and spec.parent in names for spec in planned):
        return None
    try:
        found = calibration_around(study)
        return None if found is None else calibration(read(found))
    except (DamagedRow, InputError):
        return None


def _readable(study: StoredStudy) -> tuple[TrialResult, ...]:
    """Its trials that count; none where a row is damaged, since another study's page shows more without them."""
    try:
        return tuple(trial for trial in trial_results(study) if trial.counts)
    except (DamagedRow, InputError):
        return ()


def _child(study: StoredStudy, spec: StudySpec, planned: list[StudySpec]) -> Child:
    try:
        stored = open_study(study.storage, spec.name)
        trials = [trial for trial in trial_results(stored) if trial.counts]
    except (DamagedRow, InputError) as error:
        return Child(spec.name, -1, spec.purpose, "", f"It cannot be read: {error}.", True)
    is_over = not any(trial.state in ("waiting", "running") for trial in trials)
    if spec.purpose == "calibration":
        return Child(spec.name, stored.study_id, spec.purpose, "", "", is_over)
    found = outcome(spec, trials, studies=read_together(spec, planned))
    return Child(spec.name, stored.study_id, spec.purpose, found.verdict, verdict_sentence(found), is_over)
