"""The figures by name: each is gathered from studies by a pure function, and drawn elsewhere.

A figure's module is imported when the figure is made, so that the names alone cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vsearch.reports.chart import Chart
    from vsearch.reports.study_data import StudyData


def _curves(data: StudyData) -> Chart:
    from vsearch.reports.figures.curves import curves_chart, curves_info

    return curves_chart(curves_info(data))


def _positions(data: StudyData) -> Chart:
    from vsearch.reports.figures.positions import positions_chart, positions_info

    return positions_chart(positions_info(data))


def _progress(data: StudyData) -> Chart:
    from vsearch.reports.figures.progress import progress_chart, progress_info

    return progress_chart(progress_info(data))


def _rungs(data: StudyData) -> Chart:
    from vsearch.reports.figures.rungs import rungs_chart, rungs_info

    return rungs_chart(rungs_info(data))


def _learning(data: StudyData) -> Chart:
    from vsearch.reports.figures.learning import learning_chart, learning_info

    return learning_chart(learning_info(data))


def _families(studies: Sequence[StudyData]) -> Chart:
    from vsearch.reports.figures.families import families_chart, families_info

    return families_chart(families_info(studies))


def _depths(studies: Sequence[StudyData]) -> Chart:
    from vsearch.reports.figures.transfers import transfers_chart, transfers_info

    return transfers_chart(transfers_info(studies))


STUDY_FIGURES: Mapping[str, Callable[[StudyData], Chart]] = MappingProxyType(
    {"curves": _curves, "positions": _positions, "progress": _progress, "rungs": _rungs, "learning": _learning}
)
"""Of one study, in the order in which they are shown."""

COMPARISONS: Mapping[str, Callable[[Sequence[StudyData]], Chart]] = MappingProxyType(
    {"families": _families, "depths": _depths}
)
"""Of several studies: families on one data set and depth; one family over depths and data sets."""
