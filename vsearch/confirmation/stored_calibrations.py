"""Calibrations in a storage: the studies that belong together, and their trials."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from vsearch.confirmation.schedules import is_name_of_short, name_of_long
from vsearch.errors import InputError
from vsearch.search.stored import StoredStudy, open_study
from vsearch.search.trials import TrialResult, trial_results
from vsearch.spec.study import StudySpec
from vsearch.storage import Storage

PURPOSE = "calibration"


@dataclass(frozen=True)
class StoredCalibration:
    """The studies of one calibration."""

    name: str
    """The studies are called so, with `-long-164` or `-4` behind."""
    long: StoredStudy
    short: tuple[StoredStudy, ...]
    """By epochs."""

    @property
    def studies(self) -> tuple[StoredStudy, ...]:
        """All of them, in the order in which they are trained: what is soon over comes first."""
        return (*self.short, self.long)

    @property
    def parent(self) -> str:
        """The name of the search."""
        return self.long.spec.parent

    def search(self) -> StudySpec | None:
        """The spec of the search; None where that is gone."""
        try:
            return open_study(self.long.storage, self.parent).spec
        except InputError:
            return None


@dataclass(frozen=True)
class ScheduleTrials:
    """One schedule of a calibration: its spec and the trials that count."""

    spec: StudySpec
    trials: tuple[TrialResult, ...]


@dataclass(frozen=True)
class CalibrationTrials:
    """All that is read of a calibration, at one moment."""

    name: str
    search: StudySpec | None
    long: ScheduleTrials
    short: tuple[ScheduleTrials, ...]


def stored_calibrations(storage: Storage, parent: str | None = None) -> list[StoredCalibration]:
    """All calibrations, or those of one search, the newest first; what cannot be read is passed over."""
    names = storage.study_names()
    found = []
    for study in names:
        name = name_of_long(study)
        if name is None:
            continue
        with suppress(InputError):
            long = open_study(storage, study)
            if long.spec.purpose == PURPOSE and parent in (None, long.spec.parent):
                found.append(StoredCalibration(name, long, _shorts(storage, names, name, long.spec)))
    return sorted(found, key=lambda calibration: -calibration.long.study_id)


def calibration_around(study: StoredStudy, name: str = "") -> StoredCalibration | None:
    """The newest calibration of a search, or the one that a study belongs to; None where there is none.

    Args:
        name: only a calibration of this name.
    """
    spec = study.spec
    is_part = spec.purpose == PURPOSE
    for found in stored_calibrations(study.storage, spec.parent if is_part else spec.name):
        if name in ("", found.name) and (not is_part or spec.name in (part.name for part in found.studies)):
            return found
    return None


def read(calibration: StoredCalibration) -> CalibrationTrials:
    """Everything that is told of a calibration, read now.

    Raises:
        DamagedRow: a row of it holds what vsearch cannot have written.
    """
    return CalibrationTrials(
        calibration.name, calibration.search(), _read(calibration.long), tuple(map(_read, calibration.short))
    )


def _read(study: StoredStudy) -> ScheduleTrials:
    return ScheduleTrials(study.spec, tuple(trial for trial in trial_results(study) if trial.counts))


def _shorts(storage: Storage, names: list[str], name: str, long: StudySpec) -> tuple[StoredStudy, ...]:
    found = []
    for study in names:
        if is_name_of_short(study, name):
            with suppress(InputError):
                found.append(open_study(storage, study))
    mine = [each for each in found if each.spec.purpose == PURPOSE and each.spec.planned == long.planned]
    return tuple(sorted(mine, key=lambda each: each.spec.epochs))
