"""Is the short run honest? A search's curves trained short and long, and what that shows, from Python.

>>> from vsearch import calibration, study
>>> search = study.open_study("triangle-cifar10-resnet32")  # doctest: +SKIP
>>> for part in calibration.calibrate(search).studies:  # doctest: +SKIP
...     part.train()
>>> calibration.calibration_of(search).proposal.first_rung  # doctest: +SKIP
4
"""

from typing import NamedTuple

from vsearch.confirmation.calibrating import CalibrationPlan, make_calibration
from vsearch.confirmation.calibration import WANTED, Calibration, calibration
from vsearch.confirmation.stored_calibrations import calibration_around, read
from vsearch.study import Study


class CalibrationStudies(NamedTuple):
    """The planned studies of one calibration."""

    studies: tuple[Study, ...]
    """In the order to train them: the short ones by their epochs, then the long one."""
    new: tuple[Study, ...]
    """Those of them that were not stored before."""


def calibrate(search: Study, plan: CalibrationPlan | None = None) -> CalibrationStudies:
    """Store the calibration of a search, or go on with the one that is stored; nothing is trained yet.

    Raises:
        InputError: numbers out of their range, or a calibration of that name with another plan is stored.
    """
    stored, new = make_calibration(search.stored, plan or CalibrationPlan())
    settings = search.settings
    return CalibrationStudies(
        tuple(Study(each, settings) for each in stored.studies), tuple(Study(each, settings) for each in new)
    )


def calibration_of(study: Study, *, wanted: float = WANTED, name: str = "") -> Calibration | None:
    """What the newest calibration of a search shows, or the one that a study belongs to; None where there is none.

    Args:
        wanted: rank correlation that is enough, in (0, 1].

    Raises:
        InputError: `wanted` is out of its range.
    """
    found = calibration_around(study.stored, name)
    return None if found is None else calibration(read(found), wanted=wanted)


__all__ = ["Calibration", "CalibrationPlan", "CalibrationStudies", "calibrate", "calibration_of"]
